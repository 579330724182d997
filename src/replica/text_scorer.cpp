#include "replica/text_scorer.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "replica/stemmer.h"
#include "replica/text_terms.h"

namespace memsync::replica {

namespace {

constexpr float k_title_weight = 2.5F;
constexpr float k_tags_weight = 2.0F;
constexpr float k_content_weight = 1.0F;
constexpr float k_context_weight = 0.3F;
constexpr double k_pair_weight = 0.2;

// bm25's parameters, as in FTS5.
constexpr double k_saturation = 1.2;
constexpr double k_length = 0.75;

/// A text is looked at up to here: scoring 100 long contents must stay within a millisecond each.
constexpr std::size_t k_max_bytes = std::size_t{32} << 10;
constexpr std::size_t k_snippet_bytes = 240;

double saturate(double frequency, double length_ratio) {
  return frequency * (k_saturation + 1) /
         (frequency + k_saturation * (1 - k_length + k_length * length_ratio));
}

/// Which term a word is, by stem; terms.size() for none.
std::size_t find_term(const ParsedQuery& query, const std::string& folded) {
  // Stemming leaves the first two letters alone, so few words need it.
  const auto may_be = [&](const SearchTerm& term) {
    return term.stem[0] == folded[0] &&
           (term.stem.size() < 2 || folded.size() < 2 || term.stem[1] == folded[1]);
  };
  std::size_t i = 0;
  while (i < query.terms.size() && !may_be(query.terms[i])) ++i;
  if (i == query.terms.size()) return i;
  const std::string stem = porter_stem(folded);
  while (i < query.terms.size() && query.terms[i].stem != stem) ++i;
  return i;
}

struct Hit {
  std::size_t term = 0, begin = 0, end = 0;
};

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// On the border of a word at or after `at`, but not more than 24 bytes away.
std::size_t start_of_word(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  for (std::size_t i = at; i < text.size() && i < at + 24; ++i)
    if (is_blank(text[i])) return i + 1;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u) ++at;
  return at;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (!is_blank(c)) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

} // namespace

void TextScorer::match_column(std::string_view text, float weight, TextMatch& match,
                              bool counts_as_found) const {
  constexpr std::size_t k_never = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> last_position(query_.terms.size(), k_never);
  WordScanner scanner(base::truncate_utf8(text, k_max_bytes));
  for (std::size_t position = 0; scanner.next(); ++position) {
    ++match.words;
    const std::size_t term = find_term(query_, scanner.folded);
    if (term == query_.terms.size()) continue;
    match.frequencies[term] += weight;
    if (counts_as_found) match.terms |= std::uint32_t{1} << term;
    for (std::size_t i = 0; i < query_.pairs.size(); ++i) {
      const TermPair& pair = query_.pairs[i];
      if (pair.second != term || last_position[pair.first] == k_never) continue;
      if (position - last_position[pair.first] <= pair.distance) match.pair_frequencies[i] += weight;
    }
    last_position[term] = position;
  }
}

TextMatch TextScorer::match(const ScoredText& text) const {
  TextMatch match;
  match.frequencies.resize(query_.terms.size());
  match.pair_frequencies.resize(query_.pairs.size());
  match_column(text.title, k_title_weight, match, true);
  match_column(text.tags, k_tags_weight, match, true);
  match_column(text.content, k_content_weight, match, true);
  match_column(text.context, k_context_weight, match, false);
  return match;
}

double TextScorer::score(const TextMatch& match, double average_words) const {
  const double length_ratio = average_words > 0 ? static_cast<double>(match.words) / average_words : 1.0;
  double words = 0, pairs = 0;
  for (std::size_t i = 0; i < match.frequencies.size(); ++i)
    if (match.frequencies[i] > 0)
      words += query_.terms[i].weight * saturate(match.frequencies[i], length_ratio);
  for (std::size_t i = 0; i < match.pair_frequencies.size(); ++i) {
    if (match.pair_frequencies[i] <= 0) continue;
    const TermPair& pair = query_.pairs[i];
    pairs += (query_.terms[pair.first].weight + query_.terms[pair.second].weight) *
             saturate(match.pair_frequencies[i], length_ratio);
  }
  return words + k_pair_weight * pairs;
}

std::string TextScorer::snippet(std::string_view content) const {
  std::vector<Hit> hits;
  WordScanner scanner(base::truncate_utf8(content, k_max_bytes));
  while (!query_.terms.empty() && scanner.next())
    if (const std::size_t term = find_term(query_, scanner.folded); term < query_.terms.size())
      hits.push_back({term, scanner.begin, scanner.end});

  std::size_t best_begin = 0;
  double best = 0;
  for (std::size_t first = 0; first < hits.size(); ++first) {
    std::uint32_t seen = 0;
    double value = 0;
    for (std::size_t i = first; i < hits.size() && hits[i].end <= hits[first].begin + k_snippet_bytes; ++i) {
      const std::uint32_t bit = std::uint32_t{1} << hits[i].term;
      if ((seen & bit) == 0) value += query_.terms[hits[i].term].weight + 0.1;
      seen |= bit;
    }
    if (value <= best) continue;
    best = value;
    best_begin = hits[first].begin;
  }
  // A little of what comes before tells what the match is about.
  constexpr std::size_t k_lead = 40;
  const std::size_t begin = best_begin <= k_lead ? 0 : start_of_word(content, best_begin - k_lead);
  std::string_view window = base::truncate_utf8(content.substr(begin), k_snippet_bytes);
  const bool is_cut = begin + window.size() < content.size();
  if (is_cut)
    if (const auto space = window.find_last_of(" \n\t"); space != std::string_view::npos && space > 0)
      window = window.substr(0, space);
  return (begin > 0 ? "..." : "") + base::make_visible(one_line(window)) + (is_cut ? "..." : "");
}

} // namespace memsync::replica
