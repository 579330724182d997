#include "model/sibling_key.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "model/limits.h"

using namespace memsync;
using namespace memsync::model;

namespace {

std::size_t longest(const std::vector<std::string>& keys) {
  std::size_t length = 0;
  for (const std::string& key : keys) length = std::max(length, key.size());
  return length;
}

bool is_strictly_ascending(const std::vector<std::string>& keys) {
  return std::adjacent_find(keys.begin(), keys.end(), std::greater_equal<>()) == keys.end();
}

} // namespace

TEST_CASE("a key lies strictly between its neighbours, wherever it is inserted") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    std::vector<std::string> keys;
    for (int i = 0; i < 500; ++i) {
      const std::size_t at = random.below(keys.size() + 1);
      const std::string before = at == 0 ? "" : keys[at - 1];
      const std::string after = at == keys.size() ? "" : keys[at];
      keys.insert(keys.begin() + static_cast<std::ptrdiff_t>(at), key_between(before, after, random));
    }
    REQUIRE(is_strictly_ascending(keys));
    CHECK(std::all_of(keys.begin(), keys.end(), is_sibling_key));
    CHECK(longest(keys) <= 20);
  }
}

TEST_CASE("100,000 appends stay short, and so do 100,000 prepends") {
  base::SeededRandom random(1);
  std::vector<std::string> keys{key_between("", "", random)};
  for (int i = 0; i < 100'000; ++i) keys.push_back(key_between(keys.back(), "", random));
  CHECK(is_strictly_ascending(keys));
  CHECK(longest(keys) == 7);

  std::vector<std::string> down{key_between("", "", random)};
  for (int i = 0; i < 100'000; ++i) down.push_back(key_between("", down.back(), random));
  std::reverse(down.begin(), down.end());
  CHECK(is_strictly_ascending(down));
  CHECK(longest(down) == 7);
}

TEST_CASE("1,000 insertions at the same spot stay within the limit of a key") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    base::SeededRandom random(seed);
    const auto ends = keys_between("", "", 2, random);

    std::vector<std::string> after_first{ends[1]};
    for (int i = 0; i < 1'000; ++i) after_first.push_back(key_between(ends[0], after_first.back(), random));
    std::reverse(after_first.begin(), after_first.end());
    CHECK(is_strictly_ascending(after_first));
    CHECK(ends[0] < after_first.front());
    CHECK(longest(after_first) < 80);

    std::vector<std::string> before_last{ends[0]};
    for (int i = 0; i < 1'000; ++i) before_last.push_back(key_between(before_last.back(), ends[1], random));
    CHECK(is_strictly_ascending(before_last));
    CHECK(before_last.back() < ends[1]);
    CHECK(longest(before_last) < 80);
  }
}

TEST_CASE("insertions that always halve the gap grow a key by a digit in five or so") {
  base::SeededRandom random(5);
  auto ends = keys_between("", "", 2, random);
  for (int i = 0; i < 200; ++i) {
    const std::string key = key_between(ends[0], ends[1], random);
    REQUIRE(ends[0] < key);
    REQUIRE(key < ends[1]);
    ends[random.below(2)] = key;
  }
  CHECK(std::max(ends[0].size(), ends[1].size()) < limits::k_key_bytes);
}

TEST_CASE("a run of keys ascends between its bounds and shares one prefix") {
  base::SeededRandom random(2);
  for (const std::size_t count : {1u, 2u, 61u, 62u, 63u, 5'000u}) {
    CAPTURE(count);
    const auto keys = keys_between("V000abc", "V001abc", count, random);
    REQUIRE(keys.size() == count);
    CHECK(is_strictly_ascending(keys));
    CHECK("V000abc" < keys.front());
    CHECK(keys.back() < "V001abc");
    CHECK(longest(keys) <= 12);
    const std::size_t shared = keys.front().size() - (count == 1 ? 3 : 4);
    for (const std::string& key : keys)
      CHECK(key.substr(0, std::min<std::size_t>(shared, 5)) ==
            keys.front().substr(0, std::min<std::size_t>(shared, 5)));
  }
  CHECK(keys_between("a", "b", 0, random).empty());
}

TEST_CASE("two who insert at the same spot hardly ever make equal keys") {
  std::set<std::string> keys;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    base::SeededRandom random(seed);
    keys.insert(key_between("V000abc", "V001abc", random));
  }
  CHECK(keys.size() == 100);
}

TEST_CASE("keys that leave no room are followed, not met") {
  base::SeededRandom random(3);
  const std::pair<const char*, const char*> bounds[] = {{"a", "a0"},    {"a", "a00000000"}, {"b", "a"},
                                                        {"a", "a"},     {"a0", "a00"},      {"zzzz", "zzzz0"},
                                                        {"zzzz", "zz"}, {"zzzzzzzzz", ""}};
  for (const auto& [before, after] : bounds) {
    CAPTURE(before);
    CAPTURE(after);
    CHECK(std::string(before) < key_between(before, after, random));
  }
  for (const char* after : {"0", "0000", "00000000"}) CHECK(is_sibling_key(key_between("", after, random)));
}

TEST_CASE("hostile keys of other tools are met where there is room") {
  base::SeededRandom random(4);
  const std::pair<const char*, const char*> bounds[] = {{"a", "a01"},        {"a0", "a1"},  {"", "1"},
                                                        {"", "0001"},        {"", "00001"}, {"zz", "zz1"},
                                                        {"a", "a000000001"}, {"0", "1"},    {"Zz", "a"}};
  for (const auto& [before, after] : bounds) {
    CAPTURE(before);
    CAPTURE(after);
    for (int i = 0; i < 100; ++i) {
      const std::string key = key_between(before, after, random);
      REQUIRE(std::string(before) < key);
      REQUIRE(key < std::string(after));
    }
  }
}

TEST_CASE("bytes that are no digits neither crash nor hang") {
  base::SeededRandom random(6);
  for (const char* before : {"", "~~~~", "\xff\xff", "/", "a b"})
    for (const char* after : {"", "~~~~~", "\xff\xff\xff", "!", "a c"})
      CHECK(is_sibling_key(key_between(before, after, random)));
  CHECK_FALSE(is_sibling_key("a b"));
  CHECK_FALSE(is_sibling_key("\xc3\xa4"));
}
