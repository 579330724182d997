#include "model/node.h"

#include <algorithm>
#include <doctest/doctest.h>

#include "base/random.h"

using namespace memsync;
using namespace memsync::model;

namespace {

ReplicaId replica(char c) { return *ReplicaId::parse(std::string(ReplicaId::k_length, c)); }
Stamp stamp(std::uint64_t sequence) { return {Sequence{sequence}, Hlc{sequence * 10}, replica('a'), {}}; }

Node titled(std::string title, std::uint64_t sequence) {
  Node node;
  node.id = *NodeId::parse(std::string(NodeId::k_length, 'a'));
  node.title = {std::move(title), stamp(sequence)};
  return node;
}

} // namespace

TEST_CASE("installing sets the registers that are newer by sequence and leaves the others") {
  Node node = titled("old", 5);
  node.type = {"fix", stamp(7)};
  Node change = titled("new", 6);
  change.type = {"stale", stamp(6)};
  change.content = {"not part of the effect", stamp(9)};
  install(node, {change, {Field::title, Field::type}, false});
  CHECK(node.title.value == "new");
  CHECK(node.title.stamp == stamp(6));
  CHECK(node.type.value == "fix");
  CHECK(node.content.value.empty());
}

TEST_CASE("installing the same effect twice changes nothing more") {
  Node node = titled("old", 5);
  const NodeEffect effect{titled("new", 6), {Field::title}, false};
  install(node, effect);
  const Node once = node;
  install(node, effect);
  CHECK(node == once);
}

TEST_CASE("a whole node installed into nothing is that node") {
  Node node = titled("title", 3);
  node.created = {*UserId::parse(std::string(UserId::k_length, 'b')), "client", "session", "project"};
  node.created_at = stamp(2);
  node.tags = {{"a", "b"}, stamp(3)};
  node.strategy = {Strategy::manual, stamp(3)};
  node.deleted = {true, stamp(4)};
  node.use_count = {7, stamp(4)};
  node.edits.record(Sequence{4}, replica('c'));
  node.unknown["mood"] = "[1]";
  Node empty;
  install(empty, whole(node));
  CHECK(empty == node);
}

TEST_CASE("who made a node and when is set once") {
  Node node = titled("title", 3);
  node.created.client = "first";
  Node other = node;
  other.created.client = "second";
  install(node, {other, {}, true});
  CHECK(node.created.client == "first");
}

TEST_CASE("effects of different registers install in any order to the same node") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    std::vector<NodeEffect> effects{{titled("start", 1), {Field::title}, true}};
    for (std::uint64_t sequence = 2; sequence < 12; ++sequence) {
      Node node = titled("", 0);
      node.edits.record(Sequence{sequence}, replica('a'));
      const auto field = static_cast<Field>(random.below(k_field_count));
      for_each_register(node, [&](Field each, auto& reg) {
        if (each == field) reg.stamp = stamp(sequence);
      });
      effects.push_back({node, {field}, false});
    }
    Node forward;
    for (const NodeEffect& effect : effects) install(forward, effect);
    Node shuffled;
    install(shuffled, effects.front());
    for (std::size_t i = effects.size() - 1; i > 1; --i) std::swap(effects[i], effects[1 + random.below(i)]);
    for (const NodeEffect& effect : effects) install(shuffled, effect);
    CHECK(shuffled == forward);
  }
}

TEST_CASE("an edit mark knows the last edit by anybody but one") {
  EditMark mark;
  CHECK(mark.last_except(replica('a')) == Sequence{0});
  mark.record(Sequence{1}, replica('a'));
  mark.record(Sequence{2}, replica('a'));
  CHECK(mark.last_except(replica('a')) == Sequence{0});
  CHECK(mark.last_except(replica('b')) == Sequence{2});
  mark.record(Sequence{3}, replica('b'));
  mark.record(Sequence{4}, replica('b'));
  CHECK(mark.last_except(replica('b')) == Sequence{2});
  mark.record(Sequence{5}, replica('a'));
  CHECK(mark.last_except(replica('a')) == Sequence{4});
  CHECK(mark.last_except(replica('b')) == Sequence{5});
  CHECK(mark.last_except(replica('c')) == Sequence{5});
}

TEST_CASE("registers are visited in the order of their names") {
  Node node;
  std::size_t next = 0;
  for_each_register(node, [&](Field field, auto&) { CHECK(static_cast<std::size_t>(field) == next++); });
  CHECK(next == k_field_count);
  CHECK(FieldSet::all().has(Field::deleted));
  CHECK(FieldSet{}.empty());
}
