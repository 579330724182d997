#include "model/text_merge.h"

#include <doctest/doctest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/utf8.h"

using namespace memsync;
using namespace memsync::model;

namespace {

std::string merged(std::string_view base, std::string_view ours, std::string_view theirs) {
  const TextMerge result = merge_text(base, ours, theirs);
  INFO(result.text);
  CHECK_FALSE(result.has_conflict);
  return result.text;
}

void check_laws(const std::string& base, const std::string& x, const std::string& y) {
  for (const std::string* text : {&x, &y}) {
    REQUIRE(merge_text(base, *text, base).text == *text);
    REQUIRE(merge_text(base, base, *text).text == *text);
    REQUIRE(merge_text(base, *text, *text).text == *text);
    REQUIRE_FALSE(merge_text(base, *text, *text).has_conflict);
  }
  const TextMerge one = merge_text(base, x, y);
  const TextMerge other = merge_text(base, y, x);
  REQUIRE(one.has_conflict == other.has_conflict);
  if (!one.has_conflict) REQUIRE(one.text == other.text);
}

std::string random_text(base::Random& random, std::size_t pieces) {
  static constexpr std::string_view k_pieces[] = {"a",    "b",  " ",      "\n",     "\n",
                                                  "word", ", ", "\u00e4", "\u4f60", "\r\n"};
  std::string text;
  for (std::size_t i = random.below(pieces + 1); i > 0; --i)
    text += k_pieces[random.below(std::size(k_pieces))];
  return text;
}

std::string changed_text(base::Random& random, std::string text) {
  for (std::size_t edits = random.below(4); edits > 0; --edits) {
    std::size_t at = random.below(text.size() + 1);
    std::size_t end = std::min(text.size(), at + random.below(6));
    const auto is_inside = [&](std::size_t i) {
      return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xc0u) == 0x80u;
    };
    while (is_inside(at)) --at;
    while (is_inside(end)) ++end;
    text.replace(at, std::max(at, end) - at, random_text(random, 4));
  }
  return text;
}

/// Edits of single lines, by their number; nothing: the line is deleted.
using LineEdits = std::map<std::size_t, std::optional<std::string>>;

std::string with_edits(std::size_t lines, const std::vector<const LineEdits*>& edits) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    std::optional<std::string> line = "line " + std::to_string(i) + "\n";
    for (const LineEdits* each : edits)
      if (const auto at = each->find(i); at != each->end()) line = at->second;
    text += line.value_or("");
  }
  return text;
}

} // namespace

TEST_CASE("changes of different lines merge, also of neighbouring ones") {
  CHECK(merged("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n") == "A\nb\nC\n");
  CHECK(merged("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n") == "A\nB\nc\n");
  CHECK(merged("a\nb\nc\n", "b\nc\n", "a\nc\n") == "c\n");
  CHECK(merged("a\nb\nc\n", "b\nc\n", "a\nB\nc\n") == "B\nc\n");
}

TEST_CASE("a line added beside a changed one stays beside it") {
  CHECK(merged("a\nb\n", "a\nb\nnew\n", "a\nB\n") == "a\nB\nnew\n");
  CHECK(merged("a\nb\n", "new\na\nb\n", "A\nb\n") == "new\nA\nb\n");
}

TEST_CASE("changes of different words of one line merge") {
  CHECK(merged("use port 80 and host a", "use port 8080 and host a", "use port 80 and host b") ==
        "use port 8080 and host b");
  CHECK(merged("one two three\n", "one 2 three\n", "one two three four\n") == "one 2 three four\n");
  CHECK(merged("end", "end\nours", "the end") == "the end\nours");
}

TEST_CASE("scripts without blanks merge by character") {
  CHECK(merged("\u4f60\u597d\u4e16\u754c", "\u60a8\u597d\u4e16\u754c", "\u4f60\u597d\u4e16\u4eba") ==
        "\u60a8\u597d\u4e16\u4eba");
}

TEST_CASE("two changes of one word conflict and theirs stays") {
  const TextMerge result =
      merge_text("first\nport 80\nlast\n", "first\nport 81\nlast!\n", "1st\nport 82\nlast\n");
  CHECK(result.has_conflict);
  CHECK(result.text == "1st\nport 82\nlast!\n");
}

TEST_CASE("two different additions at one spot conflict, equal ones agree") {
  const TextMerge result = merge_text("a\n", "a\nours\n", "a\ntheirs\n");
  CHECK(result.has_conflict);
  CHECK(result.text == "a\ntheirs\n");
  CHECK(merged("a\n", "a\nsame\n", "a\nsame\n") == "a\nsame\n");
  CHECK(merge_text("", "ours", "theirs").has_conflict);
}

TEST_CASE("an edit inside of what the other deleted conflicts") {
  const TextMerge result = merge_text("a\nb\nc\nd\n", "a\nb\nC\nd\n", "a\nd\n");
  CHECK(result.has_conflict);
  CHECK(result.text == "a\nd\n");
}

TEST_CASE("an edit made on both sides, with more beside it on one, is not made twice") {
  const TextMerge result = merge_text("b\n", "x\nb\n", "x\ny\n");
  CHECK(result.text.find("x\nx") == std::string::npos);
  CHECK(result.text == "x\ny\n");
}

TEST_CASE("line ends and a missing last line end are kept as they are") {
  CHECK(merged("a\r\nb\r\nc", "A\r\nb\r\nc", "a\r\nb\r\nC") == "A\r\nb\r\nC");
  CHECK(merged("a\nb\nc", "a\nb\nc\n", "A\nb\nc") == "A\nb\nc\n");
}

TEST_CASE("the merge laws hold for random texts and the result is valid UTF-8") {
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const std::string base = random_text(random, 24);
    const std::string x = changed_text(random, base);
    const std::string y = changed_text(random, base);
    check_laws(base, x, y);
    REQUIRE(base::is_valid_utf8(merge_text(base, x, y).text));
  }
}

TEST_CASE("the merge laws hold for unrelated texts") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const std::string base = random_text(random, 30);
    const std::string x = random_text(random, 30);
    check_laws(base, x, random_text(random, 30));
  }
}

TEST_CASE("edits of disjoint lines always merge to the text with both") {
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const std::size_t lines = 1 + random.below(30);
    LineEdits ours;
    LineEdits theirs;
    for (std::size_t i = 0; i < lines; ++i) {
      const std::uint64_t choice = random.below(6);
      if (choice > 1) continue;
      LineEdits& side = choice == 0 ? ours : theirs;
      const std::string name = (choice == 0 ? "ours " : "theirs ") + std::to_string(i);
      switch (random.below(3)) {
        case 0: side[i] = std::nullopt; break;
        case 1: side[i] = name + "\n"; break;
        default: side[i] = name + "\nline " + std::to_string(i) + "\n"; break;
      }
    }
    const TextMerge result =
        merge_text(with_edits(lines, {}), with_edits(lines, {&ours}), with_edits(lines, {&theirs}));
    REQUIRE_FALSE(result.has_conflict);
    REQUIRE(result.text == with_edits(lines, {&ours, &theirs}));
  }
}

TEST_CASE("the laws hold where a text is too different to be compared in detail") {
  std::string base;
  std::string x;
  std::string y;
  base::SeededRandom random(3);
  for (int i = 0; i < 30'000; ++i) {
    base += random.below(2) ? "a\n" : "b\n";
    x += random.below(2) ? "a\n" : "b\n";
    y += random.below(2) ? "a\n" : "b\n";
  }
  check_laws(base, x, y);
}
