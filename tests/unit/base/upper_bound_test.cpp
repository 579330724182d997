#include "base/upper_bound.h"

#include <doctest/doctest.h>

using namespace memsync::base;

TEST_CASE("a range that ends with a whole day has all of the day, and any other end is the time it says") {
  const Timestamp now = *parse_time("2026-11-20T12:00:00Z", {});
  for (const auto& [text, last] : {std::pair("2026-11-20", "2026-11-20T23:59:59.999Z"),
                                   {"2024-02-28", "2024-02-28T23:59:59.999Z"},
                                   {"today", "2026-11-20T23:59:59.999Z"},
                                   {"yesterday", "2026-11-19T23:59:59.999Z"},
                                   {"2h", "2026-11-20T10:00:00Z"},
                                   {"000000003d", "2026-11-17T12:00:00Z"},
                                   {"2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"}}) {
    CAPTURE(text);
    CHECK(parse_upper_bound(text, now) == parse_time(last, now));
  }
  CHECK_FALSE(parse_upper_bound("2026-13-01", now));
  CHECK_FALSE(parse_upper_bound("someday", now));
}
