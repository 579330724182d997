#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace memsync::base {

/// When something is to end, as people write it: "90d" or "2h" from now, or a time such as "2030-01-31".
/// Nothing for other text and for what is past.
std::optional<Timestamp> parse_expiry(std::string_view text, Timestamp now);

} // namespace memsync::base
