#include "base/clock.h"

#include <charconv>
#include <cstdint>
#include <fmt/format.h>

namespace memsync::base {

using namespace std::chrono;

Timestamp SystemClock::now() { return floor<milliseconds>(system_clock::now()); }
Instant SystemClock::instant() { return steady_clock::now(); }

std::string format_rfc3339(Timestamp time) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

namespace {

/// Reads a text from left to right; every step fails or moves on.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool is_done() const { return rest_.empty(); }
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool skip_any(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `width` digits with a value of at most `max`.
  std::optional<int> digits(std::size_t width, int max) {
    if (rest_.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    if (value > max) return std::nullopt;
    rest_.remove_prefix(width);
    return value;
  }
  /// One or more digits after the point, cut to milliseconds.
  std::optional<milliseconds> fraction() {
    int value = 0;
    int count = 0;
    while (const auto digit = digits(1, 9)) {
      if (count < 3) value = value * 10 + *digit;
      ++count;
    }
    if (count == 0) return std::nullopt;
    for (int i = count; i < 3; ++i) value *= 10;
    return milliseconds(value);
  }

 private:
  std::string_view rest_;
};

std::optional<sys_days> read_date(Reader& reader) {
  const auto y = reader.digits(4, 9999);
  if (!y || !reader.skip('-')) return std::nullopt;
  const auto m = reader.digits(2, 12);
  if (!m || !reader.skip('-')) return std::nullopt;
  const auto d = reader.digits(2, 31);
  if (!d) return std::nullopt;
  const year_month_day date(year(*y), month(static_cast<unsigned>(*m)), day(static_cast<unsigned>(*d)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date);
}

std::optional<milliseconds> read_clock(Reader& reader) {
  const auto h = reader.digits(2, 23);
  if (!h || !reader.skip(':')) return std::nullopt;
  const auto m = reader.digits(2, 59);
  if (!m || !reader.skip(':')) return std::nullopt;
  const auto s = reader.digits(2, 60); // 60: a leap second, RFC 3339 section 5.7
  if (!s) return std::nullopt;
  milliseconds time = hours(*h) + minutes(*m) + seconds(*s);
  if (reader.skip('.')) {
    const auto fraction = reader.fraction();
    if (!fraction) return std::nullopt;
    time += *fraction;
  }
  return time;
}

std::optional<minutes> read_offset(Reader& reader) {
  if (reader.skip_any("Zz")) return minutes(0);
  const bool is_east = reader.skip('+');
  if (!is_east && !reader.skip('-')) return std::nullopt;
  const auto h = reader.digits(2, 23);
  if (!h || !reader.skip(':')) return std::nullopt;
  const auto m = reader.digits(2, 59);
  if (!m) return std::nullopt;
  const minutes offset = hours(*h) + minutes(*m);
  return is_east ? offset : -offset;
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const auto date = read_date(reader);
  if (!date) return std::nullopt;
  if (reader.is_done()) return Timestamp(*date);
  if (!reader.skip_any("Tt ")) return std::nullopt;
  const auto clock = read_clock(reader);
  if (!clock) return std::nullopt;
  const auto offset = read_offset(reader);
  if (!offset || !reader.is_done()) return std::nullopt;
  return Timestamp(*date) + *clock - *offset;
}

std::optional<milliseconds> parse_age(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto used = static_cast<std::size_t>(end - text.data());
  constexpr std::int64_t k_max_count = 1'000'000; // a million weeks: far from overflowing
  if (error != std::errc() || count < 0 || count > k_max_count || used + 1 != text.size())
    return std::nullopt;
  switch (text.back()) {
    case 's': return seconds(count);
    case 'm': return minutes(count);
    case 'h': return hours(count);
    case 'd': return days(count);
    case 'w': return weeks(count);
    default: return std::nullopt;
  }
}

} // namespace

std::optional<Timestamp> parse_time(std::string_view text, Timestamp now) {
  if (text == "today") return Timestamp(floor<days>(now));
  if (text == "yesterday") return Timestamp(floor<days>(now) - days(1));
  if (const auto age = parse_age(text)) return now - *age;
  return parse_rfc3339(text);
}

std::string format_age(Timestamp time, Timestamp now) {
  const bool is_past = time <= now;
  const milliseconds distance = is_past ? now - time : time - now;
  if (distance < minutes(1)) return "just now";
  if (distance >= days(61)) return format_rfc3339(time).substr(0, 10);
  std::int64_t count = floor<days>(distance).count();
  std::string_view unit = "day";
  if (distance < hours(1)) {
    count = floor<minutes>(distance).count();
    unit = "minute";
  } else if (distance < days(1)) {
    count = floor<hours>(distance).count();
    unit = "hour";
  }
  const std::string_view plural = count == 1 ? "" : "s";
  return is_past ? fmt::format("{} {}{} ago", count, unit, plural)
                 : fmt::format("in {} {}{}", count, unit, plural);
}

} // namespace memsync::base
