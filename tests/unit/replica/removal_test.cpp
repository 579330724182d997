#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

TEST_CASE("what was unsent in a workspace that is dropped moves to the quarantine") {
  TeamStore store;
  store.create(titled("Plan"));
  must(SyncStore(*store.replica, 0).drop_workspace(store.id));
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  CHECK(store.number("SELECT count(*) FROM quarantine") == 1);
}
