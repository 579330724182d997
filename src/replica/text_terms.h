#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace memsync::replica {

/// Steps through the words of a text (valid UTF-8): runs of letters and digits, as FTS5's unicode61
/// tokenizer finds them.
class WordScanner {
 public:
  explicit WordScanner(std::string_view text) : text_(text) {}

  /// Goes to the next word; false at the end of the text.
  bool next();

  std::string folded;             // lower case, without diacritics (ASCII, Latin, Greek, Cyrillic)
  std::size_t begin = 0, end = 0; // bytes in the text

 private:
  std::string_view text_;
};

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
