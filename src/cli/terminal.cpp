#include "cli/terminal.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

namespace memsync::cli {

namespace {

constexpr std::size_t k_default_width = 100;
constexpr std::size_t k_min_width = 40; // narrower ones are left to break lines themselves
constexpr std::size_t k_gap = 2;

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::red: return "\x1b[31m";
    case Style::green: return "\x1b[32m";
    case Style::yellow: return "\x1b[33m";
    case Style::cyan: return "\x1b[36m";
  }
  return "";
}

std::size_t width_of(std::string_view text) { return base::display_width(text); }

std::string padded(const Terminal& terminal, const Cell& cell, std::size_t width, Align align) {
  const std::size_t missing = width - std::min(width, width_of(cell.text));
  const std::string blanks(missing, ' ');
  const std::string text = styled(terminal, cell.style, cell.text);
  return align == Align::left ? text + blanks : blanks + text;
}

} // namespace

Terminal detect_terminal(const Environment& environment) {
  Terminal terminal;
  if (::isatty(STDOUT_FILENO) == 0) return terminal;
  const auto kind = environment("TERM");
  terminal.has_colour = !environment("NO_COLOR") && kind && *kind != "dumb";
  terminal.width = k_default_width;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
  terminal.width = std::max(terminal.width, k_min_width);
  return terminal;
}

std::string styled(const Terminal& terminal, Style style, std::string_view text) {
  if (!terminal.has_colour || style == Style::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", code_of(style), text);
}

std::string_view take_columns(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && base::truncate_utf8(text, next).size() < next) ++next;
    const std::size_t width = width_of(text.substr(end, next - end));
    if (width > columns) break;
    columns -= width;
    end = next;
  }
  return text.substr(0, end);
}

std::string clip_columns(std::string_view text, std::size_t columns) {
  constexpr std::string_view k_dots = "...";
  if (width_of(text) <= columns) return std::string(text);
  if (columns <= k_dots.size()) return std::string(k_dots.substr(0, columns));
  return std::string(take_columns(text, columns - k_dots.size())) + std::string(k_dots);
}

std::string format_table(const Terminal& terminal, const std::vector<Column>& columns,
                         const std::vector<std::vector<Cell>>& rows) {
  if (rows.empty()) return {};
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = width_of(columns[i].title);
    for (const auto& row : rows) width = std::max(width, width_of(row[i].text));
    widths.push_back(width);
  }
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < columns.size(); ++i) before_last += widths[i] + k_gap;
  const auto format_row = [&](const std::vector<Cell>& row) {
    std::string line;
    for (std::size_t i = 0; i + 1 < columns.size(); ++i)
      line += padded(terminal, row[i], widths[i], columns[i].align) + std::string(k_gap, ' ');
    Cell last = row.back();
    if (terminal.width > before_last + k_gap)
      last.text = clip_columns(last.text, terminal.width - before_last);
    if (columns.back().align == Align::right) {
      line += padded(terminal, last, widths.back(), Align::right);
    } else {
      line += styled(terminal, last.style, last.text);
    }
    while (line.ends_with(' ')) line.pop_back();
    return line + '\n';
  };
  std::vector<Cell> heading;
  for (const Column& column : columns) heading.push_back({column.title, Style::dim});
  std::string out = format_row(heading);
  for (const auto& row : rows) out += format_row(row);
  return out;
}

std::string format_fields(const Terminal& terminal, const std::vector<std::pair<std::string, Cell>>& fields) {
  std::size_t width = 0;
  for (const auto& [label, value] : fields) width = std::max(width, width_of(label));
  std::string out;
  for (const auto& [label, value] : fields) {
    if (value.text.empty()) continue;
    out += padded(terminal, {label, Style::dim}, width, Align::left) + std::string(k_gap, ' ') +
           styled(terminal, value.style, value.text) + '\n';
  }
  return out;
}

std::string wrap(const Terminal& terminal, std::string_view text, std::string_view indent) {
  const std::size_t limit =
      terminal.width > indent.size() + k_min_width / 2 ? terminal.width - indent.size() : 0;
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    do {
      std::size_t take = limit > 0 ? take_columns(line, limit).size() : line.size();
      if (take < line.size()) {
        const auto blank = line.substr(0, take + 1).rfind(' ');
        if (blank != std::string_view::npos && blank > 0) take = blank;
        take = std::max<std::size_t>(take, 1);
      }
      out.append(indent).append(line.substr(0, take)).append("\n");
      line.remove_prefix(take);
      if (line.starts_with(' ')) line.remove_prefix(1);
    } while (!line.empty());
  }
  return out;
}

} // namespace memsync::cli
