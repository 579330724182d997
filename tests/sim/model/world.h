#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/model/log_oracle.h"
#include "tests/sim/model/replica.h"
#include "tests/sim/model/user.h"
#include "tests/sim/scheduler.h"

namespace memsync::model_sim {

using sim::Millis;

constexpr std::size_t k_workspaces = 2;

/// The sync of one workspace on one machine: the durable replica, and what a crash forgets.
struct Lane {
  explicit Lane(model::ReplicaId id) : replica(id) {}

  Replica replica;
  std::uint64_t push_request = 0, pull_request = 0; // in flight; 0: none
  Millis push_sent = 0, pull_sent = 0;
  model::ReplicaId push_replica;
  std::uint64_t pushed_through = 0;
  bool wants_pull = true, wants_probe = false, wants_snapshot = false;
  model::Epoch adopted_epoch;
};

struct Machine {
  std::size_t index = 0;
  std::int64_t skew = 0;
  bool is_running = true, is_partitioned = false;
  std::uint64_t generation = 0; // of the process; answers to an earlier one vanish
  std::vector<Lane> lanes;      // one per workspace
  // a copy of the store, and how long the ledger was then
  std::vector<Replica> copy;
  std::size_t copied_at = 0;
};

/// One operation that a machine acknowledged to its user. The session identifies it for good: a restored
/// hub gets it again with another base and hash.
struct Acknowledged {
  std::size_t machine = 0, workspace = 0;
  std::string session, seen_text;
  bool is_waived = false; // its disk was replaced by an older copy
};

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t edits_per_machine = 14;
  bool trace = false;
};

/// The hub of a run, with the judge of each log.
struct Hub {
  std::vector<HubWorkspace> workspaces;
  std::array<LogOracle, k_workspaces> oracles;
  /// Some states the log went through, to judge snapshots by.
  std::array<std::map<std::uint64_t, std::shared_ptr<const Items>>, k_workspaces> states;
};

/// One seeded run: a hub, 3 to 8 machines with two workspaces each, a network with faults, and a quiet end
/// after which everything must have come together.
class World {
 public:
  explicit World(const RunOptions& options);

  /// Throws Violation.
  void run();
  std::size_t operations() const { return ledger_.size(); }

 private:
  // --- the plan of a run (world.cpp) ---
  void plan();
  void plan_machine(Machine& machine, Millis length);
  void plan_restore(Millis length);
  void edit(Machine& machine);
  void crash(Machine& machine);
  void restore_machine(Machine& machine);
  void restore_hub();
  void settle();

  // --- sync (sync.cpp) ---
  void tick(Machine& machine);
  void advance(Machine& machine, std::size_t workspace);
  void push(Machine& machine, std::size_t workspace, std::vector<model::Operation> operations);
  PushAnswer push_at_hub(std::size_t workspace, const model::ReplicaId& replica, model::Epoch epoch,
                         const std::vector<model::Operation>& operations);
  void publish(std::size_t workspace);
  void pull(Machine& machine, std::size_t workspace, model::Cursor after);
  void advance_snapshot(Machine& machine, std::size_t workspace);
  void take(Machine& machine, std::size_t workspace, const Page& page);
  void take_pushed(Lane& lane, PushAnswer answer);
  template <class Ask, class Take>
  void call(Machine& machine, std::uint64_t Lane::*request, std::size_t workspace, Ask ask, Take take);

  // --- the end (judge.cpp) ---
  bool is_at_rest() const;
  std::string unrest() const;
  void judge();
  void judge_ledger(std::size_t workspace);
  void judge_laws(std::size_t workspace);
  void judge_replica(Machine& machine, std::size_t workspace);

  bool chance(unsigned percent) { return random_.below(100) < percent; }
  bool is_lost(const Machine& machine) { return machine.is_partitioned || (faults_ && chance(10)); }
  Millis latency() { return 1 + random_.below(faults_ ? (chance(4) ? 600 : 40) : 4); }
  base::Timestamp hub_time() const;
  void trace(const std::string& line) const;

  const RunOptions options_;
  base::SeededRandom random_;
  sim::Scheduler scheduler_;
  Hub hub_;
  std::unique_ptr<Hub> backup_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<Acknowledged> ledger_;
  std::map<std::string, std::size_t> by_session_; // into the ledger
  std::uint64_t last_request_ = 0;
  bool faults_ = true;
};

} // namespace memsync::model_sim
