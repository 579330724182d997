#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace memsync::replica {

/// Steps through the words of a text (valid UTF-8): runs of letters and digits, as FTS5's unicode61
/// tokenizer finds them. Scripts that put no space between words (Han, kana, Thai) and Hangul, whose words
/// have endings, have pairs of neighbouring characters in place of words, each but the last one overlapping
/// the next; a character that stands alone is a word.
class WordScanner {
 public:
  explicit WordScanner(std::string_view text) : text_(text) {}

  /// Goes to the next word; false at the end of the text.
  bool next();

  std::string folded;             // lower case, without diacritics (ASCII, Latin, Greek, Cyrillic)
  std::size_t begin = 0, end = 0; // bytes in the text

 private:
  std::string_view text_;
  std::size_t next_at_ = 0;
};

/// What the index needs besides the text itself so that the words of WordScanner are found in it: FTS5 takes
/// a whole run of such scripts, and Latin letters that touch it, for one word. Separated by blanks, each
/// once; with the last character of each run, so that every character begins some word (is_one_character).
/// Empty for a text without such a run.
std::string words_within_runs(std::string_view text);

/// A single character of a script without spaces, to be asked for as the beginning of words.
bool is_one_character(std::string_view folded);

/// One word of a text as the index sees it.
struct Word {
  std::string stem;
  std::size_t begin = 0, end = 0; // bytes in the text
  bool is_stop_word = false;
};

/// The first words of `text`, at most `max_words`.
std::vector<Word> split_words(std::string_view text, std::size_t max_words);

/// True for words that say nothing about the topic ("the", "when", "did"); `folded` in lower case.
bool is_stop_word(std::string_view folded);

} // namespace memsync::replica
