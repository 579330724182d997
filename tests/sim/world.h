#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "hub/admin.h"
#include "hub/backends/local_broker.h"
#include "hub/backends/sqlite_store.h"
#include "hub/hub.h"
#include "replica/engine.h"
#include "tests/sim/network.h"
#include "tests/sim/scheduler.h"

namespace memsync::sim {

/// Something that must never happen; the run stops and prints its seed.
struct Violation {
  std::string what;
};
inline void require(bool holds, const std::string& what) {
  if (!holds) throw Violation{what};
}

/// One operation that a machine acknowledged to its user.
struct Acknowledged {
  std::size_t machine = 0;
  model::WorkspaceId workspace;
  /// The agent session it was reported under, one per operation: it survives that a restored hub has the
  /// operation sent again with another base, which changes its hash.
  std::string session;
  model::NodeId node;
  std::int64_t increment = 0;
  bool is_waived = false; // its disk was replaced by an older copy: it may be lost
};

/// One machine: a store, and the process that syncs it while it runs.
class Machine {
 public:
  Machine(World& world, std::size_t index, std::string token, std::string store);
  ~Machine();

  void start();
  /// The process dies between two commits; its store stays.
  void crash();
  bool is_running() const { return engine_ != nullptr; }
  void post(replica::EngineMessage message);
  /// One random change by its user.
  void edit();
  /// A copy of the store as it is now, and putting it back (which forks the replica).
  void save_copy();
  void restore_copy();
  /// Whether it was put back to a copy once: it may have sent what it does not know it sent.
  bool was_restored() const { return was_restored_; }

  replica::Replica& replica() { return *replica_; }
  SimHubClient& client() { return *client_; }
  SimClock& clock() { return clock_; }
  const std::string& token() const { return token_; }
  std::size_t index() const { return index_; }
  bool is_partitioned = false;
  const std::string folder;

 private:
  void step(replica::EngineMessage message);
  void wake_at(base::Instant instant);

  World& world_;
  const std::size_t index_;
  const std::string token_;
  SimClock clock_;
  base::SeededRandom random_;
  std::unique_ptr<replica::Replica> replica_;
  std::unique_ptr<SimHubClient> client_;
  std::unique_ptr<replica::Engine> engine_;
  std::uint64_t incarnation_ = 0;
  Millis next_wake_ = 0;
  bool was_restored_ = false;
  std::size_t copied_at_ = 0; // how long the ledger was when the copy was made
};

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t edits_per_machine = 40;
  bool trace = false;
};

/// One seeded run: a hub, machines, a network with faults, and a quiet end after which everything must
/// have come together.
class World {
 public:
  World(const RunOptions& options, const std::filesystem::path& folder);
  ~World();

  /// Throws Violation.
  void run();

  Scheduler& scheduler() { return scheduler_; }
  hub::Hub& hub() { return *hub_; }
  base::Random& random() { return random_; }
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  bool has_faults() const { return faults_; }
  /// A one-way delay.
  Millis latency() { return 1 + random_.below(faults_ ? 40 : 3); }
  void pump();
  void note(const Acknowledged& operation) { ledger_.push_back(operation); }
  std::vector<Acknowledged>& ledger() { return ledger_; }
  std::string next_session() { return "s" + std::to_string(++sessions_); }
  std::vector<model::NodeId>& nodes(const model::WorkspaceId& workspace) { return nodes_[workspace]; }
  const std::vector<model::WorkspaceId>& workspaces() const { return workspaces_; }
  std::vector<std::unique_ptr<Machine>>& machines() { return machines_; }
  void trace(const std::string& line);

 private:
  void open_hub();
  void close_hub();
  void save_hub();
  void restore_hub();
  void plan();
  void plan_machine(Machine& machine, Millis length);
  /// Once per run at most: one store is put back to an older copy, or the hub to a backup.
  void plan_restore(Millis length);
  void settle();

  const RunOptions options_;
  const std::filesystem::path folder_;
  Scheduler scheduler_;
  SimClock clock_;
  base::SeededRandom random_;
  std::unique_ptr<hub::HubStore> store_;
  hub::LocalBroker broker_;
  std::unique_ptr<hub::Hub> hub_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<model::WorkspaceId> workspaces_;
  std::map<model::WorkspaceId, std::vector<model::NodeId>> nodes_;
  std::vector<Acknowledged> ledger_;
  std::uint64_t sessions_ = 0;
  bool faults_ = true;
};

} // namespace memsync::sim
