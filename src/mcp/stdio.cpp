#include "mcp/stdio.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/log.h"
#include "mcp/stdio_writer.h"
#include "wire/line_decoder.h"

namespace memsync::mcp {

namespace {

/// How often the parent is looked for. Its death closes our input too, unless another process holds
/// that pipe. PR_SET_PDEATHSIG is no substitute: it fires when the starting *thread* ends.
constexpr std::chrono::milliseconds k_parent_interval{1000};

std::atomic<int> g_stop_fd{-1};

void on_stop_signal(int signal) {
  const int saved = errno;
  const int fd = g_stop_fd.exchange(-1);
  if (fd < 0) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  } else {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
  }
  errno = saved;
}

int milliseconds_until(base::Instant deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

} // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

base::Result<FileDescriptor> take_over_stdout() {
  const auto failure = [] {
    return base::Error{base::ErrorCode::internal,
                       fmt::format("stdout cannot be used: {}", std::strerror(errno))};
  };
  FileDescriptor output(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (output.get() < 0) return failure();
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return failure();
  return output;
}

WakeEvent::WakeEvent() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void WakeEvent::notify() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void WakeEvent::clear() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_.get(), &count, sizeof count);
}

void stop_on_signals(const WakeEvent& stop) {
  g_stop_fd.store(stop.fd());
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

/// One run over one input. A loop over step(), which waits for whatever can make progress.
class StdioTransport::Reader {
 public:
  Reader(StdioTransport& transport, Server& server, const WakeEvent& stop)
      : options_(transport.options_),
        parent_(transport.parent_),
        writer_(*transport.writer_),
        wake_(transport.wake_),
        server_(server),
        stop_(stop) {}

  StdioEnd run() {
    while (!end_) step();
    if (*end_ == StdioEnd::end_of_input) drain();
    server_.stop();
    const auto flush_limit =
        *end_ == StdioEnd::end_of_input ? options_.drain_limit : options_.stop_flush_limit;
    writer_.finish(std::chrono::steady_clock::now() + flush_limit);
    return *end_;
  }

 private:
  bool can_work() const { return server_.has_room() && writer_.queued_bytes() <= options_.max_queued_bytes; }

  void step() {
    while (!lines_.empty() && can_work()) {
      deliver(lines_.front());
      lines_.pop_front();
    }
    if (lines_.empty() && is_input_over_) {
      end_ = StdioEnd::end_of_input;
      return;
    }
    const bool wants_input = lines_.empty() && can_work();
    if (wait(wants_input, k_parent_interval)) read_input();
  }

  /// Sleeps until something happened; true when the input is readable. Sets end_ when it is time to go.
  bool wait(bool wants_input, std::chrono::milliseconds limit) {
    std::array<pollfd, 3> fds = {
        {{stop_.fd(), POLLIN, 0}, {wake_.fd(), POLLIN, 0}, {wants_input ? options_.input : -1, POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), static_cast<int>(limit.count()));
    if (fds[0].revents != 0) {
      end_ = StdioEnd::stopped;
    } else if (writer_.is_broken()) {
      end_ = StdioEnd::output_closed;
    } else if (options_.watch_parent && ::getppid() != parent_) {
      end_ = StdioEnd::parent_gone;
    }
    if (fds[1].revents != 0) wake_.clear();
    return !end_ && fds[2].revents != 0;
  }

  void read_input() {
    const auto count = ::read(options_.input, buffer_.data(), buffer_.size());
    if (count > 0) {
      decoded_.clear();
      decoder_.feed({buffer_.data(), static_cast<std::size_t>(count)}, decoded_);
      for (auto& line : decoded_) lines_.push_back(std::move(line));
      return;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    is_input_over_ = true;
    if (auto last = decoder_.finish()) lines_.push_back(*std::move(last));
  }

  void deliver(const wire::DecodedLine& line) {
    if (const auto* overlong = std::get_if<wire::OverlongLine>(&line)) {
      if (options_.trace)
        options_.trace(Direction::received,
                       fmt::format("(a line of {} bytes, not read)", overlong->size_bytes));
      server_.receive_overlong(overlong->size_bytes);
      return;
    }
    const auto& text = std::get<std::string>(line);
    if (options_.trace) options_.trace(Direction::received, text);
    server_.receive(text);
  }

  /// Lets open calls finish; a signal cuts it short.
  void drain() {
    const auto latest = std::chrono::steady_clock::now() + options_.drain_limit;
    server_.drain(latest);
    std::optional<StdioEnd> reason = std::exchange(end_, std::nullopt);
    while (!end_ && !server_.is_idle()) {
      const int left = milliseconds_until(latest);
      if (left == 0) break;
      wait(false, std::min(std::chrono::milliseconds(left), k_parent_interval));
    }
    if (!end_) end_ = reason;
  }

  const StdioOptions& options_;
  const int parent_;
  Writer& writer_;
  const WakeEvent& wake_;
  Server& server_;
  const WakeEvent& stop_;
  wire::LineDecoder decoder_;
  std::vector<wire::DecodedLine> decoded_;
  std::deque<wire::DecodedLine> lines_; // read but not yet given to the server; at most one buffer's worth
  std::vector<char> buffer_ = std::vector<char>(std::size_t{64} << 10);
  bool is_input_over_ = false;
  std::optional<StdioEnd> end_;
};

StdioTransport::StdioTransport(StdioOptions options)
    : options_(std::move(options)),
      parent_(::getppid()),
      writer_(std::make_unique<Writer>(options_.output.get(), [this] { wake_.notify(); })) {}

StdioTransport::~StdioTransport() = default;

void StdioTransport::send(std::string line) {
  if (options_.trace) options_.trace(Direction::sent, line);
  writer_->push(std::move(line));
}

void StdioTransport::wake() { wake_.notify(); }

StdioEnd StdioTransport::run(Server& server, const WakeEvent& stop) {
  return Reader(*this, server, stop).run();
}

} // namespace memsync::mcp
