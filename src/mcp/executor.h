#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace memsync::mcp {

/// Where jobs run. The server posts to three of them: `core`, whose jobs must run one by one in
/// order, `pool`, whose jobs may run in parallel, and `quick`, whose jobs are so short that none waits
/// noticeably for another.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Never blocks. A job posted after the executor has stopped is destroyed without running.
  virtual void post(std::function<void()> job) = 0;
};

/// A fixed number of threads over one queue; with one thread jobs run in order. The queue is not
/// bounded here: the server stops reading before more than k_max_running jobs wait.
class ThreadPool final : public Executor {
 public:
  explicit ThreadPool(std::size_t threads);
  /// Finishes the jobs that have started, drops the others, joins.
  ~ThreadPool() override;

  void post(std::function<void()> job) override;
  /// As the destructor; safe to call twice, not from a job.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> jobs_; // guarded by mutex_
  bool stopped_ = false;                   // guarded by mutex_
  std::vector<std::thread> threads_;
};

} // namespace memsync::mcp
