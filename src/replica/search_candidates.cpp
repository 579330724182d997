#include "replica/search_candidates.h"

#include <algorithm>
#include <cmath>

namespace memsync::replica {

using storage::ReadTxn;
using storage::Statement;

namespace {

/// An identifier in more rows than this distinguishes nothing; the newest ones are looked at.
constexpr int k_max_identifier_rows = 2'000;
std::vector<std::int64_t> rows_with_identifier(ReadTxn& txn, const std::string& identifier) {
  Statement row =
      txn.prepare("SELECT rowid FROM identifier WHERE identifier MATCH ?1 ORDER BY rowid DESC LIMIT ?2");
  row.bind_all(quote_for_match(identifier), k_max_identifier_rows);
  std::vector<std::int64_t> found;
  while (row.step()) found.push_back(row.column_int64(0));
  std::reverse(found.begin(), found.end());
  return found;
}

/// Adds to the candidates (ascending by row) what the rows (ascending) have.
void merge(std::vector<Candidate>& candidates, const std::vector<std::int64_t>& rows, const Candidate& gain) {
  std::vector<Candidate> merged;
  merged.reserve(candidates.size() + rows.size());
  std::size_t at = 0;
  for (const std::int64_t row : rows) {
    while (at < candidates.size() && candidates[at].row < row) merged.push_back(candidates[at++]);
    Candidate candidate{row};
    if (at < candidates.size() && candidates[at].row == row) candidate = candidates[at++];
    candidate.terms |= gain.terms;
    candidate.score += gain.score;
    candidate.exact += gain.exact;
    merged.push_back(candidate);
  }
  merged.insert(merged.end(), candidates.begin() + static_cast<std::ptrdiff_t>(at), candidates.end());
  candidates = std::move(merged);
}

} // namespace

std::vector<Candidate> find_candidates(ReadTxn& txn, const ParsedQuery& query,
                                       const std::optional<std::vector<std::int64_t>>& only_rows) {
  std::vector<Candidate> candidates;
  const auto add = [&](const std::vector<std::int64_t>& rows, const Candidate& gain) {
    if (!only_rows) return merge(candidates, rows, gain);
    std::vector<std::int64_t> allowed;
    std::set_intersection(rows.begin(), rows.end(), only_rows->begin(), only_rows->end(),
                          std::back_inserter(allowed));
    merge(candidates, allowed, gain);
  };
  for (std::size_t i = 0; i < query.terms.size(); ++i) {
    const SearchTerm& term = query.terms[i];
    if (term.is_asked) add(term.found, {0, std::uint32_t{1} << i, static_cast<float>(term.weight)});
  }
  for (const std::string& identifier : query.identifiers) {
    const std::vector<std::int64_t> rows = rows_with_identifier(txn, identifier);
    const auto weight = static_cast<float>(
        std::log(1.0 + static_cast<double>(query.corpus_rows) / (1.0 + static_cast<double>(rows.size()))));
    add(rows, {0, 0, weight, weight});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.score != b.score ? a.score > b.score : a.row > b.row;
  });
  return candidates;
}

} // namespace memsync::replica
