#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memsync::hub {

/// A number that only grows. Thread-safe, lock-free.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A number that goes up and down. Thread-safe, lock-free.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts observations in buckets with fixed upper bounds. Thread-safe, lock-free.
class Histogram {
 public:
  /// `bounds` ascending; must outlive the histogram.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}
  void observe(double value);

 private:
  friend class Metrics;
  std::span<const double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<double> sum_{0};
};

/// Seconds from 0.1 ms to 10 s: the answer times of a hub.
inline constexpr std::array k_seconds_bounds{0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                             0.05,   0.1,    0.25,  0.5,    1.0,   2.5,  10.0};

/// The program's metrics. Declaring is thread-safe and is meant to be done once, keeping the reference,
/// which stays valid as long as the registry. Declaring a name and labels again returns the same one.
class Metrics {
 public:
  /// `name` as Prometheus wants it ("memsync_push_operations_total"); `labels` as it is written between
  /// the braces (`status="applied"`), empty for none.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                       std::string_view labels = {});

  /// Everything in the Prometheus text exposition format 0.0.4.
  std::string render() const;

 private:
  struct Series {
    std::string labels;
    Counter* counter = nullptr;
    Gauge* gauge = nullptr;
    Histogram* histogram = nullptr;
  };
  struct Family {
    std::string name, help;
    std::string_view type;
    std::vector<Series> series;
  };
  Series& series(std::string_view name, std::string_view help, std::string_view type,
                 std::string_view labels);
  static void render(std::string& out, const Family& family, const Series& series);

  mutable std::mutex mutex_;
  std::deque<Family> families_;  // guarded by mutex_
  std::deque<Counter> counters_; // guarded by mutex_; elements are not
  std::deque<Gauge> gauges_;
  std::deque<Histogram> histograms_;
};

} // namespace memsync::hub
