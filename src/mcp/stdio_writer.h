#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "mcp/stdio.h"

namespace memsync::mcp {

/// The thread that owns the output. It never blocks in write(2), so that it can be stopped while the
/// client does not read: the descriptor is shared with other processes and cannot be made non-blocking.
class StdioTransport::Writer {
 public:
  /// `changed`: the queue has shrunk below what it was, or the output broke.
  Writer(int fd, std::function<void()> changed);
  /// Gives up what is not written yet.
  ~Writer();

  void push(std::string line);
  /// Writes what is queued until `latest`, then stops.
  void finish(base::Instant latest);

  std::size_t queued_bytes() const { return queued_bytes_.load(); }
  bool is_broken() const { return is_broken_.load(); }

 private:
  void work();
  bool write_all(const std::string& line);
  bool wait_writable();

  const int fd_;
  const bool is_socket_;
  const std::function<void()> changed_;
  WakeEvent give_up_;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> is_broken_{false};
  std::mutex mutex_;
  std::condition_variable ready_, done_;
  std::deque<std::string> lines_; // guarded by mutex_
  bool is_finishing_ = false;     // guarded by mutex_: stop once the queue is empty
  bool is_done_ = false;          // guarded by mutex_
  std::thread thread_;
};

} // namespace memsync::mcp
