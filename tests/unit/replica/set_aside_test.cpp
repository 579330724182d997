#include "replica/set_aside.h"

#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

TEST_CASE("what was unsent when its author was removed is set aside, listed whole and can be discarded") {
  TeamStore store;
  const auto document = store.create(titled("Plan"));
  store.create(titled("Step", "do it"), {document, {}});
  must(SyncStore(*store.replica, 0).drop_workspace(store.id, store.epoch));

  const auto rows = must(list_set_aside(*store.replica));
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].workspace_name == "Core");
  CHECK(rows[1].reason == SetAside::Reason::removed);
  REQUIRE(rows[1].operation.has_value());
  CHECK(rows[1].operation->fields.title == "Step");
  CHECK(store.findings().empty());

  CHECK(must(discard_set_aside(*store.replica, {rows[0].key})) == 1);
  CHECK(must(list_set_aside(*store.replica)).size() == 1);
}

TEST_CASE("damaged text is kept as it was found") {
  Store store;
  must(store.replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
    set_aside_damaged(txn, "w", "Core", store.clock.now(), "{\"title\": \"St\x01");
    return {};
  }));
  const auto rows = must(list_set_aside(*store.replica));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].reason == SetAside::Reason::damaged);
  CHECK(rows[0].text == "{\"title\": \"St\x01");
  CHECK(!rows[0].operation);
  CHECK(store.findings().empty());
}
