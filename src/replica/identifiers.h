#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace memsync::replica {

/// The tokens of `text` that name something exactly: paths, URLs, identifiers (snake_case, camelCase,
/// a.b), acronyms, versions, numbers of three or more digits. As written, but without surrounding
/// punctuation and line numbers; of a path its last component, too. Each once, at most `max_count`.
std::vector<std::string> find_identifiers(std::string_view text, std::size_t max_count);

} // namespace memsync::replica
