#include "cli/side_by_side.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "base/utf8.h"
#include "model/word_diff.h"

namespace memsync::cli {

namespace {

using model::Grain;
using model::Hunk;

constexpr std::size_t k_width_of_no_terminal = 100;
constexpr std::size_t k_context = 2; // equal lines shown around a change
constexpr std::string_view k_tab = "\u2192   ";

/// What a run of text is to its counterpart. `alone`: its whole line has none, which the gutter says already.
enum class Mark { equal, changed, alone };

struct Run {
  std::string text;
  Mark mark = Mark::equal;
};
using Line = std::vector<Run>;

/// How one side shows a difference.
struct SideLook {
  Style style;
  std::string_view open, close; // without colours
};
constexpr SideLook k_left{Style::red, "[-", "-]"};
constexpr SideLook k_right{Style::green, "{+", "+}"};

std::string visible(std::string_view text) {
  std::string out;
  for (const char c : base::make_visible(text)) {
    if (c == '\t') {
      out += k_tab;
    } else {
      out += c;
    }
  }
  return out;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  auto lines = model::split_text(text, Grain::lines);
  for (std::string_view& line : lines)
    if (line.ends_with('\n')) line.remove_suffix(1);
  return lines;
}

std::string join_lines(const std::vector<std::string_view>& lines, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text.append(i > begin ? "\n" : "").append(lines[i]);
  return text;
}

bool is_blank(std::string_view word) { return word.find_first_not_of(' ') == std::string_view::npos; }

/// Appends a word to the last of `lines`; it may hold line ends.
void append_word(std::vector<Line>& lines, std::string_view word, Mark mark) {
  for (;;) {
    const auto end = std::min(word.find('\n'), word.size());
    if (end > 0) {
      Line& line = lines.back();
      if (line.empty() || line.back().mark != mark) line.push_back({{}, mark});
      line.back().text.append(word.substr(0, end));
    }
    if (end == word.size()) return;
    lines.emplace_back();
    word.remove_prefix(end + 1);
  }
}

/// The words of one side as lines of runs; `ranges` are those that differ.
std::vector<Line> mark_words(const std::vector<std::string_view>& words,
                             const std::vector<std::pair<std::size_t, std::size_t>>& ranges) {
  std::vector<Line> lines(1);
  std::size_t range = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    while (range < ranges.size() && i >= ranges[range].second) ++range;
    const bool is_changed = range < ranges.size() && i >= ranges[range].first;
    append_word(lines, words[i], is_changed ? Mark::changed : Mark::equal);
  }
  return lines;
}

struct MarkedPair {
  std::vector<Line> left, right;
};

/// Compares the lines of one change word by word.
MarkedPair compare_lines(const std::string& left, const std::string& right) {
  const model::TextComparison words = model::compare_words(left, right);
  std::vector<std::pair<std::size_t, std::size_t>> left_ranges, right_ranges;
  for (const Hunk& hunk : words.hunks) {
    left_ranges.emplace_back(hunk.begin, hunk.end);
    right_ranges.emplace_back(hunk.to_begin, hunk.to_end);
  }
  return {mark_words(words.from, left_ranges), mark_words(words.to, right_ranges)};
}

/// Writes rows of two columns.
class Layout {
 public:
  explicit Layout(const Terminal& terminal)
      : terminal_(terminal),
        column_(((terminal.width > 0 ? terminal.width : k_width_of_no_terminal) - k_gutter) / 2) {}

  void add(const Line& left, char sign, const Line& right) {
    auto left_rows = wrap_line(left, k_left);
    auto right_rows = wrap_line(right, k_right);
    const std::size_t rows = std::max(left_rows.size(), right_rows.size());
    left_rows.resize(rows);
    right_rows.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      std::string row = left_rows[i].text;
      row.append(column_ - std::min(column_, left_rows[i].width), ' ');
      row.append(1, ' ').append(1, sign).append(1, ' ').append(right_rows[i].text);
      while (row.ends_with(' ')) row.pop_back();
      out_ += row + '\n';
    }
  }
  void add_titles(const std::string& left, const std::string& right) {
    add({{left, Mark::equal}}, ' ', {{right, Mark::equal}});
    out_ += styled(terminal_, Style::dim, std::string(column_ * 2 + k_gutter, '-')) + '\n';
  }
  void add_note(const std::string& text) { out_ += styled(terminal_, Style::dim, text) + '\n'; }
  std::string take() { return std::move(out_); }

