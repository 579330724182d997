#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace memsync::storage {

/// An exclusive lock between processes (flock on a file of its own) and between the threads of this
/// process. The kernel releases it when its holder dies. Used for writing a database
/// (`<database>.lock`) and for electing the process that talks to the hub.
///
/// flock and not fcntl: a POSIX lock is dropped as soon as any descriptor of that file is closed
/// anywhere in the process. The file is never deleted: a waiter would then lock the deleted file while
/// the next process locks a new one, and both would hold "the" lock.
class FileLock {
 public:
  /// Holds the lock; gives it back when destroyed. Must not outlive its FileLock.
  class [[nodiscard]] Guard {
   public:
    Guard(Guard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    Guard& operator=(Guard&& other) noexcept {
      std::swap(lock_, other.lock_);
      return *this;
    }
    ~Guard() {
      if (lock_) lock_->unlock();
    }

   private:
    friend class FileLock;
    explicit Guard(FileLock* lock) : lock_(lock) {}
    FileLock* lock_;
  };

  /// Opens or creates (0600) the lock file; does not lock. Fails with `storage_full` or `internal`.
  static base::Result<std::unique_ptr<FileLock>> open(std::string path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  /// Never waits: the guard, or nothing while somebody else holds the lock.
  base::Result<std::optional<Guard>> try_lock();
  /// Waits until `deadline`; `busy` when it passes first.
  base::Result<Guard> lock_until(base::Instant deadline);

  /// A note for whoever takes the lock later, kept until it is taken back or the system restarts. For
  /// holders of the lock; best effort.
  void leave_note();
  void take_back_note();
  bool has_note() const;

  const std::string& path() const;

 private:
  struct State;
  explicit FileLock(std::unique_ptr<State> state);
  void unlock();

  std::unique_ptr<State> state_;
};

} // namespace memsync::storage
