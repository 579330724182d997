#include "mcp/cursor.h"

#include "base/digest.h"
#include "mcp/base64url.h"

namespace memsync::mcp {

namespace {

constexpr std::size_t k_checksum_bytes = 6;

std::string checksum(std::string_view list, std::string_view position) {
  std::string text(list);
  text += '\n';
  text += position;
  return std::string(base::Hash128::of(text).bytes().substr(0, k_checksum_bytes));
}

} // namespace

std::string make_cursor(std::string_view list, std::string_view position) {
  return encode_base64url(checksum(list, position) + std::string(position));
}

std::optional<std::string> parse_cursor(std::string_view list, std::string_view cursor) {
  const auto bytes = decode_base64url(cursor);
  if (!bytes || bytes->size() < k_checksum_bytes) return std::nullopt;
  std::string position = bytes->substr(k_checksum_bytes);
  if (bytes->substr(0, k_checksum_bytes) != checksum(list, position)) return std::nullopt;
  return position;
}

} // namespace memsync::mcp
