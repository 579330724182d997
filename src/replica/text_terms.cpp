#include "replica/text_terms.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "replica/stemmer.h"

namespace memsync::replica {

namespace {

// The letter without its diacritics of U+00C0-U+024F and U+1E00-U+1EFF; '.' where there is none.
constexpr std::string_view k_latin =
    "aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y"
    "aaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk.llllll."
    "...nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz."
    "................................oo.............uu..............."
    ".............aaiioouuuuuuuuuu.aaaa....ggkkoooo..j...gg..nnaa...."
    "aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy............"
    "................";
constexpr std::string_view k_latin_additional =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmm"
    "mmmmnnnnnnnnoooooooopppprrrrrrrrssssssssssttttttttuuuuuuuuuuvvvv"
    "wwwwwwwwwwxxxxyyzzzzzzhtwy......aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";

constexpr std::array<std::string_view, 124> k_stop_words = {
    "a",     "about",  "after",   "all",   "also",   "am",    "an",    "and",     "any",  "are",   "as",
    "at",    "be",     "because", "been",  "before", "being", "but",   "by",      "can",  "could", "did",
    "do",    "does",   "doing",   "don",   "for",    "from",  "get",   "got",     "had",  "has",   "have",
    "he",    "her",    "here",    "hers",  "him",    "his",   "how",   "i",       "if",   "in",    "into",
    "is",    "it",     "its",     "just",  "like",   "ll",    "made",  "make",    "me",   "more",  "most",
    "my",    "need",   "no",      "nor",   "not",    "now",   "of",    "off",     "on",   "once",  "one",
    "only",  "or",     "other",   "our",   "out",    "over",  "own",   "re",      "s",    "same",  "say",
    "she",   "should", "so",      "some",  "such",   "t",     "tell",  "than",    "that", "the",   "their",
    "them",  "then",   "there",   "these", "they",   "this",  "those", "through", "to",   "too",   "under",
    "until", "up",     "us",      "use",   "used",   "using", "ve",    "very",    "was",  "we",    "were",
    "what",  "when",   "where",   "which", "while",  "who",   "whom",  "why",     "will", "with",  "would",
    "you",   "your",   "yours"};

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t size = 1;
};

/// The code point at `at` of valid UTF-8.
CodePoint decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0x80u;
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {(first & 0x1Fu) << 6 | (byte(1) & 0x3Fu), 2};
  if (first < 0xF0) return {(first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), 3};
  return {(first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu), 4};
}

bool is_between(std::uint32_t c, std::uint32_t first, std::uint32_t last) { return c >= first && c <= last; }

/// Letters in lower case and digits; 0 for what ends a word. Texts are mostly ASCII, and a search scans
/// a hundred of them.
constexpr std::array<char, 128> k_ascii_fold = [] {
  std::array<char, 128> fold{};
  for (char c = '0'; c <= '9'; ++c) fold[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) fold[static_cast<std::size_t>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) fold[static_cast<std::size_t>(c)] = static_cast<char>(c - 'A' + 'a');
  return fold;
}();

/// As far as it matters what FTS5's unicode61 takes for a letter or digit beyond ASCII: punctuation,
/// symbols, arrows and emoji are not.
bool is_word_character(std::uint32_t c) {
  if (c < 0xC0)
    return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || (c >= 0xB9 && c != 0xBB && c != 0xBF);
  return c != 0xD7 && c != 0xF7 && !is_between(c, 0x2000, 0x206F) && !is_between(c, 0x20A0, 0x20CF) &&
         !is_between(c, 0x2190, 0x2BFF) && !is_between(c, 0x3000, 0x3003) && !is_between(c, 0x3008, 0x3020) &&
         !is_between(c, 0xFE00, 0xFE6F) && !is_between(c, 0xFF00, 0xFF0F) && !is_between(c, 0xFF1A, 0xFF20) &&
         !is_between(c, 0xFF3B, 0xFF40) && !is_between(c, 0xFF5B, 0xFF65) && c != 0x30FB &&
         !is_between(c, 0x1F000, 0x1FAFF) && !is_between(c, 0xE0000, 0xE0FFF);
}

bool is_combining(std::uint32_t c) { return is_between(c, 0x0300, 0x036F); }

/// Letters of scripts whose words are not told apart by spaces, or have endings (Hangul).
bool is_unspaced(std::uint32_t c) {
  if (c < 0xE01) return false;
  return (is_between(c, 0xE01, 0xE4E) && c != 0xE3F) || is_between(c, 0x3005, 0x3007) ||
         (is_between(c, 0x3041, 0x30FF) && c != 0x30FB) || is_between(c, 0x3131, 0x318E) ||
         is_between(c, 0x31F0, 0x31FF) || is_between(c, 0x3400, 0x4DBF) || is_between(c, 0x4E00, 0x9FFF) ||
         is_between(c, 0xAC00, 0xD7A3) || is_between(c, 0xF900, 0xFAFF) || is_between(c, 0xFF66, 0xFFDC) ||
         is_between(c, 0x20000, 0x3FFFF);
}

