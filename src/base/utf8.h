#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace memsync::base {

/// True for well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_valid_utf8(std::string_view text);

/// Number of code points in valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// The longest prefix of at most `max_bytes` bytes that ends on a code point boundary.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

/// `text` with characters that could deceive a reader made visible as \u{XXXX}: control characters
/// (except newline and tab), bidirectional overrides, zero-width and tag characters. Stored text is
/// never changed; this is for showing it.
std::string make_visible(std::string_view text);

/// Terminal columns of valid UTF-8: 2 for wide East Asian and emoji, 0 for combining marks.
std::size_t display_width(std::string_view text);

} // namespace memsync::base
