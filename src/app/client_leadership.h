#pragma once

#include <memory>
#include <optional>

#include "app/client_bulletin.h"
#include "replica/replica.h"
#include "storage/writer_lock.h"

namespace memsync::app {

/// Elects, among the processes of one store, the one that talks to the hub. Used on one thread.
///
/// The leader holds a file lock, which the kernel gives back when it dies, and posts a bulletin at least
/// every k_beat. A process that is stopped (SIGSTOP, a suspended terminal) keeps its lock: when its bulletin
/// is older than k_stale, another process supersedes it by raising the store's generation under the writer
/// lock. Every transaction of a leader checks the generation, so that one that wakes up later can do
/// nothing but step down.
class Leadership {
 public:
  static constexpr std::chrono::milliseconds k_beat{500};
  static constexpr std::chrono::milliseconds k_stale{3'000};

  /// `replica` must outlive it.
  static base::Result<std::unique_ptr<Leadership>> open(replica::Replica& replica);
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;
  /// Resigns.
  ~Leadership();

  /// To be called every k_beat: a leader that was superseded steps down, anybody else becomes the leader if
  /// there is none. True when this process leads afterwards. An error leaves it without leadership.
  base::Result<bool> update();
  bool is_leading() const { return generation_.has_value(); }
  /// Only while leading.
  std::int64_t generation() const { return *generation_; }

  /// What the leader last posted; nothing before the first leader.
  std::optional<Bulletin> bulletin() const { return board_.read(); }
  /// True while its writer can be taken to be alive.
  bool is_current(const Bulletin& bulletin) const { return !is_stale(bulletin); }
  /// Posts as the leader; generation, time and lock are filled in. Does nothing without leadership.
  void post(Bulletin bulletin);

  /// Another process may lead at once. Called before a leader exits, and when its engine failed.
  void resign();

 private:
  Leadership(replica::Replica& replica, std::unique_ptr<storage::FileLock> lock, BulletinBoard board)
      : replica_(replica), lock_(std::move(lock)), board_(std::move(board)) {}

  base::Result<> keep();
  base::Result<> seek();
  bool is_stale(const Bulletin& bulletin) const;
  std::chrono::milliseconds now() const;

  replica::Replica& replica_;
  std::unique_ptr<storage::FileLock> lock_;
  BulletinBoard board_;
  std::optional<storage::FileLock::Guard> guard_;
  std::optional<std::int64_t> generation_; // set while leading
  Bulletin last_;                          // as posted
};

} // namespace memsync::app
