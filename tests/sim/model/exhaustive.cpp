// Every way in which two replicas can edit, move and delete, three operations each:
// model_exhaustive [--depth N] (operations per replica, default 3) [--part P --parts N] (a share of the
// cases)
//
// Two nodes, B and C, hang below a root that both replicas have. A case is: the order in which the hub takes
// the operations (both push orders and everything between), what each operation is (rename, move below the
// other, delete, of either node, whatever its author's screen allows at that moment), and how much of the
// other's work its author had received by then (every delivery order). Both clocks stand still, so that
// concurrent writes tie. The nodes are alike, so the first operation is always one on B.
//
// Every prefix of every case is judged by the log's oracle (8, 9, 10, 14 among others); at each end both
// replicas have what the hub has.

#include <array>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "model/register_text.h"
#include "tests/sim/model/log_oracle.h"
#include "tests/sim/model/replica.h"

using namespace memsync;
using namespace memsync::model_sim;
using model::NodeId;
using model::Operation;
using model::OperationKind;

namespace {

constexpr std::size_t k_replicas = 2, k_kinds = 3, k_nodes = 2;

template <class Id>
Id id_of(std::uint64_t number) {
  return *Id::parse(fmt::format("{:0>{}}", number, Id::k_length));
}
const NodeId k_root = id_of<NodeId>(1);
const std::array<NodeId, k_nodes> k_targets{id_of<NodeId>(2), id_of<NodeId>(3)};

/// The hub and both replicas at one point of a case.
struct Point {
  HubWorkspace hub{model::Epoch{1}};
  LogOracle oracle;
  std::vector<std::shared_ptr<const Items>> states; // after each row of the log
  std::array<std::size_t, k_replicas> written{}, received{}, last_n{};
};

class Explorer {
 public:
  Explorer(std::size_t depth, std::size_t part, std::size_t parts)
      : depth_(depth), part_(part), parts_(parts) {}

  void explore() {
    Point start;
    start.states.push_back(std::make_shared<const Items>());
    commit(start, 0, created(k_root, {}));
    for (const NodeId& node : k_targets) commit(start, 0, created(node, k_root));
    first_ = start.hub.head();
    for (std::size_t replica = 0; replica < k_replicas; ++replica) {
      start.received[replica] = first_.value;
      start.written[replica] = 0;
    }
    explore(start);
  }

  std::uint64_t cases() const { return cases_; }
  std::uint64_t prefixes() const { return prefixes_; }

 private:
  static Operation make(OperationKind kind, const NodeId& target) {
    Operation operation;
    operation.kind = kind;
    operation.target = model::id_cast<model::ItemId>(target);
    operation.clock = model::Hlc{1};
    return operation;
  }
  static Operation created(const NodeId& node, const NodeId& parent) {
    Operation operation = make(OperationKind::create, node);
    operation.place = model::Place{parent, "V"};
    operation.fields.title = "first";
    return operation;
  }

  /// The next row of the log: by either replica, any operation, on any state it may have had.
  void explore(const Point& point) {
    bool is_end = true;
    for (std::size_t replica = 0; replica < k_replicas; ++replica) {
      if (point.written[replica] == depth_) continue;
      is_end = false;
      for (std::size_t seen = point.received[replica]; seen <= point.hub.head().value; ++seen) {
        // Own rows change nothing that their author sees: a state that ends with one is the same as without.
        const bool ends_with_own = seen > point.received[replica] && is_by(point, seen, replica);
        if (!ends_with_own) explore_operations(point, replica, seen);
      }
    }
    if (is_end) judge_end(point);
  }

  void explore_operations(const Point& point, std::size_t replica, std::size_t seen) {
    const Items visible = view(point, replica, seen);
    for (std::size_t kind = 0; kind < k_kinds; ++kind)
      for (std::size_t target = 0; target < (is_first(point) ? 1 : k_nodes); ++target) {
        auto operation = choose(visible, kind, target, point, replica);
        if (!operation || !is_in_part(point)) continue;
        operation->base = model::Sequence{seen};
        Point next = point;
        next.received[replica] = seen;
        ++next.written[replica];
        commit(next, replica, *std::move(operation));
        ++prefixes_;
        explore(next);
      }
  }

  bool is_first(const Point& point) const { return point.hub.head() == first_; }

