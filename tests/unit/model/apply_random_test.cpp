#include <set>

#include "base/random.h"
#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

constexpr std::string_view k_people = "ABCD";

bool is_edit(OperationKind kind) {
  return kind == OperationKind::update || kind == OperationKind::comment || kind == OperationKind::complete ||
         kind == OperationKind::create;
}

/// People who write at random, each on a state that lags behind, but knows their own operations.
class Crowd {
 public:
  World world;
  std::vector<std::string> titles; // every title anybody wrote, with its node
  std::vector<NodeId> titled_nodes;

  explicit Crowd(std::uint64_t seed) : random_(seed) {
    world.state.knows_children = random_.below(2) == 0;
    remember();
  }

  void write_one() {
    const char person = k_people[random_.below(k_people.size())];
    Sequence& seen = seen_[person];
    seen.value += random_.below(world.head().value - seen.value + 1);
    const std::vector<NodeId> known(visible_[seen.value].begin(), visible_[seen.value].end());
    Operation op = random_operation(known);
    if (random_.below(3) == 0) op.clock = at_clock(1 + random_.below(3'000)); // skewed
    op.strategy = static_cast<Strategy>(random_.below(4));
    const Sequence base = seen;
    const Outcome outcome = world.commit(person, op, base);
    seen = world.head();
    check(person, op, base, outcome);
    remember();
  }

 private:
  Operation random_operation(const std::vector<NodeId>& known) {
    if (known.empty() || random_.below(5) == 0) {
      const NodeId parent = known.empty() || random_.below(5) == 0 ? NodeId{} : pick(known);
      const auto node = make_id<NodeId>(++last_node_);
      return created(node, parent, title(node));
    }
    const NodeId node = pick(known);
    switch (random_.below(10)) {
      case 0: return removed(node);
      case 1: return restored(pick(known));
      case 2:
      case 3: return moved(node, random_.below(5) == 0 ? NodeId{} : pick(known));
      case 4: return tagged(node, {{fmt::format("t{}", random_.below(5))}, {}});
      case 5: return used(node, 1 + static_cast<std::int64_t>(random_.below(5)));
      case 6: return commented(node, 100'000 + world.head().value);
      case 7: return make(OperationKind::complete, node);
      default: return titled(node, title(node));
    }
  }

  NodeId pick(const std::vector<NodeId>& nodes) { return nodes[random_.below(nodes.size())]; }

  std::string title(const NodeId& node) {
    titles.push_back(fmt::format("title {}", titles.size()));
    titled_nodes.push_back(node);
    return titles.back();
  }

  void remember() {
    std::set<NodeId> visible;
    for (const auto& [id, node] : world.state.nodes)
      if (world.is_visible(id)) visible.insert(id);
    visible_.push_back(std::move(visible));
  }

  /// No delete hides an edit it had not seen; no edit of a node its author saw is refused or hidden.
  void check(char person, const Operation& op, Sequence base, const Outcome& outcome) {
    const NodeId target = op.kind == OperationKind::comment ? op.node : op.target_node();
    if (is_edit(op.kind)) {
      REQUIRE_FALSE(outcome.rejection);
      REQUIRE(world.is_visible(target));
      edits_.push_back({world.head(), person, target});
    }
    if (op.kind != OperationKind::remove) return;
    for (const auto& edit : edits_)
      if (edit.person != person && edit.at > base && visible_.back().count(edit.node) > 0)
        REQUIRE(world.is_visible(edit.node));
  }

  struct Edit {
    Sequence at;
    char person;
    NodeId node;
  };

  base::SeededRandom random_;
  std::map<char, Sequence> seen_;
  std::vector<std::set<NodeId>> visible_; // per sequence
  std::vector<Edit> edits_;
  std::uint64_t last_node_ = 0;
};

using Nodes = std::map<NodeId, Node>;

void install_entry(Nodes& nodes, const Entry& entry) {
  for (const NodeEffect& effect : entry.nodes) install(nodes[effect.node.id], effect);
}

Nodes replayed(const std::vector<Entry>& log, std::size_t end) {
  Nodes nodes;
  for (std::size_t i = 0; i < end; ++i) install_entry(nodes, log[i]);
  return nodes;
}

} // namespace

TEST_CASE("random work of four people keeps the tree sound and no delete hides an unseen edit") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 120; ++i) crowd.write_one();
  }
}

TEST_CASE("every title anybody wrote was the value once, or is kept as lost or in a conflict") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 120; ++i) crowd.write_one();
    std::set<std::string> kept;
    for (const Entry& entry : crowd.world.log)
      for (const LostValue& lost : entry.lost) kept.insert(lost.value);
    for (const auto& [id, conflict] : crowd.world.state.conflicts) kept.insert(conflict.local);
    for (std::size_t i = 0; i < crowd.titles.size(); ++i) {
      const std::string value = value_text(crowd.titles[i]);
      REQUIRE(
          (crowd.world.state.ever_had(crowd.titled_nodes[i], Field::title, value) || kept.count(value) > 0));
    }
  }
}

TEST_CASE("counters equal the sum of the increments that were not rejected") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 120; ++i) crowd.write_one();
    std::map<NodeId, std::int64_t> sums;
    for (std::size_t i = 0; i < crowd.world.log.size(); ++i) {
      const Operation& op = crowd.world.operations[i];
      if (op.fields.use_count && crowd.world.log[i].status != Status::rejected)
        sums[op.target_node()] += *op.fields.use_count;
    }
    for (const auto& [id, node] : crowd.world.state.nodes) REQUIRE(node.use_count.value == sums[id]);
  }
}

TEST_CASE("replaying the log gives the state, in any batches and with pages repeated") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 100; ++i) crowd.write_one();
    const auto& log = crowd.world.log;
    REQUIRE(replayed(log, log.size()) == crowd.world.state.nodes);

    base::SeededRandom random(seed);
    Nodes nodes;
    for (std::size_t done = 0; done < log.size();) {
      const std::size_t from = done - std::min<std::size_t>(done, random.below(20));
      done = std::min(log.size(), done + 1 + random.below(10));
      for (std::size_t i = from; i < done; ++i) install_entry(nodes, log[i]);
    }
    REQUIRE(nodes == crowd.world.state.nodes);
  }
}

TEST_CASE("a snapshot at any sequence and the log after any earlier one give the state") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Crowd crowd(seed);
    for (int i = 0; i < 60; ++i) crowd.write_one();
    const auto& log = crowd.world.log;
    base::SeededRandom random(seed);
    for (std::size_t at = 0; at <= log.size(); ++at) {
      Nodes nodes;
      for (const auto& [id, node] : replayed(log, at)) install(nodes[id], whole(node));
      for (std::size_t i = random.below(at + 1); i < log.size(); ++i) install_entry(nodes, log[i]);
      REQUIRE(nodes == crowd.world.state.nodes);
    }
  }
}
