#include <doctest/doctest.h>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;

namespace {

struct Room {
  LiveHub hub;
  std::string query = "?workspace_id=" + hub.team().str();

  Reply get(const std::string& rest) { return hub.get("/api/v1/presence/" + rest, hub.owner().token); }
  Reply report(const Json& body) {
    return hub.call("POST", "/api/v1/presence/heartbeat", hub.owner().token, body.dump());
  }
  Json session(const Json& more = Json::object()) {
    Json json = {
        {"session", "s1"}, {"workspace", hub.team().view()}, {"kind", "person"}, {"state", "active"}};
    json.update(more);
    return json;
  }
  Json body(const Json& more) { return {{"reporter", "tab"}, {"sessions", {session(more)}}}; }
};

} // namespace

TEST_CASE("a heartbeat makes somebody present, in the workspace and in the room") {
  Room room;
  const std::string document = "0123456789abcdefghjk";
  const Reply reported = room.report(room.body({{"document", document}, {"client", "firefox"}}));
  REQUIRE(reported.status == 200);
  CHECK(reported.json()["seen"] == 1);
  const Json present = room.get("online" + room.query).json()["present"];
  REQUIRE(present.size() == 1);
  CHECK(present[0]["name"] == "Olivia Owner");
  CHECK(present[0]["kind"] == "person");
  CHECK(present[0]["client"] == "firefox");
  CHECK_FALSE(present[0]["last_seen"].get<std::string>().empty());
  CHECK(room.get("room/" + document + room.query).json()["present"].size() == 1);
  CHECK(room.get("room/00000000000000000000" + room.query).json()["present"].empty());
  CHECK(room.report({{"reporter", "tab"}, {"sessions", Json::array()}}).json()["seen"] == 0);
  CHECK(room.get("online" + room.query).json()["present"].empty());
}

TEST_CASE("bad heartbeats are told by field") {
  Room room;
  const auto refused = [&](const Json& body, std::string_view part) {
    const Reply reply = room.report(body);
    CAPTURE(reply.body);
    CHECK(reply.code() == "validation");
    CHECK(reply.body.find(part) != std::string::npos);
  };
  refused({{"sessions", Json::array()}}, "reporter");
  refused({{"reporter", "tab"}}, "sessions");
  refused({{"reporter", "tab"}, {"sessions", 5}}, "sessions");
  refused({{"reporter", ""}, {"sessions", Json::array()}}, "reporter");
  for (const char* member : {"session", "workspace", "kind", "state", "client", "document", "node"})
    refused(room.body({{member, 5}}), member);
  refused(room.body({{"kind", "ghost"}}), "kind");
  refused(room.body({{"session", "two\nlines"}}), "session");
  refused(room.body({{"client", std::string(10'000, 'x')}}), "client");
  CHECK(room.report(room.body({{"client", "💻"}})).status == 200);
  CHECK(room.get("online").code() == "validation");
  CHECK(room.get("room/x" + room.query).code() == "not_found");
}
