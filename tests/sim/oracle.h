#pragma once

#include <map>
#include <set>
#include <string>

#include "tests/sim/store_view.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Judges a run once it has come to rest: from the JSON that hub and machines sent and stored, with none of
/// their merge, tree or sync code. Throws Violation with the number of the invariant it found broken.
///
///  1 no acknowledged operation is lost      2 none is in the log twice     3 the log is gapless
///  5 per replica, operations are in order   6 at rest all are equal        7 what a snapshot holds is what
///  the 8 trees have no cycle and no orphan     11 counters are the sum of        whole log makes, also of
///  the part
/// 14 a conflict stays until it is resolved    their increments                that compaction dropped
/// 19 the stores' own checks are clean
/// 20 nothing of one workspace is in another, and nothing is left where somebody was removed
class Oracle {
 public:
  explicit Oracle(World& world) : world_(world) {}

  bool is_at_rest() { return unrest().empty(); }
  /// What still moves; empty at rest.
  std::string unrest();
  void judge();

 private:
  using Items = std::map<std::string, std::string>; // id to normal form
  Items read_hub(const model::WorkspaceId& workspace);
  void judge_log(const model::WorkspaceId& workspace, const std::vector<base::Json>& log);
  void judge_snapshot(const LogArchive& archive, const Items& hub);
  void judge_machine(Machine& machine, const model::WorkspaceId& workspace, const Items& hub);
  static void judge_tree(const Items& items);
  void judge_counters(const std::vector<base::Json>& log, const Items& hub);
  void judge_soundness();
  void judge_separation(const model::WorkspaceId& workspace, const Items& hub);

  World& world_;
};

} // namespace memsync::sim
