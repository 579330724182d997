#include "replica/overlay.h"

#include <doctest/doctest.h>

#include "model/tree.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::NodeId;

namespace {

/// A folder of Bob's with a page in it, both confirmed; Ann deletes the folder, unsent.
struct UnsentDelete : TeamStore {
  NodeId folder_node = bob_creates("Folder", "");
  NodeId page = bob_creates("Page", "text", folder_node);
  UnsentDelete() : TeamStore(model::Role::admin) {
    edit([&](Editor& editor) { return editor.remove(folder_node); });
  }

  bool is_visible(const NodeId& node) {
    return must(replica->database().write([&](storage::WriteTxn& txn) -> base::Result<bool> {
      const WorkspaceRow row = Reader(txn, clock.now()).workspace(id);
      ReplicaState state(txn, row.key, row.space);
      return !model::is_hidden(state, node);
    }));
  }
};

/// A snapshot of a hub that was restored from before everything.
void lose_everything(TeamStore& store) {
  SyncStore sync(*store.replica, 0);
  must(sync.begin_snapshot(store.id, {"session", store.epoch, model::Sequence{9}, {}, 0}));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = model::Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));
}

} // namespace

TEST_CASE("an unsent delete hides what is below it") {
  UnsentDelete store;
  CHECK(!store.is_visible(store.folder_node));
  CHECK(!store.is_visible(store.page));
}

TEST_CASE("an unsent delete lets go what somebody else changes below it") {
  UnsentDelete store;
  store.bob_changes(store.page, model::Field::title, [](model::Node& node) { node.title.value = "Better"; });
  CHECK(!store.is_visible(store.folder_node));
  CHECK(store.is_visible(store.page));
}

TEST_CASE("an unsent delete lets go what somebody else creates below it") {
  UnsentDelete store;
  const NodeId created = store.bob_creates("New page", "", store.folder_node);
  CHECK(store.is_visible(created));
}

TEST_CASE("an unsent delete of what somebody else changes waits, and hides nothing") {
  UnsentDelete store;
  store.bob_changes(store.folder_node, model::Field::title,
                    [](model::Node& node) { node.title.value = "Better"; });
  CHECK(store.is_visible(store.folder_node));
  CHECK(store.is_visible(store.page));
}

TEST_CASE("what somebody else creates where an unsent delete was undone is where the hub will have it") {
  UnsentDelete store;
  store.edit([&](Editor& editor) { return editor.restore(store.folder_node); });
  const NodeId created = store.bob_creates("New page", "", store.folder_node);
  CHECK(store.node(store.team(), created).node.place.value.parent == NodeId{});
}

TEST_CASE("an unsent edit of a node that the hub had lost shows again when the node comes back") {
  TeamStore store;
  const NodeId node = store.bob_creates("Plan", "");
  model::FieldChanges typed;
  typed.type = "decision";
  store.edit([&](Editor& editor) { return editor.update(node, typed); });
  lose_everything(store);
  store.bob_creates("Plan", "", {}, node);
  CHECK(store.node(store.team(), node).node.type.value == "decision");
}

TEST_CASE("an unsent node goes back below its parent when that comes back to a hub that had lost it") {
  TeamStore store;
  const NodeId parent = store.bob_creates("Plan", "");
  const NodeId node = store.create(titled("First step"), {parent, {}});
  const auto parent_of_node = [&] { return store.node(store.team(), node).node.place.value.parent; };
  lose_everything(store);
  CHECK(parent_of_node() == NodeId{});
  store.bob_creates("Plan", "", {}, parent);
  CHECK(parent_of_node() == parent);
}

TEST_CASE("what was created below a node whose restore the hub rejects is lifted out of it") {
  TeamStore store;
  const NodeId parent = store.bob_creates("Plan", "");
  store.bob_changes(parent, model::Field::deleted, [](model::Node& node) { node.deleted.value = true; });
  const WriteReceipt restored = store.edit([&](Editor& editor) { return editor.restore(parent); });
  const NodeId node = store.create(titled("First step"), {parent, {}});
  model::Outcome rejected;
  rejected.status = model::Status::rejected;
  store.apply({store.entry(restored.operations[0], rejected)});
  CHECK(store.node(store.team(), node).node.place.value.parent == NodeId{});
}

TEST_CASE("a page of another snapshot is not staged") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  must(sync.begin_snapshot(store.id, {"session", store.epoch, model::Sequence{9}, {}, 0}));
  wire::SnapshotPage page;
  page.session = "earlier";
  page.end = model::Sequence{5};
  must(sync.stage_page(store.id, page));
  CHECK(!must(sync.staging(store.id))->end);
}
