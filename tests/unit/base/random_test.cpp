#include "base/random.h"

#include <doctest/doctest.h>
#include <set>

#include "base/backoff.h"
#include "base/id.h"

using namespace memsync::base;
using std::chrono::milliseconds;

TEST_CASE("a seeded generator repeats itself and differs between seeds") {
  SeededRandom one(1), same(1), other(2);
  for (int i = 0; i < 100; ++i) {
    const auto value = one.next();
    CHECK(value == same.next());
    CHECK(value != other.next());
  }
}

TEST_CASE("the system generator does not repeat itself") {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.next());
  CHECK(seen.size() == 1000);
}

TEST_CASE("below gives every value of its range and no other, evenly") {
  SeededRandom random(3);
  int counts[7] = {};
  for (int i = 0; i < 7000; ++i) ++counts[random.below(7)];
  for (const int count : counts) CHECK((count > 850 && count < 1150));
  CHECK(random.below(1) == 0);
}

TEST_CASE("random ids are distinct and read back, upper case accepted") {
  SeededRandom random(4);
  using TestId = Id<struct TestTag>;
  const TestId id = TestId::random(random);
  CHECK(id != TestId::random(random));
  CHECK(TestId::parse(id.view()) == id);
  std::string upper = id.str();
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  CHECK(TestId::parse(upper) == id);
  CHECK(!TestId::parse("too short"));
  CHECK(!TestId::parse("uuuuuuuuuuuuuuuuuuuu")); // u is not in the alphabet
  CHECK(TestId().is_empty());
  CHECK(!id.is_empty());
}

TEST_CASE("back-off grows up to its cap, and starts again after reset") {
  SeededRandom random(5);
  Backoff backoff(milliseconds(500), milliseconds(30'000));
  milliseconds longest{0};
  for (int i = 0; i < 200; ++i) {
    const milliseconds delay = backoff.next(random);
    const auto limit = i < 6 ? milliseconds(500) * (1 << i) : milliseconds(30'000);
    CHECK(delay >= milliseconds(0));
    CHECK(delay <= std::min(limit, milliseconds(30'000)));
    longest = std::max(longest, delay);
  }
  CHECK(longest > milliseconds(20'000));
  backoff.reset();
  CHECK(backoff.next(random) <= milliseconds(500));
}

TEST_CASE("back-off is never shorter than the server's floor and still spreads") {
  SeededRandom random(6);
  Backoff backoff(milliseconds(100), milliseconds(1000));
  backoff.set_floor(milliseconds(5000));
  std::set<milliseconds> delays;
  for (int i = 0; i < 50; ++i) delays.insert(backoff.next(random));
  CHECK(*delays.begin() >= milliseconds(5000));
  CHECK(*delays.rbegin() <= milliseconds(6000));
  CHECK(delays.size() > 20);
}
