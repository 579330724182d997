#include "model/word_diff.h"

#include <fmt/format.h>

#include "model/register_text.h"

namespace memsync::model {

namespace {

bool is_blank(std::string_view word) { return word.find_first_not_of(' ') == std::string_view::npos; }

std::vector<Hunk> join_over_blanks(const std::vector<Hunk>& hunks,
                                   const std::vector<std::string_view>& from) {
  std::vector<Hunk> joined;
  for (const Hunk& hunk : hunks) {
    const bool is_near =
        !joined.empty() && hunk.begin == joined.back().end + 1 && is_blank(from[joined.back().end]);
    if (is_near) {
      joined.back().end = hunk.end;
      joined.back().to_end = hunk.to_end;
    } else {
      joined.push_back(hunk);
    }
  }
  return joined;
}

std::string join(const std::vector<std::string_view>& pieces, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += pieces[i];
  return text;
}

/// Each line of `text` behind `sign`.
std::string signed_lines(char sign, std::string_view text) {
  std::string out;
  for (std::string_view line : split_text(text, Grain::lines)) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    out += fmt::format("{} {}\n", sign, line);
  }
  return out;
}

std::string mark_words(std::string_view before, std::string_view after) {
  const TextComparison words = compare_words(before, after);
  std::string text;
  std::size_t at = 0;
  for (const Hunk& hunk : words.hunks) {
    text += join(words.from, at, hunk.begin);
    if (hunk.begin < hunk.end) text += fmt::format("[-{}-]", join(words.from, hunk.begin, hunk.end));
    if (hunk.to_begin < hunk.to_end)
      text += fmt::format("{{+{}+}}", join(words.to, hunk.to_begin, hunk.to_end));
    at = hunk.end;
  }
  return text + join(words.from, at, words.from.size());
}

} // namespace

TextComparison compare_texts(std::string_view from, std::string_view to, Grain grain) {
  TextComparison compared{split_text(from, grain), split_text(to, grain), {}};
  PieceNumbers numbers;
  const auto from_numbers = numbers.number(compared.from);
  const auto to_numbers = numbers.number(compared.to);
  DiffBudget budget;
  compared.hunks = diff_pieces(from_numbers, to_numbers, numbers.count(), budget);
  return compared;
}

TextComparison compare_words(std::string_view from, std::string_view to) {
  TextComparison compared = compare_texts(from, to, Grain::words);
  compared.hunks = join_over_blanks(compared.hunks, compared.from);
  return compared;
}

std::string diff_words(std::string_view before, std::string_view after) {
  const TextComparison lines = compare_texts(before, after, Grain::lines);
  std::string text;
  for (const Hunk& hunk : lines.hunks) {
    text += fmt::format("@@ line {}\n", hunk.begin + 1);
    const std::string removed = join(lines.from, hunk.begin, hunk.end);
    const std::string added = join(lines.to, hunk.to_begin, hunk.to_end);
    if (removed.empty() || added.empty()) {
      text += signed_lines('-', removed) + signed_lines('+', added);
    } else {
      text += signed_lines('~', mark_words(removed, added));
    }
  }
  return text;
}

std::string diff_values(const std::optional<std::string>& before, const std::optional<std::string>& after) {
  return diff_words(text_in(before).value_or(""), text_in(after).value_or(""));
}

} // namespace memsync::model
