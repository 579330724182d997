#pragma once

#include <optional>
#include <string_view>

namespace memsync::base {

/// Crockford's base32 alphabet in lower case: no i, l, o, u, so that ids survive being read aloud.
inline constexpr std::string_view k_crockford_alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/// The lower-case digit `c` stands for (upper case accepted), or nothing when it is not a digit.
constexpr std::optional<char> normalize_crockford(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (k_crockford_alphabet.find(c) == std::string_view::npos) return std::nullopt;
  return c;
}

} // namespace memsync::base
