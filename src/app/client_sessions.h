#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/client_sidecar_file.h"
#include "base/clock.h"
#include "base/random.h"
#include "model/presence.h"

namespace memsync::app {

/// The sessions of all processes of a store: each keeps a file of its own in `FOLDER/sessions`, locked while
/// the process lives, and the leader reports what is in them. Used on one thread.
class SessionFiles {
 public:
  static constexpr std::chrono::minutes k_active{2}, k_idle{15};

  /// Touches nothing yet.
  SessionFiles(std::string folder, base::Random& random);

  /// What this process is doing, and since when it did nothing (on the machine's monotonic clock). Writes
  /// only what changed.
  base::Result<> post(const model::Presence& presence, base::Instant active_at);
  /// Everybody's, with their states as of now; files of processes that have ended are deleted.
  std::vector<model::Presence> list(base::Instant now) const;

 private:
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  const std::string folder_;
  const std::string name_; // of this process's file
  std::optional<SidecarFile> own_;
  std::string posted_;
};

} // namespace memsync::app
