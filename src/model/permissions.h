#pragma once

#include <optional>
#include <string_view>

#include "model/names.h"
#include "model/operation.h"

namespace memsync::model {

enum class Role { owner, admin, member, viewer };
template <>
struct EnumNames<Role> {
  static constexpr std::array<std::string_view, 4> names{"owner", "admin", "member", "viewer"};
};

enum class Permission {
  memory_read,
  team_read,
  memory_write,
  memory_delete,
  memory_delete_own,
  team_write,
  member_invite,
  member_remove,
  member_change_role,
  team_delete,
  billing_manage
};
template <>
struct EnumNames<Permission> {
  static constexpr std::array<std::string_view, 11> names{
      "memory.read",        "team.read",   "memory.write",  "memory.delete",
      "memory.delete_own",  "team.write",  "member.invite", "member.remove",
      "member.change_role", "team.delete", "billing.manage"};
};

/// The permission table. memory.delete covers anybody's node; memory.delete_own a subtree the caller
/// created as a whole. billing.manage is reserved.
constexpr bool allows(Role role, Permission permission) {
  switch (permission) {
    case Permission::memory_read:
    case Permission::team_read: return true;
    case Permission::memory_write:
    case Permission::memory_delete_own: return role != Role::viewer;
    case Permission::memory_delete:
    case Permission::team_write:
    case Permission::member_invite:
    case Permission::member_remove: return role == Role::owner || role == Role::admin;
    case Permission::member_change_role:
    case Permission::team_delete:
    case Permission::billing_manage: return role == Role::owner;
  }
  return false;
}

/// What a push of this kind needs. For `remove` it is memory_delete_own at least; whether
/// memory_delete is needed depends on who created the subtree.
constexpr Permission permission_for(OperationKind kind) {
  return kind == OperationKind::remove ? Permission::memory_delete_own : Permission::memory_write;
}

/// `local` never leaves the machine, `personal` is one person's devices, `team` is shared.
enum class WorkspaceKind { local, personal, team };
template <>
struct EnumNames<WorkspaceKind> {
  static constexpr std::array<std::string_view, 3> names{"local", "personal", "team"};
};

} // namespace memsync::model