 private:
  static constexpr std::size_t k_gutter = 3;
  struct Row {
    std::string text;
    std::size_t width = 0;
  };

  std::vector<Row> wrap_line(const Line& line, const SideLook& look) const {
    std::vector<Row> rows(1);
    for (const Run& run : line) {
      const bool is_bracketed = run.mark == Mark::changed && !terminal_.has_colour;
      const std::string text =
          is_bracketed ? fmt::format("{}{}{}", look.open, run.text, look.close) : run.text;
      const Style style = run.mark == Mark::equal ? Style::plain : look.style;
      std::string pending; // of this run, in the last row
      const auto flush = [&] { rows.back().text += styled(terminal_, style, std::exchange(pending, {})); };
      for (std::string_view word : model::split_text(text, Grain::words)) {
        while (!word.empty()) {
          const std::size_t room = column_ - std::min(column_, rows.back().width);
          const std::size_t width = base::display_width(word);
          const bool is_row_begun = rows.back().width > 0;
          if (width > room && is_row_begun) {
            flush();
            rows.emplace_back();
            if (is_blank(word)) break;
            continue;
          }
          const std::string_view part = width > room ? take_columns(word, room) : word;
          pending += part;
          rows.back().width += base::display_width(part);
          word.remove_prefix(part.size());
        }
      }
      flush();
    }
    return rows;
  }

  const Terminal& terminal_;
  const std::size_t column_;
  std::string out_;
};

/// Two texts, and how far both are written.
class Comparison {
 public:
  Comparison(const Terminal& terminal, const ComparedText& left, const ComparedText& right)
      : layout_(terminal),
        left_text_(visible(left.text)),
        right_text_(visible(right.text)),
        left_(split_lines(left_text_)),
        right_(split_lines(right_text_)) {
    layout_.add_titles(left.title, right.title);
  }

  std::string run() {
    model::PieceNumbers numbers;
    const auto from = numbers.number(left_);
    const auto to = numbers.number(right_);
    model::DiffBudget budget;
    const auto hunks = model::diff_pieces(from, to, numbers.count(), budget);
    if (hunks.empty())
      layout_.add_note(left_text_ == right_text_ ? "Both are equal."
                                                 : "They differ only in the line end at the end.");
    std::size_t at = 0;
    for (const Hunk& hunk : hunks) {
      add_equal(at, hunk.begin, at == 0 ? 0 : k_context, k_context);
      add_change(hunk);
      at = hunk.end;
    }
    if (!hunks.empty()) add_equal(at, left_.size(), k_context, 0);
    return layout_.take();
  }

 private:
  /// Shows the first and last of the equal lines and counts those between them.
  void add_equal(std::size_t begin, std::size_t end, std::size_t first, std::size_t last) {
    const std::size_t count = end - begin;
    const bool fits = count <= first + last + 1;
    for (std::size_t i = begin; i < end; ++i) {
      if (!fits && i == begin + first) {
        layout_.add_note(fmt::format("... {} equal lines ...", count - first - last));
        i = end - last;
        if (i == end) return;
      }
      const Line line{{std::string(left_[i]), Mark::equal}};
      layout_.add(line, ' ', line);
    }
  }

  void add_change(const Hunk& hunk) {
    if (hunk.begin == hunk.end || hunk.to_begin == hunk.to_end) {
      for (std::size_t i = hunk.begin; i < hunk.end; ++i)
        layout_.add({{std::string(left_[i]), Mark::alone}}, '<', {});
      for (std::size_t i = hunk.to_begin; i < hunk.to_end; ++i)
        layout_.add({}, '>', {{std::string(right_[i]), Mark::alone}});
      return;
    }
    const MarkedPair marked = compare_lines(join_lines(left_, hunk.begin, hunk.end),
                                            join_lines(right_, hunk.to_begin, hunk.to_end));
    for (std::size_t i = 0; i < std::max(marked.left.size(), marked.right.size()); ++i) {
      const bool has_left = i < marked.left.size();
      const bool has_right = i < marked.right.size();
      const char sign = has_left && has_right ? '|' : has_left ? '<' : '>';
      layout_.add(has_left ? marked.left[i] : Line{}, sign, has_right ? marked.right[i] : Line{});
    }
  }

  Layout layout_;
  const std::string left_text_, right_text_;
  const std::vector<std::string_view> left_, right_;
};

} // namespace

std::string format_side_by_side(const Terminal& terminal, const ComparedText& left,
                                const ComparedText& right) {
  return Comparison(terminal, left, right).run();
}

} // namespace memsync::cli
