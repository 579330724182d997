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

TEST_CASE("an unsent edit of a node that the hub had lost shows again when the node comes back") {
  TeamStore store;
  const NodeId node = store.bob_creates("Plan", "");
  store.edit([&](Editor& editor) { return editor.update(node, titled("Better plan")); });
  SyncStore sync(*store.replica, 0);
  must(sync.begin_snapshot(store.id, {"session", store.epoch, model::Sequence{9}, {}, 0}));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = model::Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  model::Entry entry = store.bobs_entry(model::OperationKind::create, node);
  const model::Stamp stamp{model::Sequence{1}, entry.clock, store.bobs_replica, store.bob};
  model::Node again;
  again.id = node;
  again.created_at = stamp;
  again.title = {"Plan", stamp};
  again.place = {{{}, "V"}, stamp};
  entry.nodes.push_back({again, {model::Field::title, model::Field::place}, true});
  store.apply({entry});
  CHECK(store.node(store.team(), node).node.title.value == "Better plan");
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
