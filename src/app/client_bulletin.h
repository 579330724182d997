#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "app/client_sidecar_file.h"
#include "base/clock.h"
#include "base/result.h"
#include "replica/engine.h"

namespace memsync::app {

/// What the process that leads a store tells the others of that store, rewritten every half second and
/// whenever it changes.
struct Bulletin {
  std::int64_t generation = 0;
  std::chrono::milliseconds beat{0}; // when written, on the machine's monotonic clock; 0: resigned
  bool holds_lock = true;            // false: took over from a process that is stopped and keeps the lock
  std::uint64_t answered = 0;        // requests for a sync that were carried out
  replica::Connection connection;
  replica::SyncCounters counters;
  std::set<model::WorkspaceId> settled;      // workspaces with nothing left to do
  std::vector<model::PresentMember> present; // who is here; as many as fit
  bool knows_present = false;                // of all workspaces
};

std::string encode(const Bulletin& bulletin);
base::Result<Bulletin> decode_bulletin(std::string_view text);

/// The file beside the store that holds the bulletin.
class BulletinBoard {
 public:
  /// Opens or creates (0600) the file at `path`.
  static base::Result<BulletinBoard> open(const std::string& path);
  void post(const Bulletin& bulletin) const;
  /// Nothing before the first leader, and for a text that cannot be read.
  std::optional<Bulletin> read() const;

 private:
  explicit BulletinBoard(SidecarFile file) : file_(std::move(file)) {}
  SidecarFile file_;
};

/// Counts requests for a sync among the processes of a store: each adds one byte to a file, so that no
/// request is lost and none is counted twice.
class SyncRequests {
 public:
  static base::Result<SyncRequests> open(const std::string& path);
  SyncRequests(SyncRequests&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  SyncRequests& operator=(SyncRequests&&) = delete;
  ~SyncRequests();

  /// Adds a request; its number, from 1.
  std::uint64_t add() const;
  std::uint64_t count() const;

 private:
  explicit SyncRequests(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

} // namespace memsync::app
