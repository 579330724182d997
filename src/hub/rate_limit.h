#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "hub/answer.h"

namespace memsync::hub {

/// `burst` at once, refilled at `per_minute`.
struct RateRule {
  double burst = 1;
  double per_minute = 60;
};

/// One bucket of tokens. Not thread-safe; the caller says what time it is.
class TokenBucket {
 public:
  TokenBucket(const RateRule& rule, base::Instant now) : tokens_(rule.burst), filled_at_(now) {}

  /// Takes `amount` and returns nothing; or takes nothing and returns how long to wait. An amount above
  /// the burst is granted when the bucket is full (it then owes the rest), else it could never pass.
  std::optional<std::chrono::milliseconds> take(const RateRule& rule, double amount, base::Instant now);

  /// Puts `amount` back, up to the burst.
  void give_back(const RateRule& rule, double amount, base::Instant now);

  /// True when the bucket is full, so that forgetting it changes nothing.
  bool is_full(const RateRule& rule, base::Instant now) const;

 private:
  double filled(const RateRule& rule, base::Instant now) const;

  double tokens_;
  base::Instant filled_at_;
};

/// One bucket per key (a token, a user, an address) under one rule. Thread-safe; memory is bounded: full
/// buckets are forgotten, and beyond `k_max_keys` unknown keys share one bucket.
class RateLimiter {
 public:
  static constexpr std::size_t k_max_keys = 100'000;

  explicit RateLimiter(RateRule rule) : rule_(rule) {}

  /// As TokenBucket::take for the bucket of `key`.
  std::optional<std::chrono::milliseconds> take(std::string_view key, double amount, base::Instant now);
  /// The same as an answer: `rate_limited` with the time to wait; "too many WHAT" is for people.
  Answer<> require(std::string_view key, double amount, base::Instant now, std::string_view what);
  /// What was taken did not count after all.
  void give_back(std::string_view key, double amount, base::Instant now);

 private:
  TokenBucket& bucket(std::string_view key, base::Instant now);

  const RateRule rule_;
  std::mutex mutex_;
  std::unordered_map<std::string, TokenBucket> buckets_; // guarded by mutex_
  std::size_t sweep_at_ = 0;                             // guarded by mutex_
  base::Instant sweep_after_{};                          // guarded by mutex_
};

} // namespace memsync::hub
