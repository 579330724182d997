#pragma once

#include <compare>
#include <cstdint>

#include "base/clock.h"

namespace memsync::model {

/// Hybrid logical clock: milliseconds since 1970 in the upper 48 bits, a counter in the lower 16
/// (Kulkarni et al., 2014). It decides only between concurrent writes of one field: a write that has
/// seen a value always beats it.
struct Hlc {
  std::uint64_t value = 0;

  static Hlc from_time(base::Timestamp time) {
    const auto count = time.time_since_epoch().count();
    return {count <= 0 ? 0 : static_cast<std::uint64_t>(count) << 16u};
  }
  base::Timestamp time() const {
    return base::Timestamp{std::chrono::milliseconds{static_cast<std::int64_t>(value >> 16u)}};
  }
  /// The next stamp of a replica: its clock, but later than everything it has seen.
  static Hlc next(Hlc last_seen, base::Timestamp now) {
    const Hlc wall = from_time(now);
    return wall.value > last_seen.value ? wall : Hlc{last_seen.value + 1};
  }
  auto operator<=>(const Hlc&) const = default;
};

} // namespace memsync::model
