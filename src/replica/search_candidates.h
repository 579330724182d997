#pragma once

#include <optional>

#include "replica/search_query.h"

namespace memsync::replica {

/// A row that has some of what was asked.
struct Candidate {
  std::int64_t row = 0;
  std::uint32_t terms = 0; // bit i: has term i
  float score = 0;         // sum of the weights of what it has
  float exact = 0;         // of that, for identifiers
};

/// Every row that has an asked term or identifier, most of the question first, newest first among equals.
/// With `only_rows` (ascending) none but those. bm25 then ranks the best of them by their text (TextScorer).
std::vector<Candidate> find_candidates(storage::ReadTxn& txn, const ParsedQuery& query,
                                       const std::optional<std::vector<std::int64_t>>& only_rows);

} // namespace memsync::replica