/// Vowels and tones of Thai, and the sound marks of kana, which FTS5 takes for the end of a word: one
/// character with what they stand on.
bool is_mark(std::uint32_t c) {
  return c == 0xE31 || is_between(c, 0xE34, 0xE3A) || is_between(c, 0xE47, 0xE4E) || c == 0x3099 ||
         c == 0x309A;
}

/// The end of the character of such a script, with its marks, that begins at `at`; `at` when there is none.
std::size_t unspaced_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return at;
  CodePoint c = decode(text, at);
  if (!is_unspaced(c.value)) return at;
  do {
    at += c.size;
    if (at < text.size()) c = decode(text, at);
  } while (at < text.size() && is_mark(c.value));
  return std::min(at, text.size());
}

/// Of letters below U+0450 that keep what they have: Æ, Ł, Greek, Cyrillic.
std::uint32_t lower_case(std::uint32_t c) {
  if (is_between(c, 0xC0, 0xDE) || is_between(c, 0x391, 0x3A9) || is_between(c, 0x410, 0x42F))
    return c + 0x20;
  if (is_between(c, 0x400, 0x40F)) return c + 0x50;
  const bool is_pair = is_between(c, 0x100, 0x137) || is_between(c, 0x14A, 0x177);
  if (is_pair) return c | 1u;                           // capitals are even
  if (is_between(c, 0x139, 0x148)) return c + (c & 1u); // capitals are odd
  return c;
}

void append_folded(std::string& out, std::uint32_t c, std::string_view bytes) {
  if (is_between(c, 0xC0, 0x24F) && k_latin[c - 0xC0] != '.') {
    out += k_latin[c - 0xC0];
  } else if (c == 0x17F) { // long s
    out += 's';
  } else if (is_between(c, 0x1E00, 0x1EFF) && k_latin_additional[c - 0x1E00] != '.') {
    out += k_latin_additional[c - 0x1E00];
  } else if (const std::uint32_t low = lower_case(c); low != c) {
    out += static_cast<char>(0xC0u | low >> 6); // all of them take two bytes
    out += static_cast<char>(0x80u | (low & 0x3Fu));
  } else {
    out += bytes;
  }
}

} // namespace

bool WordScanner::next() {
  std::size_t at = next_at_;
  CodePoint c;
  for (; at < text_.size(); at += c.size) {
    const auto byte = static_cast<std::uint8_t>(text_[at]);
    c = byte < 0x80 ? CodePoint{byte, 1} : decode(text_, at);
    if (byte < 0x80 ? k_ascii_fold[byte] != 0 : is_word_character(c.value) && !is_combining(c.value)) break;
  }
  if (at >= text_.size()) return false;
  begin = at;
  folded.clear();
  if (const std::size_t first_end = unspaced_end(text_, at); first_end > at) {
    end = unspaced_end(text_, first_end);
    next_at_ = unspaced_end(text_, end) > end ? first_end : end;
    folded = text_.substr(begin, end - begin);
    return true;
  }
  while (at < text_.size()) {
    const auto byte = static_cast<std::uint8_t>(text_[at]);
    if (byte < 0x80) {
      if (k_ascii_fold[byte] == 0) break;
      folded += k_ascii_fold[byte];
      ++at;
      continue;
    }
    c = decode(text_, at);
    if (!is_combining(c.value)) {
      if (!is_word_character(c.value) || is_unspaced(c.value)) break;
      append_folded(folded, c.value, text_.substr(at, c.size));
    }
    at += c.size;
  }
  end = next_at_ = std::min(at, text_.size());
  return true;
}

std::string words_within_runs(std::string_view text) {
  std::set<std::string> words;
  WordScanner scanner(text);
  std::size_t run_end = std::string_view::npos; // of the last run
  while (scanner.next()) {
    const std::size_t first_end = unspaced_end(text, scanner.begin);
    const bool is_within = first_end > scanner.begin;
    if (is_within || scanner.begin == run_end || unspaced_end(text, scanner.end) > scanner.end)
      words.insert(scanner.folded);
    if (!is_within) continue;
    run_end = scanner.end;
    const bool ends_run = unspaced_end(text, scanner.end) == scanner.end;
    if (ends_run) words.emplace(text.substr(first_end, scanner.end - first_end));
  }
  words.erase("");
  std::string joined;
  for (const std::string& word : words) {
    if (!joined.empty()) joined += ' ';
    joined += word;
  }
  return joined;
}

bool is_one_character(std::string_view folded) {
  return !folded.empty() && unspaced_end(folded, 0) == folded.size();
}

bool is_stop_word(std::string_view folded) {
  return std::binary_search(k_stop_words.begin(), k_stop_words.end(), folded);
}

std::vector<Word> split_words(std::string_view text, std::size_t max_words) {
  std::vector<Word> words;
  WordScanner scanner(text);
  while (words.size() < max_words && scanner.next())
    words.push_back({porter_stem(scanner.folded), scanner.begin, scanner.end, is_stop_word(scanner.folded)});
  return words;
}

} // namespace memsync::replica
