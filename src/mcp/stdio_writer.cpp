#include "mcp/stdio_writer.h"

#include <array>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace memsync::mcp {

namespace {

bool is_socket(int fd) {
  struct stat info = {};
  return ::fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

} // namespace

StdioTransport::Writer::Writer(int fd, std::function<void()> changed)
    : fd_(fd), is_socket_(is_socket(fd)), changed_(std::move(changed)), thread_([this] { work(); }) {}

StdioTransport::Writer::~Writer() { finish(base::Instant::min()); }

void StdioTransport::Writer::push(std::string line) {
  line += '\n';
  const std::lock_guard lock(mutex_);
  if (is_done_ || is_finishing_) return;
  queued_bytes_ += line.size();
  lines_.push_back(std::move(line));
  ready_.notify_one();
}

void StdioTransport::Writer::finish(base::Instant latest) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    is_finishing_ = true;
    ready_.notify_one();
    done_.wait_until(lock, latest, [&] { return is_done_; });
  }
  give_up_.notify();
  thread_.join();
}

void StdioTransport::Writer::work() {
  for (;;) {
    std::string line;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [&] { return is_finishing_ || !lines_.empty(); });
      if (lines_.empty()) break;
      line = std::move(lines_.front());
      lines_.pop_front();
    }
    const bool is_written = write_all(line);
    queued_bytes_ -= line.size();
    if (!is_written) break;
    changed_();
  }
  {
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    done_.notify_all();
  }
  changed_();
}

bool StdioTransport::Writer::write_all(const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    if (!wait_writable()) return false;
    // A pipe that polls writable has room for PIPE_BUF bytes, so a write of so many does not block.
    const auto chunk = rest.substr(0, is_socket_ ? rest.size() : std::size_t{PIPE_BUF});
    const auto count = is_socket_ ? ::send(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                  : ::write(fd_, chunk.data(), chunk.size());
    if (count > 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && errno != EINTR && errno != EAGAIN) {
      is_broken_ = true;
      return false;
    }
  }
  return true;
}

/// False when the writer must give up.
bool StdioTransport::Writer::wait_writable() {
  for (;;) {
    std::array<pollfd, 2> fds = {{{give_up_.fd(), POLLIN, 0}, {fd_, POLLOUT, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0) return false;
    if (fds[1].revents != 0) return true; // an error shows itself in write
  }
}

} // namespace memsync::mcp
