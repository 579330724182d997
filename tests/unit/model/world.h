#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "memory_state.h"

/// A vocabulary for tests of the merge: a World with a log, people 'A', 'B', 'C' who write operations into
/// it, each on the state they had seen, and checks of what must hold after every operation.
namespace memsync::model::tests {

/// The id of that number, the same in every run.
template <class Id>
Id make_id(std::uint64_t number) {
  const auto text = fmt::format("{:0>{}}", number, Id::k_length);
  return *Id::parse(text);
}

inline ReplicaId replica_of(char person) { return make_id<ReplicaId>(static_cast<std::uint64_t>(person)); }
inline UserId user_of(char person) { return make_id<UserId>(static_cast<std::uint64_t>(person)); }
inline Hlc at_clock(std::uint64_t tick) { return Hlc{tick << 16u}; }

inline Operation make(OperationKind kind, const NodeId& target) {
  Operation op;
  op.kind = kind;
  op.target = id_cast<ItemId>(target);
  return op;
}

inline Operation titled(const NodeId& node, std::string title) {
  Operation op = make(OperationKind::update, node);
  op.fields.title = std::move(title);
  return op;
}

inline Operation written(const NodeId& node, std::string_view seen, std::string text) {
  Operation op = make(OperationKind::update, node);
  op.fields.content = TextChange{std::move(text), base::Hash128::of(seen)};
  return op;
}

inline Operation tagged(const NodeId& node, SetChange change) {
  Operation op = make(OperationKind::update, node);
  op.fields.tags = std::move(change);
  return op;
}

inline Operation used(const NodeId& node, std::int64_t times) {
  Operation op = make(OperationKind::update, node);
  op.fields.use_count = times;
  return op;
}

inline Operation created(const NodeId& node, const NodeId& parent, std::string title = "new") {
  Operation op = make(OperationKind::create, node);
  op.fields.title = std::move(title);
  op.place = Place{parent, "V"};
  return op;
}

inline Operation moved(const NodeId& node, const NodeId& parent, std::string key = "V") {
  Operation op = make(OperationKind::move, node);
  op.place = Place{parent, std::move(key)};
  return op;
}

inline Operation removed(const NodeId& node) { return make(OperationKind::remove, node); }
inline Operation restored(const NodeId& node) { return make(OperationKind::restore, node); }

inline Operation commented(const NodeId& node, std::uint64_t id, std::string text = "text") {
  Operation op;
  op.kind = OperationKind::comment;
  op.target = make_id<ItemId>(id);
  op.node = node;
  op.text = std::move(text);
  return op;
}

inline Operation resolved(const ConflictId& conflict, Resolution resolution, std::string value = "") {
  Operation op;
  op.kind = OperationKind::resolve;
  op.target = id_cast<ItemId>(conflict);
  op.resolution = resolution;
  op.text = std::move(value);
  return op;
}

inline Operation with(Operation op, Strategy strategy) {
  op.strategy = strategy;
  return op;
}

inline Operation with(Operation op, Hlc clock) {
  op.clock = clock;
  return op;
}

class World {
 public:
  MemoryState state;
  std::vector<Entry> log;
  std::vector<Operation> operations; // as committed, one per entry

  Sequence head() const { return Sequence{log.size()}; }

  /// Applies the operation that `person` wrote having seen the log up to `base`. Without a clock of its
  /// own it is later than all before. Checks that the tree is sound and that a rejection changed nothing.
  Outcome commit(char person, Operation op, Sequence base) {
    op.base = base;
    op.n = ++numbers_[person];
    op.hash = base::Hash128::of(fmt::format("{} {}", person, op.n));
    if (op.clock == Hlc{}) op.clock = at_clock(1'000 + head().value);
    const Commit commit{Sequence{head().value + 1}, op.clock, replica_of(person), user_of(person)};
    const auto before = state.nodes;
    Outcome outcome = apply(state, op, commit);
    if (outcome.rejection) {
      REQUIRE(outcome.status == Status::rejected);
      REQUIRE(state.nodes == before);
      REQUIRE((outcome.nodes.empty() && outcome.lost.empty() && outcome.conflicts.empty()));
    } else {
      state.note_wanted(op, commit.sequence);
    }
    append(op, commit, outcome);
    check_tree();
    return outcome;
  }
  /// The same, having seen everything.
  Outcome commit(char person, Operation op) { return commit(person, std::move(op), head()); }

  /// A new node made by A, whose making everybody has seen.
  NodeId add(std::string title = "first", const NodeId& parent = {}) {
    const auto id = make_id<NodeId>(++last_node_);
    REQUIRE(commit('A', created(id, parent, std::move(title))).status == Status::applied);
    return id;
  }

  const Node& node(const NodeId& id) { return state.nodes.at(id); }
  bool is_visible(const NodeId& id) { return !is_hidden(state, id); }
  NodeId parent(const NodeId& id) { return node(id).place.value.parent; }

  void check_tree() {
    for (const auto& [id, node] : state.nodes) {
      NodeId up = node.place.value.parent;
      std::size_t steps = 0;
      for (; !up.is_empty() && steps <= state.nodes.size(); ++steps) {
        REQUIRE(state.nodes.count(up) == 1); // no orphan
        up = state.nodes.at(up).place.value.parent;
      }
      REQUIRE(steps <= state.nodes.size()); // no cycle
    }
  }

 private:
  void append(const Operation& op, const Commit& commit, const Outcome& outcome) {
    Entry entry;
    entry.sequence = commit.sequence;
    entry.replica = commit.replica;
    entry.n = op.n;
    entry.hash = op.hash;
    entry.kind = op.kind;
    entry.target = op.target;
    entry.clock = commit.clock;
    entry.status = outcome.status;
    entry.nodes = outcome.nodes;
    entry.relationships = outcome.relationships;
    entry.comments = outcome.comments;
    entry.lost = outcome.lost;
    entry.conflicts = outcome.conflicts;
    log.push_back(std::move(entry));
    operations.push_back(op);
  }

  std::map<char, std::uint64_t> numbers_;
  std::uint64_t last_node_ = 0;
};

} // namespace memsync::model::tests
