#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/sim/hub_site.h"
#include "tests/sim/machine.h"
#include "tests/sim/scheduler.h"
#include "tests/sim/violation.h"

namespace memsync::sim {

/// One operation that a machine acknowledged to its user.
struct Acknowledged {
  std::size_t machine = 0;
  model::WorkspaceId workspace;
  /// The agent session it was reported under, one per operation: it survives that a restored hub has the
  /// operation sent again with another base, which changes its hash.
  std::string session;
  model::NodeId node;
  std::int64_t increment = 0;
  /// It may be lost: its disk was replaced by an older copy, or it was never acknowledged, since the disk
  /// failed under it.
  bool is_waived = false;
};

struct RunOptions {
  std::uint64_t seed = 1;
  std::size_t edits = 160; // of all machines together
  bool trace = false;
};

/// One seeded run: a hub, machines of several people, a network, disks and clocks with faults, and a quiet
/// end, after which everything must have come together.
class World {
 public:
  World(const RunOptions& options, const std::filesystem::path& folder);
  ~World();

  /// Throws Violation.
  void run();

  Scheduler& scheduler() { return scheduler_; }
  base::Random& random() { return random_; }
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  bool has_faults() const { return faults_; }
  /// A one-way delay.
  Millis latency() { return 1 + random_.below(faults_ ? 40 : 3); }
  const std::vector<model::WorkspaceId>& workspaces() const { return workspaces_; }
  std::vector<std::unique_ptr<Machine>>& machines() { return machines_; }
  /// Of the team, who sees everything and is never removed.
  const hub::Principal& owner() const { return machines_.front()->principal(); }
  void trace(const std::string& line);

  // --- the hub
  HubSite& site() { return *site_; }
  bool is_hub_up() const { return site_->is_up(); }
  hub::Hub& hub() { return site_->hub(); }
  const LogArchive& archive(const model::WorkspaceId& workspace) {
    return site_->archive(owner(), workspace);
  }
  void pump();
  /// To be called after whatever the hub did for somebody: false when it died under it, and then nothing of
  /// what it said counts.
  bool hub_survives();

  // --- what the people did
  void note(const Acknowledged& operation) { ledger_.push_back(operation); }
  std::vector<Acknowledged>& ledger() { return ledger_; }
  std::string next_session() { return "s" + std::to_string(++sessions_); }
  std::vector<model::NodeId>& nodes(const model::WorkspaceId& workspace) { return nodes_[workspace]; }

  // --- who may see what (membership.cpp)
  void plan_membership(std::size_t person, Millis length);
  /// Throws Violation when this is news of a workspace for somebody who was removed from it.
  void check_delivery(const Machine& machine, const model::WorkspaceId& workspace, std::uint64_t sequence);
  bool is_member(const Machine& machine, const model::WorkspaceId& workspace);

 private:
  using Seat = std::pair<model::UserId, model::WorkspaceId>;

  // plan.cpp
  void plan();
  void plan_machine(Machine& machine, Millis length);
  void plan_disk_faults(Machine& machine, Millis length);
  void plan_hub(Millis length);
  /// Once per run at most each: one store is put back to an older copy, and the hub to a backup; the hub
  /// again to what it was before that, when the backup turns out to be the wrong one.
  void plan_restore(Millis length);

  void add_person(std::size_t index, const std::string& token);
  void stop_hub();
  void start_hub_later(Millis delay);
  void restore_hub();
  void compact();
  void settle();

  // membership.cpp
  /// Runs the action as soon as the hub is up; it is over when the hub survived it.
  void administer(std::function<void(hub::Hub&)> action);
  void remove(const Seat& seat);
  void invite_again(const Seat& seat, const Machine& machine);
  void change_role(const Seat& seat, model::Role role);

  const RunOptions options_;
  const std::filesystem::path folder_;
  Scheduler scheduler_;
  SimClock clock_;
  base::SeededRandom random_;
  std::unique_ptr<HubSite> site_;
  std::vector<std::unique_ptr<Machine>> machines_;
  std::vector<model::WorkspaceId> workspaces_;
  std::map<model::WorkspaceId, std::vector<model::NodeId>> nodes_;
  std::vector<Acknowledged> ledger_;
  std::map<Seat, std::uint64_t> removed_at_; // the head then
  std::set<Seat> ever_removed_;
  std::uint64_t sessions_ = 0;
  bool faults_ = true;
};

} // namespace memsync::sim
