#include "base/expiry.h"

namespace memsync::base {

std::optional<Timestamp> parse_expiry(std::string_view text, Timestamp now) {
  auto time = parse_time(text, now);
  // Ages count back from now: mirrored, the same form says how long from now. Dates have dashes.
  const bool is_age = time && *time < now && text.find('-') == std::string_view::npos &&
                      text.find_first_of("0123456789") == 0;
  if (is_age) time = now + (now - *time);
  if (!time || *time <= now) return std::nullopt;
  return time;
}

} // namespace memsync::base
