#include "hub/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace memsync::hub {

namespace {
constexpr double k_milliseconds_per_minute = 60'000;
constexpr std::size_t k_first_sweep = 1024; // keys
/// While all keys are in use, looking at them for each new one would cost more than it frees.
constexpr std::chrono::seconds k_sweep_pause{1};

} // namespace

double TokenBucket::filled(const RateRule& rule, base::Instant now) const {
  const std::chrono::duration<double, std::milli> passed = now - filled_at_;
  const double gained = std::max(0.0, passed.count()) * rule.per_minute / k_milliseconds_per_minute;
  return std::min(rule.burst, tokens_ + gained);
}

std::optional<std::chrono::milliseconds> TokenBucket::take(const RateRule& rule, double amount,
                                                           base::Instant now) {
  const double available = filled(rule, now);
  const double needed = std::min(amount, rule.burst);
  if (available < needed) {
    const double wait = (needed - available) * k_milliseconds_per_minute / rule.per_minute;
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(wait)));
  }
  tokens_ = available - amount;
  filled_at_ = now;
  return std::nullopt;
}

void TokenBucket::give_back(const RateRule& rule, double amount, base::Instant now) {
  tokens_ = std::min(rule.burst, filled(rule, now) + amount);
  filled_at_ = now;
}

bool TokenBucket::is_full(const RateRule& rule, base::Instant now) const {
  return filled(rule, now) >= rule.burst;
}

std::optional<std::chrono::milliseconds> RateLimiter::take(std::string_view key, double amount,
                                                           base::Instant now) {
  const std::lock_guard lock(mutex_);
  return bucket(key, now).take(rule_, amount, now);
}

Answer<> RateLimiter::require(std::string_view key, double amount, base::Instant now, std::string_view what) {
  const auto wait = take(key, amount, now);
  if (!wait) return {};
  wire::Problem problem;
  problem.code = base::ErrorCode::rate_limited;
  problem.retry_after_s = std::max<std::int64_t>(1, (wait->count() + 999) / 1000);
  problem.detail = fmt::format("too many {}: wait {} s", what, *problem.retry_after_s);
  return problem;
}

void RateLimiter::give_back(std::string_view key, double amount, base::Instant now) {
  const std::lock_guard lock(mutex_);
  bucket(key, now).give_back(rule_, amount, now);
}

TokenBucket& RateLimiter::bucket(std::string_view key, base::Instant now) {
  std::string name(key);
  if (const auto known = buckets_.find(name); known != buckets_.end()) return known->second;
  if (buckets_.size() >= sweep_at_ && now >= sweep_after_) {
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.is_full(rule_, now); });
    sweep_at_ = std::clamp(buckets_.size() * 2, k_first_sweep, k_max_keys);
    sweep_after_ = now + k_sweep_pause;
  }
  if (buckets_.size() >= k_max_keys) name = "(everybody else)";
  return buckets_.try_emplace(std::move(name), rule_, now).first->second;
}

} // namespace memsync::hub
