#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace memsync::model {

/// Keys that order siblings: fractions in base 62 (0-9A-Za-z), compared byte by byte; siblings order
/// by (key, id). Inserting between two keys never changes another node's key, so that concurrent
/// inserts need no merge. Three random characters at the end keep two people who insert at the same
/// spot from making equal keys.
///
/// How keys grow: at the end or the start of a list the first four digits are counted up or down, so that
/// 7 million appends make keys of 7 characters. Between two neighbours a key takes the place next to the
/// longer one, which is the younger: inserting 1,000 times at the same spot makes keys of about 40
/// characters; halving the gap, as usual, made 250.

/// `count` ascending keys strictly between `before` and `after` (empty: no bound on that side). A run
/// shares one prefix. When there is no room (before >= after, or `after` is `before` with zeros
/// appended, which no key from here is) the keys follow `before`.
std::vector<std::string> keys_between(std::string_view before, std::string_view after, std::size_t count,
                                      base::Random& random);

/// One such key.
std::string key_between(std::string_view before, std::string_view after, base::Random& random);

/// Whether `key` consists of digits of base 62.
bool is_sibling_key(std::string_view key);

} // namespace memsync::model
