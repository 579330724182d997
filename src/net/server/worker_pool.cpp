#include "net/server/worker_pool.h"

namespace memsync::net::server {

WorkerPool::WorkerPool(std::size_t threads, std::size_t waiting) : queue_(waiting) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] {
      while (const auto task = queue_.pop())
        if (!ending_) (*task)();
    });
}

void WorkerPool::end() {
  ending_ = true;
  queue_.close();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

} // namespace memsync::net::server
