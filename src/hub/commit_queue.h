#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "hub/metrics.h"
#include "hub/store.h"

namespace memsync::hub {

/// Everything the hub writes goes through here: one thread commits what is waiting in one transaction.
///
/// A commit costs a disk flush, so the flushes are shared: while one transaction is on its way to the disk
/// the next ones gather, up to 200 operations, and a lone job never waits for company. Each job is a part of
/// its own: one that fails is undone alone.
class CommitQueue {
 public:
  static constexpr std::size_t k_batch_weight = 200;

  struct Job {
    std::size_t weight = 1; // operations
    /// True: keep what it wrote. Run a second time when the first transaction failed as a whole.
    std::function<bool(StoreTxn&)> body;
    /// Called after the commit: without an error the job was carried out (kept or undone, as body said).
    std::function<void(const base::Result<>&)> done;
  };
  /// Called after a commit and before the jobs are told: whose rights may have changed.
  using OnCommit = std::function<void(const std::vector<model::UserId>& touched)>;

  CommitQueue(HubStore& store, base::Clock& clock, Metrics& metrics, OnCommit on_commit);

  /// Hands the job to the thread that calls `step`. After `close` the job is told `busy`.
  void submit(Job job);
  /// Runs the job in a transaction of its own, now, on this thread.
  void run(Job job);
  /// Waits for jobs and commits them. False when closed and nothing is left.
  bool step();
  void close();

  /// Submits `f(StoreTxn&)`, which returns an Answer, and waits for it. Not from the thread of `step`.
  template <class F>
  auto write(F&& f, bool has_thread) -> std::invoke_result_t<F, StoreTxn&> {
    using R = std::invoke_result_t<F, StoreTxn&>;
    std::optional<R> result;
    std::promise<void> finished;
    Job job;
    job.body = [&](StoreTxn& txn) {
      result.emplace(f(txn));
      return result->has_value();
    };
    job.done = [&](const base::Result<>& done) {
      if (!done) result.emplace(done.error());
      finished.set_value();
    };
    if (has_thread) {
      submit(std::move(job));
    } else {
      run(std::move(job));
    }
    finished.get_future().wait();
    return *std::move(result);
  }

 private:
  std::vector<Job> take_batch();
  void commit(std::vector<Job>& jobs);
  base::Result<> commit_together(std::vector<Job>& jobs, std::vector<base::Result<>>& results);

  HubStore& store_;
  base::Clock& clock_;
  const OnCommit on_commit_;
  Histogram& seconds_;
  Histogram& sizes_;
  Counter& failures_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_; // guarded by mutex_
  bool closed_ = false;  // guarded by mutex_
};

} // namespace memsync::hub
