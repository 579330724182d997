#include "hub/rate_limit.h"

#include <doctest/doctest.h>

using namespace memsync;
using namespace memsync::hub;

TEST_CASE("unknown keys share a bucket while too many others are in use, and no longer") {
  RateLimiter limiter({1, 1});
  base::Instant now{std::chrono::hours(1)};
  for (std::size_t i = 0; i < RateLimiter::k_max_keys; ++i)
    CHECK_FALSE(limiter.take(std::to_string(i), 1, now));
  CHECK_FALSE(limiter.take("ana", 1, now));
  CHECK(limiter.take("bob", 1, now));
  now += std::chrono::minutes(2);
  CHECK_FALSE(limiter.take("ana", 1, now));
  CHECK_FALSE(limiter.take("bob", 1, now));
}
