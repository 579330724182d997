#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

base::Result<> remove(TeamStore& store, const NodeId& id) {
  return store.try_edit([&](Editor& editor) { return editor.remove(id); });
}

Editor::Context based_on(std::string version) {
  Editor::Context context;
  context.base_version = std::move(version);
  return context;
}

std::string version(TeamStore& store) {
  const WorkspaceRow row = store.team();
  return fmt::format("{}+{}", row.cursor.str(), row.next_n - 1);
}

base::Result<> rename(TeamStore& store, const NodeId& id, const std::string& base) {
  return store.try_edit([&](Editor& editor) { return editor.update(id, titled("renamed")); }, based_on(base));
}

} // namespace

TEST_CASE("a viewer writes nothing and is told which permission is missing") {
  TeamStore store(model::Role::viewer);
  const NodeId id = store.bob_creates("x", "");
  const auto refused = store.try_edit([&](Editor& editor) { return editor.create(titled("y"), {}); });
  CHECK(code_of(refused) == ErrorCode::permission);
  CHECK(message_of(refused).find("memory.write") != std::string::npos);
  CHECK(code_of(remove(store, id)) == ErrorCode::permission);
  CHECK(code_of(store.try_edit([&](Editor& editor) { return editor.comment(id, "z"); })) ==
        ErrorCode::permission);
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
}

TEST_CASE("a member deletes what is wholly their own, an admin anything") {
  TeamStore store(model::Role::member);
  const NodeId bobs = store.bob_creates("Bob's", "");
  const NodeId own = store.create(titled("own"));
  const NodeId mixed = store.create(titled("mixed"));
  const NodeId bobs_child = store.bob_creates("Bob's child", "", mixed);
  const auto refused = remove(store, bobs);
  CHECK(code_of(refused) == ErrorCode::permission);
  CHECK(message_of(refused).find("memory.delete") != std::string::npos);
  CHECK(code_of(remove(store, mixed)) == ErrorCode::permission);
  must(remove(store, own));
  store.sql("UPDATE workspace SET role = 'admin' WHERE kind = 'team'");
  must(remove(store, bobs_child));
  store.sql("UPDATE workspace SET role = 'member' WHERE kind = 'team'");
  must(remove(store, mixed)); // Bob's part of it is deleted already
}

TEST_CASE("a workspace the hub no longer knows can be read, but not changed") {
  TeamStore store;
  const NodeId id = store.create(titled("x"));
  must(SyncStore(*store.replica, 0).mark_unknown_to_hub(store.id));
  CHECK(code_of(store.try_edit([&](Editor& editor) { return editor.update(id, titled("y")); })) ==
        ErrorCode::permission);
  CHECK(store.node(store.team(), id).node.title.value == "x");
}

TEST_CASE("an unknown workspace is not found") {
  Store store;
  CHECK(code_of(store.try_edit(model::WorkspaceId::random(store.random), [](Editor& editor) {
          return editor.create(titled("x"), {});
        })) == ErrorCode::not_found);
}

TEST_CASE("an edit of what was read goes through and asks the hub to check, too") {
  TeamStore store;
  const NodeId id = store.bob_creates("x", "");
  const std::string read = version(store);
  store.bob_creates("another", "");
  const WriteReceipt receipt =
      store.edit([&](Editor& editor) { return editor.update(id, titled("y")); }, based_on(read));
  CHECK(receipt.operations.front().if_base);
  CHECK(receipt.operations.front().base == model::Sequence{2});
}

TEST_CASE("an edit of what somebody changed meanwhile is stale and names the fields") {
  TeamStore store;
  const NodeId id = store.bob_creates("x", "");
  const std::string read = version(store);
  store.bob_changes(id, model::Field::content, [](model::Node& node) { node.content.value = "new"; });
  const auto stale = rename(store, id, read);
  CHECK(code_of(stale) == ErrorCode::stale);
  CHECK(message_of(stale).find("(content)") != std::string::npos);
  must(rename(store, id, version(store)));
}

TEST_CASE("an own write after the read makes it stale, one that it reflected does not, confirmed or not") {
  TeamStore store;
  const NodeId id = store.bob_creates("x", "");
  const std::string before = version(store);
  const WriteReceipt receipt = store.edit([&](Editor& editor) { return editor.update(id, titled("mine")); });
  CHECK(receipt.version == version(store));
  CHECK(code_of(rename(store, id, before)) == ErrorCode::stale);
  SUBCASE("pending") { must(rename(store, id, receipt.version)); }
  SUBCASE("confirmed") {
    store.confirm(receipt);
    must(rename(store, id, receipt.version));
  }
}

TEST_CASE("several operations of one edit on one node are not stale among themselves") {
  TeamStore store;
  const NodeId id = store.bob_creates("x", "");
  store.edit(
      [&](Editor& editor) -> base::Result<> {
        TRY(editor.update(id, titled("y")));
        TRY(editor.complete(id, true));
        TRY(editor.comment(id, "done"));
        return {};
      },
      based_on(version(store)));
  Store local;
  const NodeId note = local.remember("x");
  local.edit(
      local.local().id,
      [&](Editor& editor) -> base::Result<> {
        TRY(editor.update(note, titled("y")));
        return editor.complete(note, true);
      },
      based_on("0.1+1"));
  CHECK(code_of(local.try_edit(
            local.local().id, [&](Editor& editor) { return editor.update(note, titled("z")); },
            based_on("0.1+1"))) == ErrorCode::stale);
}

TEST_CASE("a version of another log has seen nothing of this one") {
  TeamStore store;
  const NodeId id = store.bob_creates("x", "");
  CHECK(code_of(rename(store, id, "5.9+0")) == ErrorCode::stale);
  for (const std::string bad : {"", "77", "77.1", "77.1+", "77.1+x", "a.b+1"})
    CHECK(code_of(rename(store, id, bad)) == ErrorCode::validation);
}
