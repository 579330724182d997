#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace memsync::cli {

/// `text` with `member` of the object `section` of its root object set to `value`; everything else stays
/// byte for byte, comments and trailing commas included. The section is made when missing; empty text counts
/// as {}. Returns the same text when the member has that value already: where both are objects, members of
/// the old one that `value` does not name (an "env") stay.
/// Fails with `validation` saying where when the text is no JSON object, even with comments.
base::Result<std::string> set_json_member(const std::string& text, std::string_view section,
                                          std::string_view member, const base::Json& value);

/// The text without comments and trailing commas, so that a JSON parser reads it.
std::string strip_comments(std::string_view text);

} // namespace memsync::cli
