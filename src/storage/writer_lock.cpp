#include "storage/writer_lock.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

#include "base/log.h"
#include "storage/database_error.h"

namespace memsync::storage {

using base::Error;
using base::ErrorCode;
using base::Instant;
using base::Result;

/// The lock among the threads of this process, so that only one of them polls the file. First come, first
/// served: a thread that writes without a break would otherwise take it again before the waiting one wakes.
/// Not a std::mutex also because a guard may be given back by another thread than took it.
class ThreadGate {
 public:
  bool enter_until(Instant deadline) {
    std::unique_lock lock(mutex_);
    if (!std::exchange(is_taken_, true)) return true;
    Waiter self;
    waiters_.push_back(&self);
    self.wakes.wait_until(lock, deadline, [&] { return self.is_next; });
    if (!self.is_next) std::erase(waiters_, &self);
    return self.is_next;
  }
  bool try_enter() {
    const std::lock_guard lock(mutex_);
    return !std::exchange(is_taken_, true);
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
      is_taken_ = false;
      return;
    }
    waiters_.front()->is_next = true; // it stays taken, for that thread
    waiters_.front()->wakes.notify_one();
    waiters_.pop_front();
  }

 private:
  struct Waiter {
    std::condition_variable wakes;
    bool is_next = false;
  };
  std::mutex mutex_;
  std::deque<Waiter*> waiters_; // guarded by mutex_
  bool is_taken_ = false;       // guarded by mutex_
};

namespace {

/// The gate of a file, shared by every FileLock of it in this process. A forked child has gates of its own:
/// a copied one may have been taken by a thread that does not exist in the child.
std::shared_ptr<ThreadGate> gate_of(const struct stat& file, pid_t process) {
  static std::mutex mutex;
  static std::map<std::tuple<dev_t, ino_t, pid_t>, std::weak_ptr<ThreadGate>> gates; // guarded by mutex
  const std::lock_guard lock(mutex);
  std::erase_if(gates, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<ThreadGate>& known = gates[{file.st_dev, file.st_ino, process}];
  std::shared_ptr<ThreadGate> gate = known.lock();
  if (!gate) known = gate = std::make_shared<ThreadGate>();
  return gate;
}

/// Calls `attempt`, which answers Result<bool>, until it is true or fails; false when `deadline` passes
/// first.
template <class F>
Result<bool> poll_until(Instant deadline, std::chrono::microseconds pause, F&& attempt) {
  for (;;) {
    Result<bool> done = attempt();
    if (!done || *done) return done;
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

} // namespace

struct FileLock::State {
  std::string path;
  int descriptor = -1;
  pid_t process = 0;
  std::shared_ptr<ThreadGate> gate;

  ~State() { close_file(); }

  void close_file() {
    // The lock belongs to the open file, which a forked child shares: closing gives it back only when
    // nobody else has it open, unlocking would take it from the parent.
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }

  Result<> open_file() {
    close_file();
    descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat file {};
    if (descriptor < 0 || ::fstat(descriptor, &file) != 0)
      return system_error("open the lock file", path, errno);
    process = ::getpid();
    gate = gate_of(file, process);
    return {};
  }

  /// True when the lock was taken, false while another process has it.
  Result<bool> try_flock() const {
    while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return false;
      if (errno != EINTR) return system_error("lock", path, errno);
    }
    return true;
  }

  /// The turn: the right to be the next one that waits for the flock. An open-file-description lock on
  /// the first byte, which Linux keeps apart from flock.
  Result<bool> try_turn() const {
    if (set_turn(F_WRLCK)) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    return system_error("lock", path, errno);
  }
  void give_turn() const { set_turn(F_UNLCK); }
  bool set_turn(short type) const {
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_len = 1;
    return ::fcntl(descriptor, F_OFD_SETLK, &range) == 0;
  }

  /// True when somebody deleted the file: the next process would lock a new one beside ours.
  bool is_deleted() const {
    struct stat file {};
    return ::fstat(descriptor, &file) != 0 || file.st_nlink == 0;
  }

  void release() const {
    ::flock(descriptor, LOCK_UN);
    gate->leave();
  }
};

FileLock::FileLock(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileLock::~FileLock() = default;

Result<std::unique_ptr<FileLock>> FileLock::open(std::string path) {
  auto state = std::make_unique<State>();
  state->path = std::move(path);
  TRY(state->open_file());
  return std::unique_ptr<FileLock>(new FileLock(std::move(state)));
}

Result<std::optional<FileLock::Guard>> FileLock::try_lock() {
  if (state_->process != ::getpid()) TRY(state_->open_file());
  if (!state_->gate->try_enter()) return std::optional<Guard>();
  const Result<bool> locked = state_->try_flock();
  if (!locked || !*locked) {
    state_->gate->leave();
    if (!locked) return locked.error();
    return std::optional<Guard>();
  }
  if (!state_->is_deleted()) return std::optional<Guard>(Guard(this));
  state_->release();
  TRY(state_->open_file());
  return try_lock();
}

// flock has no deadline, and interrupting a blocking one would need a signal of the whole process, so it is
// polled. Polling alone starves: a process that writes without a break has the lock again microseconds after
// it gave it back, and of 16 such processes one got no turn within 4 s. So whoever wants the lock first needs
// the turn, and keeps it until it has the lock: the former holder comes after it. The turn is only
// politeness; a process stopped while it has the turn must not stop the others, so they wait for it only so
// long.
Result<FileLock::Guard> FileLock::lock_until(Instant deadline) {
  constexpr std::chrono::microseconds k_turn_pause{300};
  constexpr std::chrono::microseconds k_lock_pause{50};
  constexpr std::chrono::milliseconds k_politeness{500};
  State& state = *state_;
  if (state.process != ::getpid()) TRY(state.open_file());
  const auto busy = [&] {
    return Error{ErrorCode::busy, "another process holds " + state.path + "; nothing was changed; try again"};
  };
  if (!state.gate->enter_until(deadline)) return busy();
  const Instant polite_until = std::min(deadline, std::chrono::steady_clock::now() + k_politeness);
  const Result<bool> has_turn = poll_until(polite_until, k_turn_pause, [&] { return state.try_turn(); });
  const Result<bool> locked = poll_until(deadline, k_lock_pause, [&] { return state.try_flock(); });
  if (has_turn && *has_turn) state.give_turn();
  if (!locked || !*locked) {
    state.gate->leave();
    return locked ? busy() : locked.error();
  }
  if (!state.is_deleted()) return Guard(this);
  state.release();
  TRY(state.open_file());
  return lock_until(deadline);
}

void FileLock::unlock() {
  if (state_->process == ::getpid()) state_->release(); // a forked child must not unlock its parent's
}

// Its length is the note: a write could find no space, and need not survive a power cut anyway.
void FileLock::leave_note() {
  if (::ftruncate(state_->descriptor, 1) != 0)
    base::log(base::LogLevel::warning, "cannot leave a note in {}", state_->path);
}

void FileLock::take_back_note() {
  if (::ftruncate(state_->descriptor, 0) != 0)
    base::log(base::LogLevel::warning, "cannot take back the note in {}", state_->path);
}

bool FileLock::has_note() const {
  struct stat file {};
  return ::fstat(state_->descriptor, &file) == 0 && file.st_size > 0;
}

const std::string& FileLock::path() const { return state_->path; }

} // namespace memsync::storage
