#pragma once

#include <string>
#include <string_view>

namespace memsync::replica {

/// Porter's stem of a lower-case word (M. F. Porter, An algorithm for suffix stripping, 1980, with the
/// author's later changes), as FTS5's `porter` tokenizer makes it: words of fewer than 3 or more than 64
/// bytes and words with other characters than a-z keep the endings that do not fit.
std::string porter_stem(std::string_view word);

} // namespace memsync::replica
