#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace memsync::net::server {

/// The network thread's queue of work. Kept alive by whoever may still post to it.
class Loop {
 public:
  Loop() : work_(io_.get_executor()) {}

  /// Has the network thread call `task` soon; from any thread.
  void post(std::function<void()> task);

  /// Calls `task` on the network thread after `delay`, unless the returned handle is dropped before.
  /// Network thread only.
  [[nodiscard]] std::shared_ptr<void> run_after(std::chrono::milliseconds delay, std::function<void()> task);

  /// Works on the calling thread until end() is called.
  void run() { io_.run(); }
  void end() { io_.stop(); }
  /// After run() has returned: does what was posted meanwhile.
  void run_rest() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context io_{1}; // one thread runs it: no locking of descriptors
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

} // namespace memsync::net::server
