#include "hub/metrics.h"

#include <algorithm>
#include <fmt/format.h>

namespace memsync::hub {

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

Metrics::Series& Metrics::series(std::string_view name, std::string_view help, std::string_view type,
                                 std::string_view labels) {
  auto family =
      std::find_if(families_.begin(), families_.end(), [&](const Family& f) { return f.name == name; });
  if (family == families_.end())
    family = families_.insert(family, Family{std::string(name), std::string(help), type, {}});
  for (Series& known : family->series)
    if (known.labels == labels) return known;
  family->series.push_back({std::string(labels)});
  return family->series.back();
}

Counter& Metrics::counter(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  Series& found = series(name, help, "counter", labels);
  if (!found.counter) found.counter = &counters_.emplace_back();
  return *found.counter;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  const std::lock_guard lock(mutex_);
  Series& found = series(name, help, "gauge", labels);
  if (!found.gauge) found.gauge = &gauges_.emplace_back();
  return *found.gauge;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                              std::string_view labels) {
  const std::lock_guard lock(mutex_);
  Series& found = series(name, help, "histogram", labels);
  if (!found.histogram) found.histogram = &histograms_.emplace_back(bounds);
  return *found.histogram;
}

std::string Metrics::render() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const Family& family : families_) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", family.name, family.help, family.type);
    for (const Series& series : family.series) render(out, family, series);
  }
  return out;
}

void Metrics::render(std::string& out, const Family& family, const Series& series) {
  const std::string labels = series.labels.empty() ? std::string() : "{" + series.labels + "}";
  if (series.counter) out += fmt::format("{}{} {}\n", family.name, labels, series.counter->value());
  if (series.gauge) out += fmt::format("{}{} {}\n", family.name, labels, series.gauge->value());
  if (!series.histogram) return;
  const Histogram& histogram = *series.histogram;
  const std::string prefix = series.labels.empty() ? std::string() : series.labels + ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < histogram.counts_.size(); ++i) {
    total += histogram.counts_[i].load(std::memory_order_relaxed);
    const std::string bound =
        i < histogram.bounds_.size() ? fmt::format("{}", histogram.bounds_[i]) : std::string("+Inf");
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", family.name, prefix, bound, total);
  }
  out += fmt::format("{}_sum{} {}\n", family.name, labels, histogram.sum_.load(std::memory_order_relaxed));
  out += fmt::format("{}_count{} {}\n", family.name, labels, total);
}

} // namespace memsync::hub
