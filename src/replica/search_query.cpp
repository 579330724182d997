#include "replica/search_query.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/utf8.h"
#include "replica/identifiers.h"
#include "replica/stemmer.h"
#include "replica/text_terms.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using storage::ReadTxn;
using storage::Statement;

namespace {

constexpr std::size_t k_max_query_bytes = 8'192; // of a pasted log, the beginning is the question
constexpr std::size_t k_asked_identifiers = 8;
constexpr std::int64_t k_large_corpus = 20'000;
constexpr std::int64_t k_common_share = 20; // of a large corpus: in more than one of so many rows
constexpr std::size_t k_asked_of_large_corpus = 8;
constexpr std::size_t k_all = std::numeric_limits<std::int32_t>::max();

/// Appends the rows that have the term, above those it has already, until it has `limit`.
void read_rows(ReadTxn& txn, SearchTerm& term, std::size_t limit) {
  Statement row =
      txn.prepare("SELECT rowid FROM prose WHERE prose MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3");
  const char* const as_prefix = is_one_character(term.folded) ? "*" : "";
  row.bind_all(quote_for_match(term.folded) + as_prefix, term.found.empty() ? 0 : term.found.back(),
               limit - term.found.size());
  while (row.step()) term.found.push_back(row.column_int64(0));
}

std::int64_t count_corpus(ReadTxn& txn) {
  // Rows are numbered without many holes; counting them would read an index of the whole corpus.
  Statement row = txn.prepare("SELECT max(row) FROM node");
  return row.step() ? row.column_int64(0) : 0;
}

/// bm25's inverse document frequency, as FTS5 computes it.
double weight_of(double rows, double corpus_rows) {
  return std::max(1e-6, std::log((std::max(corpus_rows, rows) - rows + 0.5) / (rows + 0.5)));
}

void add_terms(ParsedQuery& query, std::string_view text, bool with_stop_words) {
  WordScanner scanner(text);
  std::size_t position = 0, last_position = 0;
  std::optional<std::size_t> last;
  while (query.terms.size() < k_max_terms && scanner.next()) {
    ++position;
    if (!with_stop_words && is_stop_word(scanner.folded)) continue;
    std::string stem = porter_stem(scanner.folded);
    const auto known = std::find_if(query.terms.begin(), query.terms.end(),
                                    [&](const SearchTerm& term) { return term.stem == stem; });
    const auto index = static_cast<std::size_t>(known - query.terms.begin());
    if (known == query.terms.end()) query.terms.push_back({scanner.folded, std::move(stem), {}});
    if (last && *last != index) query.pairs.push_back({*last, index, position - last_position});
    last = index;
    last_position = position;
  }
}

void read_terms(ReadTxn& txn, ParsedQuery& query) {
  const bool is_large = query.corpus_rows > k_large_corpus;
  const std::size_t common = is_large ? static_cast<std::size_t>(query.corpus_rows / k_common_share) : k_all;
  std::vector<std::pair<double, SearchTerm*>> rarest;
  bool has_rare = false;
  for (SearchTerm& term : query.terms) {
    read_rows(txn, term, common);
    auto rows = static_cast<double>(term.found.size());
    // Of a common term only the beginning was read: taken to go on as densely.
    if (term.found.size() == common)
      rows *= std::max(1.0, static_cast<double>(query.corpus_rows) / static_cast<double>(term.found.back()));
    term.weight = weight_of(rows, static_cast<double>(query.corpus_rows));
    has_rare = has_rare || (!term.found.empty() && term.found.size() < common);
    rarest.emplace_back(rows, &term);
  }
  if (!is_large) return;
  std::stable_sort(rarest.begin(), rarest.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::size_t asked = 0;
  for (auto& [rows, term] : rarest) {
    const bool is_common = term->found.size() == common;
    term->is_asked = asked < k_asked_of_large_corpus && !(is_common && has_rare);
    asked += term->is_asked;
    if (is_common && term->is_asked) read_rows(txn, *term, k_all);
  }
}

} // namespace

std::string quote_for_match(std::string_view word) {
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

Result<ParsedQuery> parse_query(ReadTxn& txn, std::string_view text) {
  if (!base::is_valid_utf8(text)) return Error{ErrorCode::validation, "the query is not valid UTF-8"};
  if (text.find('\0') != std::string_view::npos)
    return Error{ErrorCode::validation, "the query contains a NUL character"};
  text = base::truncate_utf8(text, k_max_query_bytes);
  ParsedQuery query;
  query.is_blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
  query.corpus_rows = count_corpus(txn);
  query.identifiers = find_identifiers(text, k_asked_identifiers);
  add_terms(query, text, false);
  if (query.terms.empty()) add_terms(query, text, true); // "who was it", as a last resort
  read_terms(txn, query);
  return query;
}

} // namespace memsync::replica
