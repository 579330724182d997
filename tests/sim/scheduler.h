#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/clock.h"

namespace memsync::sim {

/// Simulated milliseconds since the start of a run.
using Millis = std::uint64_t;

/// The only source of order in a run: what is due runs by (time, order of scheduling).
class Scheduler {
 public:
  Millis now() const { return now_; }
  void after(Millis delay, std::function<void()> action) {
    queue_.push({now_ + delay, ++scheduled_, std::move(action)});
  }
  /// Runs what is due up to `end`; the time is `end` afterwards.
  void run_until(Millis end) {
    while (!queue_.empty() && queue_.top().time <= end) {
      const Event event = queue_.top();
      queue_.pop();
      now_ = event.time;
      event.action();
    }
    now_ = end;
  }

 private:
  struct Event {
    Millis time = 0;
    std::uint64_t order = 0;
    std::function<void()> action;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };
  Millis now_ = 0;
  std::uint64_t scheduled_ = 0;
  std::priority_queue<Event> queue_;
};

/// A machine's clocks: the wall clock may be wrong by any amount and jump, the steady one runs true.
class SimClock final : public base::Clock {
 public:
  explicit SimClock(const Scheduler& scheduler) : scheduler_(scheduler) {}
  base::Timestamp now() override {
    return base::Timestamp(std::chrono::milliseconds(1'790'000'000'000 + skew_ + signed_now()));
  }
  base::Instant instant() override {
    return base::Instant(std::chrono::milliseconds(1'000'000 + signed_now()));
  }
  void set_skew(std::int64_t milliseconds) { skew_ = milliseconds; }
  /// Simulated time of an instant of this clock.
  static Millis at(base::Instant instant) {
    const auto since =
        std::chrono::duration_cast<std::chrono::milliseconds>(instant.time_since_epoch()).count();
    return since <= 1'000'000 ? 0 : static_cast<Millis>(since - 1'000'000);
  }

 private:
  std::int64_t signed_now() const { return static_cast<std::int64_t>(scheduler_.now()); }
  const Scheduler& scheduler_;
  std::int64_t skew_ = 0;
};

} // namespace memsync::sim
