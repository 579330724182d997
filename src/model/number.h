#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace memsync::model {

/// A decimal number without sign, blanks or leading zeros, the form of 64-bit numbers on the wire.
inline std::optional<std::uint64_t> parse_u64(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc{} || stop != end || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return value;
}

} // namespace memsync::model
