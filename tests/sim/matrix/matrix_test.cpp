#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>

#include "tests/sim/matrix/cell.h"

using namespace memsync::matrix;

namespace {

/// Played once for all tests.
const std::vector<Played>& all_played() {
  static const std::vector<Played> played = play_all();
  return played;
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("every cell of the matrix is played") {
  CHECK_EQ(all_played().size(), k_actions.size() * k_actions.size() * k_strategies.size() * k_people.size());
}

TEST_CASE(
    "in no cell a change is swallowed or rejected, and all stores end equal and show the same conflicts") {
  for (const Played& each : all_played()) {
    INFO(describe(each.cell));
    for (const std::string& violation : each.ending.violations) FAIL_CHECK(violation);
  }
}

TEST_CASE("every cell ends as the rules say") {
  for (const Played& each : all_played()) {
    INFO(describe(each.cell));
    const Expected expected = expect(each.cell);
    CHECK_EQ(name_of(each.ending.ana), name_of(expected.ana));
    CHECK_EQ(name_of(each.ending.ben), name_of(expected.ben));
    CHECK_EQ(each.ending.is_lifted, expected.is_lifted);
    std::vector<memsync::model::ConflictKind> kinds;
    for (const auto& conflict : each.ending.conflicts) kinds.push_back(conflict.kind);
    CHECK(kinds == expected.conflicts);
  }
}

TEST_CASE("docs/conflicts.md shows what the merge does") {
  const std::string path = MEMSYNC_SOURCE_DIR "/docs/conflicts.md";
  const std::string begin = "<!-- From here on written by merge_matrix. -->\n";
  std::string page = read(path);
  const auto at = page.find(begin);
  REQUIRE(at != std::string::npos);
  const std::string now = page.substr(0, at) + begin + "\n" + write_matrix(all_played());
  if (std::getenv("MEMSYNC_UPDATE_SNAPSHOTS") != nullptr) {
    std::ofstream(path) << now;
    page = now;
  }
  INFO(
      "the merge ends some cells otherwise than docs/conflicts.md says. If that is meant: run merge_matrix "
      "with MEMSYNC_UPDATE_SNAPSHOTS=1, review the difference and correct the text above the tables.");
  CHECK_EQ(page, now);
}
