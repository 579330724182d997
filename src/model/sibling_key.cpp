#include "model/sibling_key.h"

namespace memsync::model {

namespace {

constexpr std::string_view k_digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr int k_base = static_cast<int>(k_digits.size());
constexpr std::size_t k_jitter = 3;
constexpr std::size_t k_group = 4; // digits that are counted up or down together at an open end

int digit_at(std::string_view key, std::size_t i, int fallback) {
  if (i >= key.size()) return fallback;
  const auto at = k_digits.find(key[i]);
  return at == std::string_view::npos ? 0 : static_cast<int>(at);
}

char to_digit(int value) { return k_digits[static_cast<std::size_t>(value)]; }

std::string digits(std::uint64_t value, std::size_t width) {
  std::string text(width, k_digits[0]);
  for (std::size_t i = width; i-- > 0; value /= static_cast<std::uint64_t>(k_base))
    text[i] = k_digits[value % static_cast<std::uint64_t>(k_base)];
  return text;
}

std::uint64_t group_at(std::string_view key, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + k_group; ++i)
    value = value * static_cast<std::uint64_t>(k_base) + static_cast<std::uint64_t>(digit_at(key, i, 0));
  return value;
}

constexpr std::uint64_t k_last_group = std::uint64_t{62} * 62 * 62 * 62 - 1;

/// A prefix above `before`: its first group that can be counted up.
std::string prefix_after(std::string_view before) {
  std::string prefix;
  for (std::size_t at = 0;; at += k_group) {
    const std::uint64_t group = group_at(before, at);
    if (group < k_last_group) return prefix + digits(group + 1, k_group);
    prefix += digits(group, k_group);
  }
}

/// A prefix below `after`, whatever is appended to it; empty when there is none.
std::string prefix_before(std::string_view after) {
  std::string prefix;
  for (std::size_t at = 0; at < after.size(); at += k_group) {
    const std::uint64_t group = group_at(after, at);
    if (group > 0) return prefix + digits(group - 1, k_group);
    prefix += digits(group, k_group);
  }
  return {};
}

/// A prefix strictly between the bounds such that anything appended to it stays between them; empty when
/// there is none.
std::string prefix_between(std::string_view before, std::string_view after) {
  std::string prefix;
  bool below_after = false; // prefix is already smaller than `after`
  for (std::size_t i = 0; below_after || i < after.size(); ++i) {
    const int low = digit_at(before, i, -1);
    const int high = below_after ? k_base : digit_at(after, i, 0);
    if (high - low > 1) {
      const bool is_before_younger = before.size() > after.size();
      const int beside_younger = is_before_younger ? low + 1 : high - 1;
      prefix += to_digit(before.size() == after.size() ? low + (high - low) / 2 : beside_younger);
      return prefix;
    }
    prefix += to_digit(low < 0 ? 0 : low);
    below_after = below_after || (low < 0 ? 0 : low) < high;
  }
  return {};
}

std::string prefix_for(std::string_view before, std::string_view after) {
  std::string prefix;
  if (before.empty() && after.empty()) return digits(k_last_group / 2, k_group);
  if (before.empty()) prefix = prefix_before(after);
  if (!before.empty() && before < after) prefix = prefix_between(before, after);
  return prefix.empty() ? prefix_after(before) : prefix;
}

std::string jitter(base::Random& random) {
  std::string text;
  for (std::size_t i = 0; i < k_jitter; ++i) text += k_digits[random.below(k_base)];
  // A trailing zero would leave no room below: nothing sorts between "a" and "a0".
  if (text.back() == k_digits[0]) text.back() = k_digits[1];
  return text;
}

} // namespace

std::vector<std::string> keys_between(std::string_view before, std::string_view after, std::size_t count,
                                      base::Random& random) {
  const std::string prefix = prefix_for(before, after);
  std::size_t width = 0;
  for (std::size_t rest = count > 1 ? count - 1 : 0; rest > 0; rest /= static_cast<std::size_t>(k_base))
    ++width;
  std::vector<std::string> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(prefix + digits(i, width) + jitter(random));
  return keys;
}

std::string key_between(std::string_view before, std::string_view after, base::Random& random) {
  return keys_between(before, after, 1, random).front();
}

bool is_sibling_key(std::string_view key) {
  return key.find_first_not_of(k_digits) == std::string_view::npos;
}

} // namespace memsync::model
