#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;

namespace {

base::Result<WorkspaceRow> resolve_workspace(Store& store, std::string_view name) {
  return store.replica->read([&](Reader& reader) { return reader.resolve_workspace(name); });
}

} // namespace

TEST_CASE("a workspace is named by its id, a prefix, its name or the word for its kind") {
  TeamStore store;
  CHECK(must(resolve_workspace(store, "Core")).id == store.id);
  CHECK(must(resolve_workspace(store, store.id.str())).id == store.id);
  CHECK(must(resolve_workspace(store, store.id.view().substr(0, 6))).id == store.id);
  CHECK(must(resolve_workspace(store, "local")).kind == model::WorkspaceKind::local);
}

TEST_CASE("an unknown workspace is refused with the list of those there are") {
  TeamStore store;
  const auto unknown = resolve_workspace(store, "nothing");
  CHECK(code_of(unknown) == ErrorCode::not_found);
  CHECK(message_of(unknown).find("Core") != std::string::npos);
  CHECK(code_of(resolve_workspace(store, "personal")) == ErrorCode::not_found);
}

TEST_CASE("two workspaces of one name are refused with both ids") {
  TeamStore store;
  store.sql("UPDATE workspace SET name = 'local' WHERE kind = 'team'");
  const auto both = resolve_workspace(store, "local");
  CHECK(code_of(both) == ErrorCode::validation);
  CHECK(message_of(both).find(store.id.str()) != std::string::npos);
}

TEST_CASE("a team that has not met its hub's log yet is in its first sync") {
  TeamStore store;
  CHECK(!store.team().is_first_sync);
  store.sql("UPDATE workspace SET epoch = 0 WHERE kind = 'team'");
  CHECK(store.team().is_first_sync);
}

TEST_CASE("the account is that of the person the store belongs to") {
  TeamStore store;
  const Reader::Account account = store.read([](Reader& reader) { return reader.account(); });
  CHECK(account.user == store.ann);
  CHECK(account.name == "Ann");
  CHECK(account.email == "ann@example.com");
  Store nobody;
  CHECK(nobody.read([](Reader& reader) { return reader.account(); }).user.is_empty());
}

TEST_CASE("a member is named by id, name or address, whatever the case") {
  TeamStore store;
  const auto find = [&](std::string_view name) {
    return store.replica->read(
        [&](Reader& reader) { return reader.resolve_member(reader.workspace(store.id), name); });
  };
  CHECK(must(find("bob")).user == store.bob);
  CHECK(must(find("BOB@example.com")).user == store.bob);
  CHECK(must(find(store.bob.view().substr(0, 8))).user == store.bob);
  CHECK(code_of(find("carol")) == ErrorCode::not_found);
  CHECK(message_of(find("carol")).find("Bob <bob@example.com>") != std::string::npos);
  store.sql("UPDATE member SET name = 'Sam'");
  CHECK(code_of(find("Sam")) == ErrorCode::validation);
}

TEST_CASE("a user has a display name, an unknown one its id, nobody is the machine itself") {
  TeamStore store;
  const auto stranger = model::UserId::random(store.random);
  store.read([&](Reader& reader) {
    CHECK(reader.user_name(store.bob) == "Bob");
    CHECK(reader.user_name(stranger) == stranger.view());
    CHECK(reader.user_name({}) == "local");
    CHECK(reader.members(reader.workspace(store.id)).size() == 2);
    return 0;
  });
}
