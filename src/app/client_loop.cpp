#include "app/client_loop.h"

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace memsync::app {

namespace {

/// How long jobs may keep the sync waiting.
constexpr std::chrono::milliseconds k_job_slice{20};

base::Instant now() { return std::chrono::steady_clock::now(); }

} // namespace

void ClientLoop::watch_commits(const std::string& folder) {
  wake_path_ = folder + "/wake";
  const mcp::FileDescriptor made(
      ::open(wake_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  mcp::FileDescriptor watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (watch.get() < 0 || ::inotify_add_watch(watch.get(), wake_path_.c_str(), IN_ATTRIB) < 0) return;
  commits_ = std::move(watch);
}

void ClientLoop::post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return;
  jobs_.push_back(std::move(job));
  wake_.notify();
}

void ClientLoop::run(const Turn& turn, const std::function<bool()>& is_done) {
  bool committed = true;
  while (run_jobs()) {
    const base::Instant next = turn(committed);
    if (is_done()) return;
    committed = sleep_until(next);
  }
}

/// False once stopped.
bool ClientLoop::run_jobs() {
  const base::Instant end = now() + k_job_slice;
  for (;;) {
    std::function<void()> job;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopped_) return false;
      if (jobs_.empty()) return true;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
    if (now() >= end) {
      wake_.notify();
      return true;
    }
  }
}

/// True when a commit of some process was seen.
bool ClientLoop::sleep_until(base::Instant deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now());
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  std::array<pollfd, 2> fds = {{{wake_.fd(), POLLIN, 0}, {commits_.get(), POLLIN, 0}}};
  ::poll(fds.data(), fds.size(), timeout);
  if (fds[0].revents != 0) wake_.clear();
  return fds[1].revents != 0 && take_commit_event();
}

bool ClientLoop::take_commit_event() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool is_gone = false;
  for (;;) {
    const ssize_t size = ::read(commits_.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      is_gone = is_gone || (event->mask & IN_IGNORED) != 0;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  // Somebody deleted the file; its successor is watched from now on.
  if (is_gone) watch_commits(wake_path_.substr(0, wake_path_.rfind('/')));
  return true;
}

void ClientLoop::stop() {
  std::deque<std::function<void()>> dropped;
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  dropped.swap(jobs_);
  wake_.notify();
}

} // namespace memsync::app
