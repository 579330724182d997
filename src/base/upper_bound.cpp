#include "base/upper_bound.h"

namespace memsync::base {

namespace {

/// Of a text that parse_time takes: only a date alone has a dash and ends with the day.
bool is_whole_day(std::string_view text) {
  constexpr std::size_t k_date_length = std::string_view("2026-11-20").size();
  return text == "today" || text == "yesterday" ||
         (text.size() == k_date_length && text.find('-') != std::string_view::npos);
}

} // namespace

std::optional<Timestamp> parse_upper_bound(std::string_view text, Timestamp now) {
  const auto time = parse_time(text, now);
  if (!time || !is_whole_day(text)) return time;
  return *time + std::chrono::days(1) - std::chrono::milliseconds(1);
}

} // namespace memsync::base
