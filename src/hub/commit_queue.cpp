#include "hub/commit_queue.h"

#include "base/log.h"

namespace memsync::hub {

using base::Result;

namespace {
constexpr std::array k_size_bounds{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0};
} // namespace

CommitQueue::CommitQueue(HubStore& store, base::Clock& clock, Metrics& metrics, OnCommit on_commit)
    : store_(store),
      clock_(clock),
      on_commit_(std::move(on_commit)),
      seconds_(metrics.histogram("memsync_commit_seconds", "Time of one transaction, its flush included",
                                 k_seconds_bounds)),
      sizes_(
          metrics.histogram("memsync_commit_jobs", "Requests committed by one transaction", k_size_bounds)),
      failures_(
          metrics.counter("memsync_commit_failures_total", "Transactions that could not be committed")) {}

void CommitQueue::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      jobs_.push_back(std::move(job));
      ready_.notify_one();
      return;
    }
  }
  job.done(base::Error{base::ErrorCode::busy, "the hub is stopping: try again"});
}

void CommitQueue::run(Job job) {
  std::vector<Job> jobs;
  jobs.push_back(std::move(job));
  commit(jobs);
}

void CommitQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ready_.notify_all();
}

bool CommitQueue::step() {
  std::vector<Job> jobs = take_batch();
  if (jobs.empty()) return false;
  commit(jobs);
  return true;
}

std::vector<CommitQueue::Job> CommitQueue::take_batch() {
  std::unique_lock lock(mutex_);
  ready_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
  std::vector<Job> batch;
  std::size_t weight = 0;
  while (!jobs_.empty() && (batch.empty() || weight + jobs_.front().weight <= k_batch_weight)) {
    weight += jobs_.front().weight;
    batch.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  return batch;
}

void CommitQueue::commit(std::vector<Job>& jobs) {
  const base::Instant began = clock_.instant();
  std::vector<Result<>> results(jobs.size());
  Result<> committed = commit_together(jobs, results);
  if (!committed && jobs.size() > 1) {
    // Which of them made it fail is not known: each gets a transaction of its own.
    for (Job& job : jobs) run(std::move(job));
    return;
  }
  const std::chrono::duration<double> took = clock_.instant() - began;
  seconds_.observe(took.count());
  sizes_.observe(static_cast<double>(jobs.size()));
  if (!committed) failures_.add();
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs[i].done(committed ? results[i] : committed);
  if (auto tidied = store_.tidy(); !tidied)
    base::log(base::LogLevel::warning, "checkpoint: {}", tidied.error().message);
}

Result<> CommitQueue::commit_together(std::vector<Job>& jobs, std::vector<Result<>>& results) {
  std::vector<model::UserId> touched;
  TRY(store_.run_write([&](StoreTxn& txn) {
    if (jobs.size() == 1) {
      const bool keep = jobs[0].body(txn);
      touched = txn.touched_users();
      return keep;
    }
    for (std::size_t i = 0; i < jobs.size(); ++i)
      if (auto part = txn.nested([&] { return jobs[i].body(txn); }); !part) results[i] = part.error();
    touched = txn.touched_users();
    return true;
  }));
  if (!touched.empty()) on_commit_(touched);
  return {};
}

} // namespace memsync::hub
