#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "hub/admin.h"
#include "hub/backends/local_broker.h"
#include "hub/hub.h"
#include "tests/sim/archive.h"
#include "tests/vfs/disk.h"

namespace memsync::sim {

/// The machine of the hub: a disk in memory, and the process that serves while it runs.
class HubSite {
 public:
  /// `folder` is a real one, for the writer lock.
  HubSite(base::Clock& clock, base::Random& random, const std::filesystem::path& folder);

  /// Throws Violation when the hub does not open.
  void start();
  bool is_up() const { return hub_ != nullptr; }
  /// The process was killed, or the power failed, under a call that was just made.
  bool has_died() const { return process_ && !process_->is_alive(); }
  /// Ends what runs, dead or alive, and brings the power back. Streams must be gone.
  void stop();

  void arm(const vfs::Fault& fault) {
    if (is_up()) disk_.arm(fault);
  }
  void heal() { disk_.heal(); }

  /// Lets the hub hand out what was committed; what a hub with threads does by itself.
  void pump();
  /// Takes what the log has by now into the archive. Only while it is up and healthy.
  const LogArchive& archive(const hub::Principal& owner, const model::WorkspaceId& workspace);

  void save_backup();
  bool has_backup() const { return backup_.has_value(); }
  /// As a restore does with what the hub has; taken back, it is what is restored next.
  void set_aside() { later_ = Backup{disk_.image(), archives_}; }
  void take_back() { backup_ = std::exchange(later_, std::nullopt); }
  /// Puts the disk back under a new epoch, as the operator's command gives it. It must be stopped; it is up
  /// afterwards.
  void restore_backup();

  hub::Hub& hub() { return *hub_; }
  hub::HubStore& store() { return *store_; }

 private:
  using Archives = std::map<model::WorkspaceId, LogArchive>;
  struct Backup {
    vfs::Disk::Image image;
    Archives archives;
  };

  base::Clock& clock_;
  base::Random& random_;
  const std::string path_;
  vfs::Disk disk_;
  std::unique_ptr<vfs::Process> process_;
  std::unique_ptr<hub::HubStore> store_;
  hub::LocalBroker broker_;
  std::unique_ptr<hub::Hub> hub_;
  Archives archives_;
  std::optional<Backup> backup_, later_;
};

} // namespace memsync::sim
