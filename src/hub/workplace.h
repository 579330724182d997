#pragma once

#include "base/random.h"
#include "hub/commit_queue.h"

namespace memsync::hub {

/// What the services of one hub work with.
struct Workplace {
  base::Clock& clock;
  base::Random& random;
  HubStore& store;
  CommitQueue& queue;
  bool has_writer; // a thread that calls queue.step(); without it the caller commits

  /// Commits what `f(StoreTxn&)` writes if the Answer it returns has a value, and returns that.
  template <class F>
  auto write(F&& f) {
    return queue.write(std::forward<F>(f), has_writer);
  }

  /// Commits soon what `body` writes; for what nobody waits for, such as the audit of a refusal.
  void write_soon(std::function<void(StoreTxn&)> body) {
    CommitQueue::Job job;
    job.body = [body = std::move(body)](StoreTxn& txn) { return body(txn), true; };
    job.done = [](const base::Result<>&) {};
    if (has_writer) return queue.submit(std::move(job));
    queue.run(std::move(job));
  }
};

} // namespace memsync::hub
