#include "tools/line_diff.h"

#include <fmt/format.h>

#include "model/text_diff.h"

namespace memsync::tools {

namespace {

std::string signed_line(char sign, std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return fmt::format("{} {}\n", sign, line);
}

} // namespace

std::string diff_lines(std::string_view before, std::string_view after) {
  const auto old_lines = model::split_text(before, model::Grain::lines);
  const auto new_lines = model::split_text(after, model::Grain::lines);
  model::PieceNumbers numbers;
  const auto from = numbers.number(old_lines);
  const auto to = numbers.number(new_lines);
  model::DiffBudget budget;
  std::string text;
  for (const auto& hunk : model::diff_pieces(from, to, numbers.count(), budget)) {
    text += fmt::format("@@ line {}\n", hunk.begin + 1);
    for (std::size_t i = hunk.begin; i < hunk.end; ++i) text += signed_line('-', old_lines[i]);
    for (std::size_t i = hunk.to_begin; i < hunk.to_end; ++i) text += signed_line('+', new_lines[i]);
  }
  return text;
}

} // namespace memsync::tools
