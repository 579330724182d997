#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace memsync::mcp {

/// RFC 4648 section 5 without padding.
std::string encode_base64url(std::string_view bytes);

/// The bytes, or nothing for text that encode_base64url does not produce.
std::optional<std::string> decode_base64url(std::string_view text);

} // namespace memsync::mcp
