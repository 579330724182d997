#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace memsync::base {

/// Wall-clock time in milliseconds since 1970, UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Time that only moves forward; for timeouts, back-off and latency.
using Instant = std::chrono::steady_clock::time_point;

/// The source of time, so that the simulator can skew and skip it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;
  virtual Instant instant() = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Timestamp now() override;
  Instant instant() override;
};

/// RFC 3339 in UTC with milliseconds: "2026-11-20T22:37:16.000Z".
std::string format_rfc3339(Timestamp time);

/// Reads RFC 3339 with any offset, a bare date ("2026-11-20", midnight UTC), or an age as people
/// write it relative to `now` ("30s", "45m", "2h", "3d", "1w"; "today" and "yesterday" are their midnights,
/// UTC). Nothing for other text.
std::optional<Timestamp> parse_time(std::string_view text, Timestamp now);

/// "just now", "2 minutes ago", "3 days ago", "in 2 hours"; a date beyond 60 days.
std::string format_age(Timestamp time, Timestamp now);

} // namespace memsync::base
