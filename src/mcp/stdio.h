#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "mcp/server.h"

namespace memsync::mcp {

/// An open file descriptor, closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Keeps stdout for the protocol: returns a private duplicate and points descriptor 1 at stderr, so
/// that no library can write into the protocol. Call before anything may print. Fails with `internal`.
base::Result<FileDescriptor> take_over_stdout();

/// Wakes a thread that polls. notify() is safe in a signal handler.
class WakeEvent {
 public:
  WakeEvent(); // throws std::system_error when the process has no descriptors left
  int fd() const { return fd_.get(); }
  void notify() const;
  void clear() const;

 private:
  FileDescriptor fd_;
};

/// Makes SIGINT, SIGTERM and SIGHUP notify `stop` and ignores SIGPIPE, for the whole process; `stop`
/// must live as long as the process. A second of these signals ends the process at once.
void stop_on_signals(const WakeEvent& stop);

enum class Direction { received, sent };

/// Why a StdioTransport returned.
enum class StdioEnd {
  end_of_input,  // the client closed its side; everything read was answered or timed out
  stopped,       // the stop event fired (a signal)
  parent_gone,   // the process that started us is no more
  output_closed, // nobody reads our answers
};

struct StdioOptions {
  int input = 0;
  FileDescriptor output;                                           // of take_over_stdout()
  std::size_t max_queued_bytes = std::size_t{32} << 20;            // of output; above it stdin is not read
  std::chrono::milliseconds drain_limit = std::chrono::seconds(5); // for open calls at the end of input
  std::chrono::milliseconds stop_flush_limit = std::chrono::milliseconds(150); // for output when stopped
  bool watch_parent = true;
  /// Sees every line in both directions, from two threads; must not block long.
  std::function<void(Direction, std::string_view line)> trace;
};

/// The stdio transport: lines in from a reader (the thread that calls run), lines out through a
/// writer thread with a bounded queue. A client that does not read its answers never delays reading,
/// until more than `max_queued_bytes` wait for it.
class StdioTransport {
 public:
  explicit StdioTransport(StdioOptions options);
  /// Stops the writer; what it could not write is lost.
  ~StdioTransport();
  StdioTransport(const StdioTransport&) = delete;
  StdioTransport& operator=(const StdioTransport&) = delete;

  /// Queues one line (without its end) for the client; never blocks. For ServerParts::send.
  void send(std::string line);
  /// Has run() look at the server again. For ServerHooks::wake.
  void wake();

  /// Serves until the input ends, the parent is gone, the output is closed or `stop` is readable.
  /// Whatever happens, the server is stopped and the output flushed as far as the limits allow.
  StdioEnd run(Server& server, const WakeEvent& stop);

 private:
  class Writer;
  class Reader;

  StdioOptions options_;
  const int parent_; // at construction: whoever started us must not be gone before we look
  WakeEvent wake_;
  std::unique_ptr<Writer> writer_;
};

} // namespace memsync::mcp
