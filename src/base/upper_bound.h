#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace memsync::base {

/// The last moment of a range that is given as people write it: like parse_time, but a whole day (a bare
/// date, "today", "yesterday") means its last millisecond, UTC, so that the range has the day. Nothing for
/// other text.
std::optional<Timestamp> parse_upper_bound(std::string_view text, Timestamp now);

} // namespace memsync::base
