#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/settings.h"

namespace memsync::cli {

enum class Style { plain, bold, dim, red, green, yellow, cyan };

/// What the reader of the output can see.
struct Terminal {
  bool has_colour = false;
  std::size_t width = 0; // columns; 0: not a terminal, lines are never cut
};

/// Of stdout. Colours only on a terminal that can show them, unless NO_COLOR is set (no-color.org).
Terminal detect_terminal(const Environment& environment = read_environment);

/// `text` in that style, or as it is where there are no colours.
std::string styled(const Terminal& terminal, Style style, std::string_view text);

/// One cell of a table. Its text must be one line of shown text (agent::show).
struct Cell {
  std::string text;
  Style style = Style::plain;
};
enum class Align { left, right };
struct Column {
  std::string title;
  Align align = Align::left;
};

/// Aligned columns with a dim heading, two spaces apart; on a terminal the last column is cut to its width.
/// Empty for no rows.
std::string format_table(const Terminal& terminal, const std::vector<Column>& columns,
                         const std::vector<std::vector<Cell>>& rows);

/// "label  value" lines with the values aligned.
std::string format_fields(const Terminal& terminal, const std::vector<std::pair<std::string, Cell>>& fields);

/// `text` broken at blanks to the terminal's width, every line behind `indent`.
std::string wrap(const Terminal& terminal, std::string_view text, std::string_view indent = "");

/// The longest beginning of `text` that takes at most `columns` columns.
std::string_view take_columns(std::string_view text, std::size_t columns);

/// `text` cut to `columns` columns with "..." at its end.
std::string clip_columns(std::string_view text, std::size_t columns);

} // namespace memsync::cli
