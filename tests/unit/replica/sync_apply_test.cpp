#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

void acknowledge_one(TeamStore& store, std::string_view title) {
  store.confirm(store.edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.create(titled(title), {}));
    return {};
  }));
}

} // namespace

TEST_CASE("a page that cannot be applied moves no cursor") {
  TeamStore store;
  const auto unknown = model::NodeId::random(store.random);
  model::Entry entry = store.bobs_entry(model::OperationKind::update, unknown);
  model::NodeEffect effect;
  effect.node.id = unknown;
  effect.fields = {model::Field::title};
  entry.nodes.push_back(effect);

  const auto applied =
      SyncStore(*store.replica, 0).apply_entries(store.id, store.epoch, std::vector{entry}, entry.sequence);
  CHECK(code_of(applied) == base::ErrorCode::resync);
  CHECK(store.team().cursor.sequence == model::Sequence{});
}

TEST_CASE("what is acknowledged is kept for 7 days, under each id that this store has had") {
  TeamStore store;
  acknowledge_one(store, "first");
  const std::string_view copy =
      "INSERT INTO acknowledged SELECT workspace, '{}', n, {}, operation FROM acknowledged WHERE n = 1 AND "
      "replica = (SELECT replica FROM workspace WHERE kind = 'team')";
  store.sql(fmt::format(fmt::runtime(copy), "0-an-id-given-up", "at"));
  store.sql(fmt::format(fmt::runtime(copy), "z-of-no-known-age", 0));
  store.clock.advance(std::chrono::hours(6 * 24));
  acknowledge_one(store, "second");
  CHECK(store.number("SELECT count(*) FROM acknowledged") == 4);

  store.clock.advance(std::chrono::hours(24) + std::chrono::milliseconds(1));
  acknowledge_one(store, "third");
  CHECK(store.number("SELECT count(*) FROM acknowledged WHERE at > 0") == 2);
  CHECK(store.number("SELECT min(n) FROM acknowledged WHERE at > 0") == 2);
  CHECK(store.number("SELECT count(*) FROM acknowledged WHERE at = 0") == 1);
}

TEST_CASE("of what is acknowledged the last 10,000 are kept") {
  TeamStore store;
  acknowledge_one(store, "first");
  acknowledge_one(store, "second");
  store.sql("UPDATE workspace SET next_n = 10001 WHERE kind = 'team'");
  acknowledge_one(store, "third");
  CHECK(store.number("SELECT min(n) FROM acknowledged") == 2);
}