  /// The second rows of all cases are dealt out to the parts.
  bool is_in_part(const Point& point) {
    return point.hub.head().value != first_.value + 1 || dealt_++ % parts_ == part_;
  }

  static bool is_by(const Point& point, std::size_t sequence, std::size_t replica) {
    return sequence > 0 && point.hub.log()[sequence - 1]->entry.replica == id_of<model::ReplicaId>(replica);
  }

  /// What the replica shows: the log as far as it received it, and its own operations above.
  static Items view(const Point& point, std::size_t replica, std::size_t seen) {
    Items items = *point.states[seen];
    const History history;
    ItemsState state(items, history);
    for (const auto& row : point.hub.log()) {
      const model::Entry& entry = row->entry;
      if (entry.sequence.value <= seen || entry.replica != id_of<model::ReplicaId>(replica)) continue;
      model::apply(state, row->operation,
                   {model::Sequence{model::Sequence::k_first_provisional + entry.n},
                    row->operation.clock,
                    entry.replica,
                    {}});
    }
    judge_tree(items);
    return items;
  }

  static bool is_visible(const Items& items, NodeId id) {
    for (; !id.is_empty(); id = items.nodes.at(id).place.value.parent)
      if (items.nodes.at(id).deleted.value) return false;
    return true;
  }

  /// The operation, if what the replica shows allows it.
  static std::optional<Operation> choose(const Items& visible, std::size_t kind, std::size_t target,
                                         const Point& point, std::size_t replica) {
    const NodeId node = k_targets[target], other = k_targets[1 - target];
    if (!is_visible(visible, node)) return std::nullopt;
    if (kind == 0) {
      Operation rename = make(OperationKind::update, node);
      rename.fields.title = fmt::format("title {} of {}", point.written[replica], replica);
      return rename;
    }
    if (kind == 1) {
      const bool is_below = visible.nodes.at(other).place.value.parent == node;
      if (is_below || !is_visible(visible, other)) return std::nullopt;
      Operation move = make(OperationKind::move, node);
      move.place = model::Place{other, fmt::format("{}", 1 + point.written[replica])};
      return move;
    }
    return make(OperationKind::remove, node);
  }

  void commit(Point& point, std::size_t replica, Operation operation) {
    operation.n = ++point.last_n[replica];
    operation.session = fmt::format("{}.{}", replica, operation.n);
    seal(operation);
    const auto answer =
        point.hub.push(id_of<model::ReplicaId>(replica), point.hub.epoch(), {operation},
                       base::Timestamp(std::chrono::hours(1)), [&](const Row& row, const Items& items) {
                         point.oracle.committed(row, items, "");
                         Items replayed = *point.states.back();
                         replayed.install(row.entry);
                         require(replayed == items, "6: what the log says is not what the hub has");
                         point.states.push_back(std::make_shared<const Items>(std::move(replayed)));
                       });
    require(std::holds_alternative<Pushed>(answer), "a push is refused");
  }

  /// From any point of the log on, in one batch: both replicas come to the hub's state.
  void judge_end(const Point& point) {
    ++cases_;
    for (std::size_t replica = 0; replica < k_replicas; ++replica) {
      Items items = *point.states[point.received[replica]];
      for (std::size_t at = point.received[replica]; at < point.hub.log().size(); ++at)
        items.install(point.hub.log()[at]->entry);
      require(items == point.hub.items(), "6: a replica differs from the hub");
    }
  }

  const std::size_t depth_, part_, parts_;
  model::Sequence first_; // the log's head before the case
  std::uint64_t dealt_ = 0;
  std::uint64_t cases_ = 0, prefixes_ = 0;
};

} // namespace

int main(int count, char** values) {
  std::size_t depth = 3, part = 0, parts = 1;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = values[i];
    const std::size_t number = std::stoull(values[i + 1]);
    if (name == "--depth") depth = number;
    if (name == "--part") part = number;
    if (name == "--parts") parts = number;
  }
  Explorer explorer(depth, part, parts);
  const auto start = std::chrono::steady_clock::now();
  try {
    explorer.explore();
  } catch (const Violation& violation) {
    fmt::print("{}\n  after {} cases\n", violation.what, explorer.cases());
    return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} cases of {} replicas with {} operations each, {} prefixes judged; {:.1f} s\n",
             explorer.cases(), k_replicas, depth, explorer.prefixes(), seconds);
  return 0;
}
