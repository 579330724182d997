#include "tools/line_diff.h"

#include <fmt/format.h>

#include "model/word_diff.h"

namespace memsync::tools {

namespace {

std::string signed_line(char sign, std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return fmt::format("{} {}\n", sign, line);
}

} // namespace

std::string diff_lines(std::string_view before, std::string_view after) {
  const model::TextComparison lines = model::compare_texts(before, after, model::Grain::lines);
  std::string text;
  for (const auto& hunk : lines.hunks) {
    text += fmt::format("@@ line {}\n", hunk.begin + 1);
    for (std::size_t i = hunk.begin; i < hunk.end; ++i) text += signed_line('-', lines.from[i]);
    for (std::size_t i = hunk.to_begin; i < hunk.to_end; ++i) text += signed_line('+', lines.to[i]);
  }
  return text;
}

} // namespace memsync::tools
