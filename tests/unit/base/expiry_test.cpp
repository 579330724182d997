#include "base/expiry.h"

#include <doctest/doctest.h>

using namespace memsync::base;

TEST_CASE("an expiry is an age from now or a time to come, and nothing else") {
  const Timestamp now = *parse_time("2026-11-20T12:00:00Z", {});
  CHECK(parse_expiry("90d", now) == now + std::chrono::hours(24 * 90));
  CHECK(parse_expiry("2h", now) == now + std::chrono::hours(2));
  CHECK(parse_expiry("2030-01-31", now) == parse_time("2030-01-31", now));
  for (const char* text :
       {"", "0d", "2020-01-31", "yesterday", "today", "soon", "-3d", "2026-11-20T11:59:59Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_expiry(text, now));
  }
}
