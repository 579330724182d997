#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

TEST_CASE("what was unsent in a workspace that is dropped moves to the quarantine") {
  TeamStore store;
  store.create(titled("Plan"));
  must(SyncStore(*store.replica, 0).drop_workspace(store.id, store.epoch));
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  CHECK(store.number("SELECT count(*) FROM quarantine") == 1);
}

TEST_CASE("what an earlier log acknowledged is kept when the hub of a later one removes its author") {
  TeamStore store;
  store.confirm(store.edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.create(titled("Plan"), {}));
    return {};
  }));
  const model::Epoch restored{78};
  must(SyncStore(*store.replica, 0).drop_workspace(store.id, restored));
  CHECK(store.number("SELECT count(*) FROM acknowledged") == 0);
  CHECK(store.number("SELECT count(*) FROM quarantine") == 1);
}

TEST_CASE("what the log has is not kept apart when its hub removes the author") {
  TeamStore store;
  store.confirm(store.edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.create(titled("Plan"), {}));
    return {};
  }));
  must(SyncStore(*store.replica, 0).drop_workspace(store.id, store.epoch));
  CHECK(store.number("SELECT count(*) FROM quarantine") == 0);
}
