#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/database.h"

namespace memsync::replica {

/// One word of a question that is looked for.
struct SearchTerm {
  std::string folded;              // lower case, without diacritics; what the index is asked for
  std::string stem;                // what the index holds
  std::vector<std::int64_t> found; // the rows that have it, ascending; of a term not asked, the first ones
  double weight = 0;               // inverse document frequency, as in bm25
  bool is_asked = true; // false: too common to find anything by it; it only counts where something is found
};

/// Two terms that stand next to each other in the question, or with only stop words between them.
struct TermPair {
  std::size_t first = 0, second = 0; // indexes of terms
  std::size_t distance = 1;          // in words
};

/// A question taken apart. Empty text has no terms: what it finds is simply the newest.
struct ParsedQuery {
  std::vector<SearchTerm> terms; // at most k_max_terms, each once, in the order of the question
  std::vector<TermPair> pairs;
  std::vector<std::string> identifiers; // tokens that name something exactly
  std::int64_t corpus_rows = 0;

  bool is_blank = false; // nothing but white space was asked
};

/// More terms than this say no more, and each costs.
inline constexpr std::size_t k_max_terms = 32;

/// Any text is a question: operators of FTS5 in it are words. Fails with `validation` for text that is
/// not UTF-8 or has a NUL.
///
/// The index is read term by term and only for row numbers, at 0.05 us each: scoring an OR of the terms by
/// bm25() in SQL takes 1 us for every row (12 ms for a question at 100,000 memories), and FTS5's own table of
/// term frequencies reads whole lists with their positions (1 ms for a common word). A large corpus (above
/// 20,000 rows) is asked for the 8 rarest terms, and not for those in more than a twentieth of the rows
/// while rarer ones remain; of these only so much is read as tells that they are common.
base::Result<ParsedQuery> parse_query(storage::ReadTxn& txn, std::string_view text);

/// A word as a string of FTS5's query language, so that nothing in it is an operator.
std::string quote_for_match(std::string_view word);

} // namespace memsync::replica
