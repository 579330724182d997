#pragma once

#include <string_view>

#include "base/clock.h"
#include "model/node.h"
#include "storage/database.h"

namespace memsync::replica {

/// Brings the search index entries of node row `row` up to date, within the transaction that wrote the
/// row. `before` is what is indexed now (nothing: not indexed yet), `after` the new node (nothing:
/// removed). Deleted nodes are not in the index. Does nothing when no indexed text changed.
///
/// What stands around the node (the title above it, the sibling before it) is indexed as it is at this
/// moment; later changes there do not reach it before the node itself changes.
void update_index(storage::WriteTxn& txn, std::int64_t row, const model::Node* before,
                  const model::Node* after);

/// Removes whatever the index has of node row `row`, without knowing what that is: reads all near-duplicate
/// hashes.
void remove_from_index(storage::WriteTxn& txn, std::int64_t row);

/// What the index has as context of a row, without the words that are there only to be found by
/// (words_within_runs).
std::string_view without_words(std::string_view context);

/// Indexes unindexed rows of visible spaces for about `budget`; false when none remain.
bool index_slice(storage::WriteTxn& txn, base::Clock& clock, std::chrono::milliseconds budget);

} // namespace memsync::replica
