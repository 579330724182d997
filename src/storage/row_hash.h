#pragma once

#include <initializer_list>
#include <string_view>

#include "base/digest.h"

namespace memsync::storage {

/// The guard of a stored row: the hash of its fields in a fixed order, each preceded by its length, so
/// that ("ab", "c") and ("a", "bc") differ. Checked when the row is read: SQLite's integrity check finds
/// only one in nine flipped bits, the others change data silently.
base::Hash128 row_hash(std::initializer_list<std::string_view> parts);

} // namespace memsync::storage
