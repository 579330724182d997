#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::Epoch;
using model::NodeId;
using model::Sequence;

TEST_CASE("an edit made between a new log and its snapshot has seen nothing of the new log") {
  TeamStore store;
  store.sql("UPDATE workspace SET cursor = 5 WHERE kind = 'team'");
  SyncStore sync(*store.replica, 0);
  const NodeId node = store.create(titled("Plan"));
  must(sync.adopt_epoch(store.id, 0));
  store.edit([&](Editor& editor) { return editor.update(node, titled("Better plan")); });

  must(sync.begin_snapshot(store.id, {"session", Epoch{78}, Sequence{9}, {}, 0}));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  CHECK(push.epoch == Epoch{78});
  REQUIRE(push.operations.size() == 2);
  CHECK(push.operations[0].base == Sequence{});
  CHECK(push.operations[1].base == Sequence{});
  CHECK(store.node(store.team(), node).node.title.value == "Better plan");
}

TEST_CASE("an edit made while a snapshot of the same log is fetched keeps what it had seen") {
  TeamStore store;
  store.sql("UPDATE workspace SET cursor = 5 WHERE kind = 'team'");
  SyncStore sync(*store.replica, 0);
  must(sync.begin_snapshot(store.id, {"session", store.epoch, Sequence{9}, {}, 0}));
  store.create(titled("Plan"));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(push.operations.size() == 1);
  CHECK(push.operations[0].base == Sequence{5});
}
