#include "replica/presence_sync.h"

#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

struct Reporting : TeamStore {
  std::vector<ReportPresence> sent;
  PresenceSync presence{*replica, [this](HubRequest request) {
                          sent.push_back(std::get<ReportPresence>(std::move(request)));
                          return std::uint64_t{sent.size()};
                        }};

  model::Presence session(const std::string& name) {
    model::Presence each;
    each.session = name;
    each.workspace = id;
    return each;
  }
  void advance() { must(presence.advance()); }
  void answer() {
    CHECK(presence.owns(sent.size()));
    presence.take(HubAnswer{sent.size(), wire::PresenceReported{1}, std::nullopt});
  }
};

} // namespace

TEST_CASE_FIXTURE(Reporting,
                  "sessions are reported at once, when they change, and again before they are stale") {
  advance();
  CHECK(sent.empty());
  presence.set_sessions({session("a")});
  advance();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].report.sessions.size() == 1);
  answer();
  presence.set_sessions({session("a")});
  advance();
  CHECK(sent.size() == 1);
  presence.set_sessions({session("a"), session("b")});
  advance();
  CHECK(sent.size() == 2);
  answer();
  clock.advance(std::chrono::seconds(20));
  advance();
  CHECK(sent.size() == 3);
  CHECK(sent[2].report.reporter == sent[0].report.reporter);
}

TEST_CASE_FIXTURE(Reporting, "the last session that ends is reported as nobody, once") {
  presence.set_sessions({session("a")});
  advance();
  answer();
  presence.set_sessions({});
  advance();
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].report.sessions.empty());
  answer();
  clock.advance(std::chrono::minutes(5));
  advance();
  CHECK(sent.size() == 2);
}

TEST_CASE_FIXTURE(Reporting, "a hub that takes no reports is asked again after a minute") {
  presence.set_sessions({session("a")});
  advance();
  wire::Problem unknown;
  unknown.code = base::ErrorCode::not_found;
  presence.take(HubAnswer{1, unknown, std::nullopt});
  advance();
  CHECK(sent.size() == 1);
  clock.advance(std::chrono::minutes(1));
  advance();
  CHECK(sent.size() == 2);
}

TEST_CASE_FIXTURE(Reporting, "a new connection is told at once, whatever was told to the last one") {
  presence.set_sessions({session("a")});
  advance();
  answer();
  advance();
  CHECK(sent.size() == 1);
  presence.note_connected();
  advance();
  CHECK(sent.size() == 2);
}

TEST_CASE_FIXTURE(Reporting, "who is here is what the stream said last, and nobody once it ended") {
  CHECK_FALSE(presence.knows({id}));
  wire::StreamPresence event{id, {{bob, "Bob", session("x"), clock.now()}}};
  presence.take(event);
  CHECK(presence.knows({id}));
  CHECK_FALSE(presence.knows({id, model::WorkspaceId{}}));
  CHECK(presence.list({id}).size() == 1);
  event = {id, {}};
  presence.take(event);
  CHECK(presence.knows({id}));
  CHECK(presence.list({id}).empty());
  presence.forget();
  CHECK_FALSE(presence.knows({id}));
}
