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
