#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

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
