#include "base/clock.h"

#include <doctest/doctest.h>

using namespace memsync::base;
using namespace std::chrono;

namespace {

const Timestamp k_now{milliseconds(1'795'214'236'123)}; // 2026-11-20T22:37:16.123Z

std::string parsed(std::string_view text) {
  const auto time = parse_time(text, k_now);
  return time ? format_rfc3339(*time) : "nothing";
}

} // namespace

TEST_CASE("times are written as RFC 3339 in UTC with milliseconds") {
  CHECK(format_rfc3339(k_now) == "2026-11-20T22:37:16.123Z");
  CHECK(format_rfc3339(Timestamp{}) == "1970-01-01T00:00:00.000Z");
  CHECK(format_rfc3339(Timestamp{milliseconds(-1)}) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("RFC 3339 is read with any offset and precision") {
  CHECK(parsed("2026-11-20T22:37:16Z") == "2026-11-20T22:37:16.000Z");
  CHECK(parsed("2026-11-20t22:37:16.5z") == "2026-11-20T22:37:16.500Z");
  CHECK(parsed("2026-11-20 23:37:16.123456+01:00") == "2026-11-20T22:37:16.123Z");
  CHECK(parsed("2026-11-20T17:07:16-05:30") == "2026-11-20T22:37:16.000Z");
  CHECK(parsed("2024-02-29") == "2024-02-29T00:00:00.000Z");
  CHECK(parsed("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
}

TEST_CASE("ages are relative to now") {
  CHECK(parsed("30s") == "2026-11-20T22:36:46.123Z");
  CHECK(parsed("45m") == "2026-11-20T21:52:16.123Z");
  CHECK(parsed("2h") == "2026-11-20T20:37:16.123Z");
  CHECK(parsed("3d") == "2026-11-17T22:37:16.123Z");
  CHECK(parsed("1w") == "2026-11-13T22:37:16.123Z");
  CHECK(parsed("today") == "2026-11-20T00:00:00.000Z");
  CHECK(parsed("yesterday") == "2026-11-19T00:00:00.000Z");
}

TEST_CASE("other text is no time") {
  for (const char* text : {"",
                           "h",
                           "2",
                           "-2h",
                           "2x",
                           "2hh",
                           "99999999999999999999d",
                           "1000001w",
                           "tomorrow",
                           "2026-13-01",
                           "2025-02-29",
                           "2026-11-20T",
                           "2026-11-20T22:37",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T22:37:16",
                           "2026-11-20T22:37:16.Z",
                           "2026-11-20T22:37:16Zx",
                           "2026-11-20T22:37:16+1:00",
                           "26-11-20",
                           " 2h"}) {
    CAPTURE(text);
    CHECK(parsed(text) == "nothing");
  }
}

TEST_CASE("ages are written as people say them") {
  const auto age = [](milliseconds ago) { return format_age(k_now - ago, k_now); };
  CHECK(age(seconds(0)) == "just now");
  CHECK(age(seconds(59)) == "just now");
  CHECK(age(minutes(1)) == "1 minute ago");
  CHECK(age(minutes(59)) == "59 minutes ago");
  CHECK(age(hours(1)) == "1 hour ago");
  CHECK(age(days(3)) == "3 days ago");
  CHECK(age(days(60)) == "60 days ago");
  CHECK(age(days(61)) == "2026-09-20");
  CHECK(age(-hours(2)) == "in 2 hours");
  CHECK(age(-days(100)) == "2027-02-28");
}

TEST_CASE("the system clock moves forward") {
  SystemClock clock;
  const Instant before = clock.instant();
  CHECK(clock.instant() >= before);
  CHECK(clock.now() > k_now - days(3650));
}
