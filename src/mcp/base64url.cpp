#include "mcp/base64url.h"

#include <cstdint>

namespace memsync::mcp {

namespace {

constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

} // namespace

std::string encode_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8u) | static_cast<std::uint8_t>(c);
    for (bits += 8; bits >= 6; bits -= 6) text += k_alphabet[(buffer >> (bits - 6)) & 63u];
  }
  if (bits > 0) text += k_alphabet[(buffer << (6 - bits)) & 63u];
  return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto digit = k_alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6u) | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((buffer >> bits) & 255u);
  }
  // A second spelling of the same bytes would let one signed text pass as two.
  if (encode_base64url(bytes) != text) return std::nullopt;
  return bytes;
}

} // namespace memsync::mcp
