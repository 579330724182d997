#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hub/principal.h"
#include "replica/engine.h"
#include "tests/sim/network.h"
#include "tests/sim/scheduler.h"
#include "tests/vfs/disk.h"

namespace memsync::sim {

/// One machine: a disk in memory, the store on it, and the process that syncs it while it runs. It belongs to
/// one person.
class Machine {
 public:
  /// `folder` is a real one, for the writer lock.
  Machine(World& world, std::size_t index, std::string token, hub::Principal principal, std::string folder);
  ~Machine();

  /// Does nothing while it runs.
  void start();
  /// The process dies between two of its calls.
  void crash();
  /// The disk fails, fills up, or takes the process or the power with it, at a later write or sync.
  void arm(const vfs::Fault& fault);
  void heal() { disk_.heal(); }
  bool is_running() const { return engine_ != nullptr; }

  void post(replica::EngineMessage message);
  /// One random change by its user.
  void edit();
  /// A copy of the disk as it is now, and putting it back (which forks the replica).
  void save_copy();
  void restore_copy();
  /// Whether it was put back to a copy once: it may have sent what it does not know it sent.
  bool was_restored() const { return was_restored_; }

  replica::Replica& replica() { return *replica_; }
  SimHubClient& client() { return *client_; }
  SimClock& clock() { return clock_; }
  const std::string& token() const { return token_; }
  const hub::Principal& principal() const { return principal_; }
  std::size_t index() const { return index_; }
  bool is_partitioned = false;

 private:
  struct Copy {
    vfs::Disk::Image image;
    std::size_t at = 0; // how long the ledger was
  };

  void step(replica::EngineMessage message);
  void wake_at(base::Instant instant);
  /// After a call of the store: ends the process when a fault took it. Whether it still runs.
  bool survives(bool has_failed);
  void end_process();
  void start_later(Millis delay);

  World& world_;
  const std::size_t index_;
  const std::string token_;
  const hub::Principal principal_;
  const std::string folder_;
  SimClock clock_;
  base::SeededRandom random_;
  vfs::Disk disk_;
  std::unique_ptr<vfs::Process> process_;
  std::unique_ptr<replica::Replica> replica_;
  std::unique_ptr<SimHubClient> client_;
  std::unique_ptr<replica::Engine> engine_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t strikes_ = 0; // of the disk, that were dealt with
  Millis next_wake_ = 0;
  bool was_restored_ = false;
  std::optional<Copy> copy_;
};

} // namespace memsync::sim
