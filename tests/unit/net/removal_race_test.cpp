#include <barrier>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <thread>

#include "hub/accounts.h"
#include "model/number.h"
#include "tests/unit/net/scene.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

/// MEMSYNC_RACES: the nightly run asks for 1,000.
int count_races() {
  const char* const wanted = std::getenv("MEMSYNC_RACES");
  return wanted ? static_cast<int>(model::parse_u64(wanted).value_or(0)) : 30;
}

/// What a stream gave until it ended.
struct Seen {
  std::uint64_t last = 0; // sequence
  std::string last_event;
};

Seen read_to_end(TestStream& stream) {
  Seen seen;
  while (const auto event = stream.next()) {
    seen.last_event = event->event;
    if (event->event != "ops") continue;
    const base::Json data = base::Json::parse(event->data);
    seen.last = std::max(seen.last, model::parse_u64(data["to"].get<std::string>()).value_or(0));
  }
  return seen;
}

/// One member who is removed again and again while the owner writes.
struct Race {
  LiveHub hub{{}, without_limits()};
  LiveHub::Person member = hub.add_member("member@example.org", model::Role::member);
  base::SystemRandom random;

  std::string stream_path() const { return "/api/v1/sync/stream?view=ops&workspace_id=" + hub.team().str(); }
  void take_back() {
    const auto joined = hub.store().write([&](hub::StoreTxn& txn) -> hub::Answer<> {
      txn.put_member(hub.team(), {member.user, model::Role::member, hub.clock().now(), false});
      return {};
    });
    REQUIRE(joined);
  }
  std::uint64_t head() {
    const auto range = hub.store().read(
        [&](hub::StoreReader& reader) -> hub::Answer<hub::LogRange> { return reader.log_range(hub.team()); });
    return range->head.value;
  }
  /// As an operator does it, beside the hub: the head of the log in the very transaction of the removal.
  std::uint64_t remove_beside() {
    std::uint64_t head = 0;
    const auto removed = hub.store().write([&](hub::StoreTxn& txn) -> hub::Answer<> {
      hub::Work work{txn, random, hub.clock().now(), {}};
      head = txn.log_range(hub.team()).head.value;
      return hub::end_membership(work, hub.team(), member.user, hub::AuditAction::member_removed);
    });
    CHECK(removed.has_value());
    return head;
  }
  /// As an owner does it, through the hub: the head of the log when it is answered.
  std::uint64_t remove_through_hub() {
    CHECK(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status ==
          204);
    return head();
  }

  /// Writes against the removal; the head at the removal and what the member's stream gave.
  template <class Remove>
  void run(Remove&& remove) {
    take_back();
    TestStream stream(hub.port(), stream_path(), member.token);
    REQUIRE(stream.head().status == 200);
    std::barrier start(2);
    std::thread writer([&] {
      start.arrive_and_wait();
      for (int i = 0; i < 3; ++i) CHECK(hub.push(hub.owner()).status == 200);
    });
    start.arrive_and_wait();
    const std::uint64_t head = remove();
    writer.join();
    CHECK(hub.push(hub.owner()).status == 200); // whatever else happened, this one came later
    const Seen seen = read_to_end(stream);
    CHECK(seen.last <= head);
    CHECK(seen.last_event == "revoked");
  }
};

} // namespace

TEST_CASE("races of removing a member against publishing deliver nothing after the removal") {
  Race race;
  const int races = count_races();
  for (int i = 0; i < races; ++i) {
    CAPTURE(i);
    if (i % 2 == 0)
      race.run([&] { return race.remove_beside(); });
    else
      race.run([&] { return race.remove_through_hub(); });
  }
}
