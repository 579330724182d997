#include <doctest/doctest.h>

#include "tests/unit/net/live_hub.h"
#include "wire/hub_messages.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;

namespace {

/// A team with Ben, whom comments of the owner mention.
struct Mentions {
  LiveHub hub;
  LiveHub::Person ben = hub.add_member("ben@example.org", model::Role::member);

  Mentions(int count) {
    REQUIRE(hub.push(hub.owner()).status == 200);
    const std::string node =
        hub.get(hub.team_path("/documents"), hub.owner().token).json()["documents"][0]["id"];
    for (int i = 0; i < count; ++i)
      REQUIRE(hub.call("POST", "/api/v1/nodes/" + node + "/comments?workspace_id=" + hub.team().str(),
                       hub.owner().token, R"({"text":"for @ben"})")
                  .status == 201);
  }
  Reply get(const std::string& rest) { return hub.get("/api/v1/notifications" + rest, ben.token); }
  Reply mark(const std::string& body) {
    return hub.call("POST", "/api/v1/notifications/mark-read", ben.token, body);
  }
  std::int64_t unread() { return get("/unread-count").json()["unread"].get<std::int64_t>(); }
};

} // namespace

TEST_CASE("notifications are listed in pages, counted and marked as read") {
  Mentions m(3);
  const Json first = m.get("?limit=2").json();
  REQUIRE(first["notifications"].size() == 2);
  CHECK(first["notifications"][0]["kind"] == "mentioned");
  CHECK(first["notifications"][0]["text"] == "for @ben");
  CHECK(first["notifications"][0]["read"] == false);
  CHECK(first["notifications"][0]["workspace"] == m.hub.team().view());
  const Json rest = m.get("?limit=2&cursor=" + first["next_cursor"].get<std::string>()).json();
  CHECK(rest["notifications"].size() == 1);
  CHECK_FALSE(rest.contains("next_cursor"));
  CHECK(m.unread() == 3);
  const std::string id = first["notifications"][0]["id"];
  const Reply marked = m.mark(R"({"ids":[")" + id + R"("]})");
  CHECK(marked.status == 200);
  CHECK(marked.json()["unread"] == 2);
  CHECK(m.get("?unread=true").json()["notifications"].size() == 2);
  CHECK(m.mark(R"({"all":true,"workspace_id":")" + m.hub.team().str() + R"("})").json()["unread"] == 0);
  CHECK(m.unread() == 0);
}

TEST_CASE("a replica fetches what changed since its version") {
  Mentions m(2);
  const Json all = m.get("/changes").json();
  REQUIRE(wire::decode_notification_changes(all));
  CHECK(all["notifications"].size() == 2);
  const auto after = all["epoch"].get<std::string>() + "." + all["to"].get<std::string>();
  CHECK(m.get("/changes?after=" + after).json()["notifications"].empty());
  m.mark(R"({"all":true})");
  CHECK(m.get("/changes?after=" + after).json()["notifications"].size() == 2);
}

TEST_CASE("preferences are read and changed by kind") {
  Mentions m(0);
  CHECK(m.get("/preferences").json()["mentioned"] == true);
  const Reply changed =
      m.hub.call("PUT", "/api/v1/notifications/preferences", m.ben.token, R"({"mentioned":false})");
  CHECK(changed.status == 200);
  CHECK(changed.json()["mentioned"] == false);
  CHECK(changed.json()["overwritten"] == true);
  CHECK(m.get("/preferences").json()["mentioned"] == false);
}

TEST_CASE("bad input to the notification routes is told by field") {
  Mentions m(1);
  const auto refused = [](const Reply& reply, std::string_view part) {
    CAPTURE(reply.body);
    CHECK(reply.code() == "validation");
    CHECK(reply.body.find(part) != std::string::npos);
  };
  refused(m.get("?unread=perhaps"), "unread");
  refused(m.get("?limit=0"), "limit");
  refused(m.get("?limit=201"), "limit");
  refused(m.get("?cursor=abc"), "cursor");
  refused(m.get("?cursor=-1"), "cursor");
  refused(m.get("/changes?after=5"), "after");
  refused(m.get("/changes?after=%F0%9F%92%A9"), "after");
  CHECK(m.get("?workspace_id=nowhere").code() == "not_found");
  CHECK(m.get("?workspace_id=00000000000000000000").code() == "not_found");
  for (const char* body :
       {R"({})", R"({"ids":[]})", R"({"ids":["x"]})", R"({"ids":[1]})", R"({"ids":"x"})", R"({"all":1})",
        R"({"all":false})", R"({"ids":["00000000000000000000"],"all":true})",
        R"({"ids":["00000000000000000000"],"workspace_id":"00000000000000000000"})",
        R"({"all":true,"workspace_id":"x"})"})
    refused(m.mark(body), "body");
  std::string many = R"({"ids":["00000000000000000000")";
  for (int i = 0; i < 1000; ++i) many += R"(,"00000000000000000000")";
  refused(m.mark(many + "]}"), "ids");
  CHECK(m.mark(R"({"all":true,"workspace_id":"00000000000000000000"})").code() == "not_found");
  CHECK(m.mark(R"({"ids":["00000000000000000000"]})").json()["unread"] == 1);
  const auto put = [&](const std::string& body) {
    return m.hub.call("PUT", "/api/v1/notifications/preferences", m.ben.token, body);
  };
  refused(put(R"({"gossip":true})"), "kinds");
  refused(put(R"({"mentioned":"no"})"), "kind");
  refused(put(R"({"mentioned":null})"), "kind");
}
