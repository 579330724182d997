#include "model/permissions.h"

#include <doctest/doctest.h>
#include <map>
#include <string>

using namespace memsync::model;

TEST_CASE("the table of roles and permissions") {
  // owner, admin, member, viewer
  const std::map<std::string, std::string> table{
      {"memory.read", "yyyy"},   {"team.read", "yyyy"},         {"memory.write", "yyy-"},
      {"memory.delete", "yy--"}, {"memory.delete_own", "yyy-"}, {"team.write", "yy--"},
      {"member.invite", "yy--"}, {"member.remove", "yy--"},     {"member.change_role", "y---"},
      {"team.delete", "y---"},   {"billing.manage", "y---"}};
  REQUIRE(table.size() == EnumNames<Permission>::names.size());
  for (const auto& [name, row] : table) {
    CAPTURE(name);
    const auto permission = find_by_name<Permission>(name);
    REQUIRE(permission);
    for (std::size_t role = 0; role < EnumNames<Role>::names.size(); ++role)
      CHECK(allows(static_cast<Role>(role), *permission) == (row[role] == 'y'));
  }
}

TEST_CASE("a greater role has every permission of a lesser one") {
  for (std::size_t permission = 0; permission < EnumNames<Permission>::names.size(); ++permission)
    for (std::size_t role = 1; role < EnumNames<Role>::names.size(); ++role)
      if (allows(static_cast<Role>(role), static_cast<Permission>(permission)))
        CHECK(allows(static_cast<Role>(role - 1), static_cast<Permission>(permission)));
}

TEST_CASE("every operation needs memory.write, a delete at least memory.delete_own") {
  for (std::size_t i = 0; i < EnumNames<OperationKind>::names.size(); ++i) {
    const auto kind = static_cast<OperationKind>(i);
    CHECK(permission_for(kind) ==
          (kind == OperationKind::remove ? Permission::memory_delete_own : Permission::memory_write));
    CHECK_FALSE(allows(Role::viewer, permission_for(kind)));
  }
}
