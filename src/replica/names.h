#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

/// What people and agents write in place of an id.
namespace memsync::replica {

/// `text` as the lower-case beginning of an id: 6 to `length` characters of the alphabet; nothing otherwise.
std::optional<std::string> parse_prefix(std::string_view text, std::size_t length);

/// The smallest text above every text that begins with `prefix`, for a range scan of an index.
std::string after_prefix(std::string_view prefix);

/// `text` as a LIKE pattern (ESCAPE '\') that finds it anywhere.
std::string like_pattern(std::string_view text);

/// Equal but for the case of ASCII letters.
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// "what “name” ..." errors, with candidates or near matches as "title (id), title (id)".
base::Error unknown_name(std::string_view what, std::string_view name, const std::string& near_matches);
base::Error ambiguous_name(std::string_view what, std::string_view name, const std::string& candidates);

} // namespace memsync::replica
