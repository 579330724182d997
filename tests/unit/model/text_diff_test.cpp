#include "model/text_diff.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace memsync;
using namespace memsync::model;

namespace {

using Pieces = std::vector<std::string_view>;
using Numbers = std::vector<std::uint32_t>;

/// Rebuilds `to` from `from` and the hunks; checks that what is outside of hunks is equal.
Numbers patch(const Numbers& from, const Numbers& to, const std::vector<Hunk>& hunks) {
  Numbers result;
  std::size_t at = 0;
  for (const Hunk& hunk : hunks) {
    for (; at < hunk.begin; ++at) result.push_back(from[at]);
    for (std::size_t j = hunk.to_begin; j < hunk.to_end; ++j) result.push_back(to[j]);
    at = hunk.end;
  }
  for (; at < from.size(); ++at) result.push_back(from[at]);
  return result;
}

std::size_t changed_pieces(const std::vector<Hunk>& hunks) {
  std::size_t count = 0;
  for (const Hunk& hunk : hunks) count += hunk.end - hunk.begin + hunk.to_end - hunk.to_begin;
  return count;
}

/// The least number of removed and added pieces, by dynamic programming.
std::size_t least_difference(const Numbers& a, const Numbers& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = a[i - 1] == b[j - 1] ? diagonal : 1 + std::min(above, row[j - 1]);
      diagonal = above;
    }
  }
  return row.back();
}

Numbers random_numbers(base::Random& random, std::size_t length, std::uint64_t kinds) {
  Numbers numbers(random.below(length + 1));
  for (auto& number : numbers) number = static_cast<std::uint32_t>(random.below(kinds));
  return numbers;
}

} // namespace

TEST_CASE("lines keep their ends, so that joined they are the text again") {
  CHECK(split_text("", Grain::lines).empty());
  CHECK(split_text("a\n\r\nb", Grain::lines) == Pieces{"a\n", "\r\n", "b"});
  CHECK(split_text("\n\n", Grain::lines) == Pieces{"\n", "\n"});
}

TEST_CASE("words, blanks and marks are pieces of their own") {
  CHECK(split_text("a_1  b,c\r\n\td", Grain::words) == Pieces{"a_1", "  ", "b", ",", "c", "\r\n", "\t", "d"});
  CHECK(split_text("gr\u00fc\u00dfe \u0416\u0417", Grain::words) ==
        Pieces{"gr\u00fc\u00dfe", " ", "\u0416\u0417"});
  CHECK(split_text("\u4f60\u597dx\u2014y\U0001f600", Grain::words) ==
        Pieces{"\u4f60", "\u597d", "x", "\u2014", "y", "\U0001f600"});
}

TEST_CASE("the hunks turn one sequence into the other, for random sequences") {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const std::uint64_t kinds = 1 + random.below(8);
    const Numbers from = random_numbers(random, 30, kinds);
    const Numbers to = random_numbers(random, 30, kinds);
    DiffBudget budget;
    const auto hunks = diff_pieces(from, to, static_cast<std::uint32_t>(kinds), budget);
    REQUIRE(patch(from, to, hunks) == to);
    for (std::size_t i = 1; i < hunks.size(); ++i) {
      REQUIRE(hunks[i - 1].end < hunks[i].begin);
      REQUIRE(hunks[i - 1].to_end < hunks[i].to_begin);
    }
  }
}

TEST_CASE("without unique pieces the difference is the least possible") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    Numbers from = random_numbers(random, 40, 3);
    Numbers to = random_numbers(random, 40, 3);
    for (std::uint32_t kind = 0; kind < 3; ++kind) from.insert(from.end(), 2, kind);
    DiffBudget budget;
    CHECK(changed_pieces(diff_pieces(from, to, 3, budget)) == least_difference(from, to));
  }
}

TEST_CASE("a piece that occurs once on each side is common wherever it was moved") {
  const Numbers from{9, 1, 1, 1, 1, 8};
  const Numbers to{1, 1, 9, 8};
  DiffBudget budget;
  CHECK(diff_pieces(from, to, 10, budget) == std::vector<Hunk>{{0, 0, 0, 2}, {1, 5, 3, 3}});
}

TEST_CASE("with its budget spent a comparison is one hunk between the common ends") {
  const Numbers from{5, 1, 2, 1, 2, 5};
  const Numbers to{5, 2, 1, 2, 1, 5};
  DiffBudget budget{3};
  CHECK(diff_pieces(from, to, 6, budget) == std::vector<Hunk>{{1, 5, 1, 5}});
  CHECK(budget.steps == 0);
}

TEST_CASE("texts without anything in common give up after a bounded number of differences") {
  const Numbers from(60'000, 0);
  const Numbers to(60'000, 1);
  DiffBudget budget;
  CHECK(diff_pieces(from, to, 2, budget) == std::vector<Hunk>{{0, 60'000, 0, 60'000}});
  CHECK(budget.steps > DiffBudget{}.steps - 600'000);
}

TEST_CASE("a hostile pair of texts costs no more than the budget") {
  base::SeededRandom random(7);
  Numbers from;
  Numbers to;
  for (std::uint32_t gap = 0; gap < 80; ++gap) {
    for (auto* numbers : {&from, &to}) {
      for (int i = 0; i < 1'600; ++i) numbers->push_back(static_cast<std::uint32_t>(random.below(2)));
      numbers->push_back(2 + gap);
    }
  }
  DiffBudget budget;
  const auto hunks = diff_pieces(from, to, 82, budget);
  CHECK(patch(from, to, hunks) == to);
  CHECK(budget.steps == 0);
}
