#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace memsync::net::server {

/// Apart, so that nobody who only reads waits behind those who wait for a commit.
enum class Pool { readers, writers };

/// The threads on which handlers may wait for the database.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t waiting);
  ~WorkerPool() { end(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when too much is waiting already. `task` must not throw.
  bool try_run(std::function<void()> task) { return queue_.try_push(std::move(task)); }

  /// Finishes what is running and drops what waits.
  void end();

 private:
  std::atomic<bool> ending_{false};
  base::BoundedQueue<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
};

} // namespace memsync::net::server
