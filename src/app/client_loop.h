#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "mcp/executor.h"
#include "mcp/stdio.h"

namespace memsync::app {

/// The core thread's loop: runs jobs in order, and between them gives the sync its turn. Sleeps until a
/// job, a wake, a commit of another process or the time the last turn asked for.
class ClientLoop final : public mcp::Executor {
 public:
  /// Does what is due and returns when to be called again at the latest. `committed`: somebody may have
  /// committed to the store since the last turn.
  using Turn = std::function<base::Instant(bool committed)>;

  ClientLoop() = default;
  /// Also wakes at every commit of any process of the store in `folder`. Without inotify the turns notice
  /// them by themselves, later.
  void watch_commits(const std::string& folder);

  void post(std::function<void()> job) override;
  /// The next turn comes soon. Any thread.
  void wake() { wake_.notify(); }

  /// Runs on the calling thread until `is_done()` holds after a turn, or stop(). Exceptions of jobs end it.
  void run(const Turn& turn, const std::function<bool()>& is_done);
  /// Any thread. Jobs that have not started are dropped.
  void stop();

 private:
  bool run_jobs();
  bool sleep_until(base::Instant deadline);
  bool take_commit_event();

  mcp::WakeEvent wake_;
  mcp::FileDescriptor commits_; // inotify
  std::string wake_path_;
  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_; // guarded by mutex_
  bool is_stopped_ = false;                // guarded by mutex_
};

} // namespace memsync::app
