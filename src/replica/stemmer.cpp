#include "replica/stemmer.h"

#include <algorithm>
#include <array>

namespace memsync::replica {

namespace {

constexpr std::size_t k_shortest = 3;
constexpr std::size_t k_longest_word = 64;

struct Ending {
  std::string_view from, to;
};

// Longer endings before their own endings: the first that fits decides, whether or not its condition holds.
constexpr Ending k_step_2[] = {{"ational", "ate"}, {"ization", "ize"}, {"iveness", "ive"}, {"fulness", "ful"},
                               {"ousness", "ous"}, {"tional", "tion"}, {"biliti", "ble"},  {"entli", "ent"},
                               {"ousli", "ous"},   {"ation", "ate"},   {"alism", "al"},    {"aliti", "al"},
                               {"iviti", "ive"},   {"enci", "ence"},   {"anci", "ance"},   {"izer", "ize"},
                               {"logi", "log"},    {"alli", "al"},     {"ator", "ate"},    {"bli", "ble"},
                               {"eli", "e"}};
constexpr Ending k_step_3[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                               {"ical", "ic"},  {"ness", ""},  {"ful", ""}};
constexpr std::string_view k_step_4[] = {"ement", "ance", "ence", "able", "ible", "ment", "ant",
                                         "ent",   "ion",  "ism",  "ate",  "iti",  "ous",  "ive",
                                         "ize",   "al",   "er",   "ic",   "ou"};

class Stem {
 public:
  explicit Stem(std::string_view word) : text_(word) {}

  std::string run() {
    plural();
    past();
    if (text_.ends_with('y') && has_vowel(text_.size() - 1)) text_.back() = 'i';
    replace(k_step_2);
    replace(k_step_3);
    strip();
    final_letters();
    return std::move(text_);
  }

 private:
  bool is_consonant(std::size_t i) const {
    switch (text_[i]) {
      case 'a':
      case 'e':
      case 'i':
      case 'o':
      case 'u': return false;
      case 'y': return i == 0 || !is_consonant(i - 1);
      default: return true;
    }
  }
  bool has_vowel(std::size_t size) const {
    for (std::size_t i = 0; i < size; ++i)
      if (!is_consonant(i)) return true;
    return false;
  }
  /// The number of vowel-consonant sequences in the first `size` letters.
  std::size_t measure(std::size_t size) const {
    std::size_t count = 0;
    for (std::size_t i = 1; i < size; ++i) count += is_consonant(i) && !is_consonant(i - 1);
    return count;
  }
  bool ends_with_double_consonant() const {
    const std::size_t size = text_.size();
    return size >= 2 && text_[size - 1] == text_[size - 2] && is_consonant(size - 1);
  }
  /// The first `size` letters end consonant, vowel, consonant, the last not w, x or y.
  bool ends_cvc(std::size_t size) const {
    if (size < 3 || !is_consonant(size - 3) || is_consonant(size - 2) || !is_consonant(size - 1))
      return false;
    const char last = text_[size - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }
  void cut(std::size_t count) { text_.resize(text_.size() - count); }

  void plural() {
    if (text_.ends_with("sses") || text_.ends_with("ies")) {
      cut(2);
    } else if (text_.ends_with('s') && !text_.ends_with("ss")) {
      cut(1);
    }
  }

  void past() {
    if (text_.ends_with("eed")) {
      if (measure(text_.size() - 3) > 0) cut(1);
      return;
    }
    const std::size_t ending = text_.ends_with("ed") ? 2 : text_.ends_with("ing") ? 3 : 0;
    if (ending == 0 || !has_vowel(text_.size() - ending)) return;
    cut(ending);
    if (text_.ends_with("at") || text_.ends_with("bl") || text_.ends_with("iz")) {
      text_ += 'e';
    } else if (ends_with_double_consonant() && text_.back() != 'l' && text_.back() != 's' &&
               text_.back() != 'z') {
      cut(1);
    } else if (measure(text_.size()) == 1 && ends_cvc(text_.size())) {
      text_ += 'e';
    }
  }

  template <std::size_t Count>
  void replace(const Ending (&endings)[Count]) {
    for (const Ending& ending : endings) {
      if (!text_.ends_with(ending.from)) continue;
      if (measure(text_.size() - ending.from.size()) > 0) {
        cut(ending.from.size());
        text_ += ending.to;
      }
      return;
    }
  }

  void strip() {
    for (const std::string_view ending : k_step_4) {
      if (!text_.ends_with(ending)) continue;
      const std::size_t size = text_.size() - ending.size();
      const bool fits = ending != "ion" || (size > 0 && (text_[size - 1] == 's' || text_[size - 1] == 't'));
      if (fits && measure(size) > 1) cut(ending.size());
      return;
    }
  }

  void final_letters() {
    const std::size_t size = text_.size();
    if (text_.ends_with('e')) {
      const std::size_t m = measure(size - 1);
      if (m > 1 || (m == 1 && !ends_cvc(size - 1))) cut(1);
    }
    if (text_.ends_with("ll") && measure(text_.size() - 1) > 1) cut(1);
  }

  std::string text_;
};

} // namespace

std::string porter_stem(std::string_view word) {
  if (word.size() < k_shortest || word.size() > k_longest_word) return std::string(word);
  return Stem(word).run();
}

} // namespace memsync::replica
