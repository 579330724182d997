#include <doctest/doctest.h>

#include "model/hlc.h"
#include "model/ids.h"
#include "model/names.h"
#include "model/number.h"
#include "model/operation.h"

using namespace memsync;
using namespace memsync::model;
using std::chrono::milliseconds;

TEST_CASE("a cursor is two decimal numbers with a dot, and nothing else") {
  CHECK(Cursor::parse("7.42") == Cursor{Epoch{7}, Sequence{42}});
  CHECK(Cursor::parse("0.0") == Cursor{});
  CHECK(Cursor::parse("18446744073709551615.18446744073709551615")->str() ==
        "18446744073709551615.18446744073709551615");
  for (const char* text : {"", ".", "1", "1.", ".1", "1.2.3", "1,2", "-1.2", "+1.2", " 1.2", "1.2 ", "01.2",
                           "1.02", "a.b", "1.18446744073709551616", "0x1.2", "1e3.2"}) {
    CAPTURE(text);
    CHECK_FALSE(Cursor::parse(text));
  }
}

TEST_CASE("a number on the wire has one form") {
  CHECK(parse_u64("0") == 0);
  CHECK(parse_u64("18446744073709551615") == UINT64_MAX);
  for (const char* text : {"", "00", "-0", "+1", "1 ", "18446744073709551616", "1.0"})
    CHECK_FALSE(parse_u64(text));
}

TEST_CASE("ids of different kinds keep their text when one is read as another") {
  const auto item = *ItemId::parse("0123456789abcdefghjk");
  CHECK(id_cast<NodeId>(item).view() == item.view());
  CHECK(id_cast<NodeId>(ItemId{}).is_empty());
}

TEST_CASE("a replica's next stamp is its clock, but later than everything it has seen") {
  const base::Timestamp now{milliseconds(1'700'000'000'000)};
  const Hlc wall = Hlc::from_time(now);
  CHECK(wall.time() == now);
  CHECK(Hlc::next(Hlc{}, now) == wall);
  CHECK(Hlc::next(wall, now) == Hlc{wall.value + 1});
  const Hlc ahead = Hlc::from_time(now + milliseconds(5));
  CHECK(Hlc::next(ahead, now) == Hlc{ahead.value + 1});
  CHECK(Hlc::from_time(base::Timestamp{milliseconds(-1)}) == Hlc{0});
}

TEST_CASE("stamps of one millisecond ascend without limit") {
  const base::Timestamp now{milliseconds(1'000)};
  Hlc last = Hlc::from_time(now);
  for (int i = 0; i < 70'000; ++i) {
    const Hlc next = Hlc::next(last, now);
    REQUIRE(next > last);
    last = next;
  }
  CHECK(last.time() == now + milliseconds(1)); // borrowed from the next one
}

TEST_CASE("every name of an enumeration is found again and others are not") {
  const auto check = [](auto first) {
    using Enum = decltype(first);
    for (const std::string_view name : EnumNames<Enum>::names)
      CHECK(name_of(*find_by_name<Enum>(name)) == name);
    CHECK_FALSE(find_by_name<Enum>(""));
    CHECK_FALSE(find_by_name<Enum>("Merge"));
  };
  check(NodeKind{});
  check(Field{});
  check(OperationKind{});
  check(Resolution{});
  check(Status{});
  check(ConflictKind{});
  check(Strategy{});
}

TEST_CASE("a provisional sequence lies above every real one") {
  CHECK(Sequence{Sequence::k_first_provisional}.is_provisional());
  CHECK_FALSE(Sequence{Sequence::k_first_provisional - 1}.is_provisional());
}
