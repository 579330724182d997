#include "model/rekey.h"

#include <set>

#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

/// The nodes below `parent` as everybody sees them.
std::vector<NodeId> in_order(World& world, const NodeId& parent) {
  std::vector<Sibling> siblings;
  for (const auto& [id, node] : world.state.nodes)
    if (node.place.value.parent == parent) siblings.push_back({node.place.value.key, id});
  std::sort(siblings.begin(), siblings.end());
  std::vector<NodeId> ids;
  for (const Sibling& sibling : siblings) ids.push_back(sibling.id);
  return ids;
}

/// A list in which nodes are inserted at one spot, whose neighbours have come close already: some insertions
/// make keys that are too long.
struct LongList : World {
  NodeId list = add("list");
  NodeId first = make_id<NodeId>(101), close = make_id<NodeId>(102), last = make_id<NodeId>(103);
  std::vector<NodeId> order{first, close, last};
  base::SeededRandom random{5};
  std::uint64_t next = 200;

  LongList() {
    commit('A', placed(first, "a001"));
    commit('A', placed(close, "a001" + std::string(34, '0') + "Vabc"));
    commit('A', placed(last, "a002"));
  }
  Operation placed(const NodeId& id, std::string key) {
    Operation op = created(id, list);
    op.place = Place{list, std::move(key)};
    return op;
  }
  std::string key(const NodeId& id) { return node(id).place.value.key; }
  /// Inserts right after the first, always in the same gap; the outcome.
  Outcome insert(Sequence base) {
    const NodeId id = make_id<NodeId>(next++);
    Outcome outcome = commit('A', placed(id, key_between(key(order[0]), key(order[1]), random)), base);
    order.insert(order.begin() + 1, id);
    return outcome;
  }
  Outcome insert() { return insert(head()); }
  /// The outcome of the insertion that had keys shortened.
  Outcome insert_until_shortened() {
    for (;;) {
      Outcome outcome = insert();
      if (outcome.nodes.size() > 1) return outcome;
      REQUIRE(order.size() < 500);
    }
  }
};

} // namespace

TEST_CASE_FIXTURE(LongList,
                  "siblings get short keys in the same order before any key is longer than 48 bytes") {
  for (int i = 0; i < 200; ++i) {
    insert();
    REQUIRE(key(order[1]).size() <= k_longest_sibling_key);
  }
  CHECK(in_order(*this, list) == order);
  CHECK(key(first) == "a001");
  CHECK(key(last) == "a002");
}

TEST_CASE_FIXTURE(LongList, "the new keys are effects of the one entry, so that readers need no merge") {
  const Outcome outcome = insert_until_shortened();
  CHECK(outcome.status == Status::applied);
  for (const NodeEffect& effect : outcome.nodes) {
    CHECK(effect.node.place.stamp.sequence == head());
    if (effect.node.id != order[1]) CHECK(effect.fields == FieldSet{Field::place});
  }
  // Each node once: a second effect of one sequence would not be installed.
  std::set<NodeId> ids;
  for (const NodeEffect& effect : outcome.nodes) CHECK(ids.insert(effect.node.id).second);
}

TEST_CASE_FIXTURE(LongList, "whoever placed a sibling stays the one who did") {
  insert();
  const NodeId sibling = order[1];
  commit('B', moved(sibling, list, key(sibling)));
  const Hlc clock = node(sibling).place.stamp.clock;
  insert_until_shortened();
  REQUIRE(node(sibling).place.stamp.sequence == head());
  CHECK(node(sibling).place.stamp.clock == clock);
  CHECK(node(sibling).place.stamp.replica == replica_of('B'));
  CHECK(node(sibling).place.stamp.author == user_of('B'));
}

TEST_CASE_FIXTURE(LongList, "a move that had not seen the new keys still moves the node") {
  insert();
  const NodeId sibling = order[1];
  const NodeId elsewhere = add("elsewhere");
  const Sequence before = head();
  insert_until_shortened();
  REQUIRE(node(sibling).place.stamp.sequence == head());
  commit('C', moved(sibling, elsewhere), before);
  CHECK(parent(sibling) == elsewhere);
}

TEST_CASE_FIXTURE(LongList, "a replica leaves the keys to the hub") {
  Operation op = placed(make_id<NodeId>(next++), key(close) + "0000000abc");
  op.n = 1;
  const Commit provisional{Sequence{Sequence::k_first_provisional + 1}, at_clock(1), replica_of('A'),
                           user_of('A')};
  CHECK(apply(state, op, provisional).nodes.size() == 1);
}

TEST_CASE("keys without room between their neighbours stay as they are") {
  base::SeededRandom random{1};
  const std::string longer(60, '0');
  const std::vector<Sibling> siblings{{"a", make_id<NodeId>(1)},
                                      {"a" + longer, make_id<NodeId>(2)},
                                      {"a" + longer + "0", make_id<NodeId>(3)}};
  for (const Sibling& changed : shorten_keys(siblings, 1, random)) CHECK(changed.key > "a");
}
