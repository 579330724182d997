#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Judges a run from the outside: from the bytes that hub and machines stored and sent, with none of
/// their merge, tree or sync code. Throws Violation with the number of the invariant it found broken.
///
///  1 no acknowledged operation is lost      2 none is in the log twice     3 the log is gapless
///  5 per replica, operations are in order   6 at rest all are equal        7 the log replays to the state
///  8 trees have no cycle and no orphan     11 counters are the sum of their increments
class Oracle {
 public:
  explicit Oracle(World& world) : world_(world) {}

  bool is_at_rest() { return unrest().empty(); }
  /// What still moves; empty at rest.
  std::string unrest();
  void judge();

 private:
  using Items = std::map<std::string, std::string>; // id to JSON text
  struct HubState {
    std::vector<base::Json> log;
    Items items;
  };
  HubState read_hub(const model::WorkspaceId& workspace);
  Items read_machine(Machine& machine, const model::WorkspaceId& workspace);
  /// The sessions of operations that the machine keeps as rejected.
  std::set<std::string> read_rejected(Machine& machine, const model::WorkspaceId& workspace);
  void judge_log(const model::WorkspaceId& workspace, const std::vector<base::Json>& log);
  void judge_machine(Machine& machine, const model::WorkspaceId& workspace, const HubState& hub);
  static void judge_tree(const Items& items);
  void judge_counters(const HubState& hub);

  World& world_;
};

} // namespace memsync::sim
