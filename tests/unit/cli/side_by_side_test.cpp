#include "cli/side_by_side.h"

#include <doctest/doctest.h>

#include "base/utf8.h"
#include "model/text_diff.h"

using namespace memsync;
using namespace memsync::cli;

namespace {

std::string compare(const Terminal& terminal, std::string left, std::string right) {
  return format_side_by_side(terminal, {"local", std::move(left)}, {"server", std::move(right)});
}

const Terminal k_narrow{false, 43}; // two columns of 20
const std::string k_heading =
    "local                  server\n"
    "-------------------------------------------\n";

} // namespace

TEST_CASE("the words that differ are marked on both sides and changed lines in the gutter") {
  CHECK(compare(k_narrow, "Set it to 60.\nsame\n", "Set it to 90.\nsame\n") ==
        k_heading +
            "Set it to [-60-].    | Set it to {+90+}.\n"
            "same                   same\n");
}

TEST_CASE("a line that only one side has stands alone") {
  CHECK(compare(k_narrow, "one\ntwo\n", "one\n") == k_heading +
                                                        "one                    one\n"
                                                        "two                  <\n");
  CHECK(compare(k_narrow, "one\n", "zero\none\n") == k_heading +
                                                         "                     > zero\n"
                                                         "one                    one\n");
}

TEST_CASE("long lines are wrapped at blanks, and a word longer than a column is broken") {
  CHECK(compare(k_narrow, "aaaa bbbb cccc dddd eeee\nx", "aaaa bbbb cccc dddd eeee\ny") ==
        k_heading +
            "aaaa bbbb cccc dddd    aaaa bbbb cccc dddd\n"
            "eeee                   eeee\n"
            "[-x-]                | {+y+}\n");
  const std::string word(30, 'a');
  CHECK(compare(k_narrow, word + " x", word + " y") == k_heading +
                                                           "aaaaaaaaaaaaaaaaaaaa | aaaaaaaaaaaaaaaaaaaa\n"
                                                           "aaaaaaaaaa [-x-]     | aaaaaaaaaa {+y+}\n");
}

TEST_CASE("columns are measured as they look: wide and combining characters") {
  CHECK(compare(k_narrow, "日本語の長い文章です一二三四\n", "e\u0301\n") ==
        k_heading +
            "[-日本語の長い文章で | {+e\u0301+}\n"
            "す一二三四-]         |\n");
}

TEST_CASE("no row is wider than the terminal, whatever the text and the width") {
  const std::string left = "# Title\n\ttabbed\tline\nword-with-many-parts 日本語 \u001b[31mred\n" +
                           std::string(200, 'w') + "\n" + std::string(50, ' ') + "end";
  const std::string right =
      "# Title two\n tabbed line\nword-with-parts 日本 red\n" + std::string(190, 'w') + "!";
  for (const std::size_t width : {40, 57, 80, 133}) {
    const std::string shown = compare({false, width}, left, right);
    for (std::string_view line : model::split_text(shown, model::Grain::lines)) {
      if (line.ends_with('\n')) line.remove_suffix(1);
      CHECK(base::display_width(line) <= width);
    }
  }
}

TEST_CASE("control characters are made visible and never reach the terminal") {
  const std::string shown = compare({false, 80}, "a\u001b[2J", "a\tb\u202e");
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find('\t') == std::string::npos);
  CHECK(shown.find("001B") != std::string::npos);
  CHECK(shown.find("202E") != std::string::npos);
  CHECK(shown.find("\u2192") != std::string::npos);
}

TEST_CASE("on a terminal with colours they mark the difference instead of brackets") {
  const std::string shown = compare({true, 43}, "to 60", "to 90");
  CHECK(shown.find("to \x1b[31m60\x1b[0m") != std::string::npos);
  CHECK(shown.find("to \x1b[32m90\x1b[0m") != std::string::npos);
  CHECK(shown.find("[-") == std::string::npos);
}

TEST_CASE("equal lines far from a change are counted, not shown") {
  std::string text;
  for (int i = 1; i <= 20; ++i) text += fmt::format("line {}\n", i);
  const std::string shown = compare(k_narrow, text + "old\n", text + "new\n");
  CHECK(shown.find("... 18 equal lines ...") != std::string::npos);
  CHECK(shown.find("line 18 ") == std::string::npos);
  CHECK(shown.find("line 19 ") != std::string::npos);
  const std::string between = compare(k_narrow, "old\n" + text + "old\n", "new\n" + text + "new\n");
  CHECK(between.find("... 16 equal lines ...") != std::string::npos);
  CHECK(between.find("line 2 ") != std::string::npos);
  CHECK(between.find("line 3 ") == std::string::npos);
}

TEST_CASE("texts without a visible difference say so") {
  CHECK(compare(k_narrow, "same", "same") == k_heading + "Both are equal.\n");
  CHECK(compare(k_narrow, "same\n", "same").find("only in the line end") != std::string::npos);
}

TEST_CASE("a text of 128 KiB without any line end is shown whole") {
  std::string text;
  while (text.size() < std::size_t{128} << 10) text += "word ";
  const std::string shown = compare(k_narrow, text + "x", text + "y");
  CHECK(shown.find("[-x-]") != std::string::npos);
  CHECK(shown.find("{+y+}") != std::string::npos);
}
