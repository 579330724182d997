#include <doctest/doctest.h>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;

TEST_CASE("a viewer reads and their writes are rejected one by one") {
  LiveHub hub;
  const auto viewer = hub.add_member("viewer@example.org", model::Role::viewer);
  CHECK(hub.push(hub.owner()).status == 200);
  const Reply pushed = hub.push(viewer, 2);
  REQUIRE(pushed.status == 200);
  const base::Json results = pushed.json()["results"];
  for (const auto& result : results) {
    CHECK(result["status"] == "rejected");
    CHECK(result["code"] == "permission");
  }
  const Reply pulled = hub.get(hub.team_path("/pull?after=" + hub.cursor_at(0)), viewer.token);
  REQUIRE(pulled.status == 200);
  CHECK(pulled.json()["entries"][0]["nodes"].size() == 1);
  CHECK(pulled.json()["entries"].back()["status"] == "rejected");
}

TEST_CASE("a removed member gets the proof on every sync route") {
  LiveHub hub;
  const auto member = hub.add_member("member@example.org", model::Role::member);
  CHECK(hub.push(member).status == 200);
  CHECK(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status == 204);
  for (const Reply& reply :
       {hub.push(member), hub.get(hub.team_path("/pull?after=" + hub.cursor_at(0)), member.token),
        hub.get("/api/v1/sync/stream?workspace_id=" + hub.team().str(), member.token)}) {
    CHECK(reply.status == 403);
    CHECK(reply.code() == "removed");
    CHECK(reply.json().value("workspace", "") == hub.team().view());
    CHECK(reply.json().value("user", "") == member.user.view());
    CHECK(reply.json().contains("epoch"));
  }
}

TEST_CASE("an invitation leads to an account, a token and a membership, once") {
  LiveHub hub;
  const Reply invited = hub.call("POST", "/api/v1/teams/" + hub.team().str() + "/invite", hub.owner().token,
                                 R"({"email":"new@example.org","role":"member"})");
  REQUIRE(invited.status == 201);
  const std::string secret = invited.json()["token"];
  CHECK(invited.json()["url"] == hub.url() + "/invite/" + secret);
  const std::string address = "/api/v1/invitations/" + secret;
  CHECK(hub.get(address, "").json()["email"] == "new@example.org");
  CHECK(hub.get("/invite/" + secret, "").body.find("memsync join --hub " + hub.url()) != std::string::npos);

  const Reply accepted = hub.call("POST", address + "/accept", "", R"({"name":"Nora New"})");
  REQUIRE(accepted.status == 200);
  CHECK(accepted.json()["user"]["name"] == "Nora New");
  CHECK(accepted.json()["workspace"]["id"] == hub.team().view());
  CHECK(hub.get(hub.team_path("/members"), accepted.json()["token"]).json()["members"].size() == 2);
  CHECK(hub.call("POST", address + "/accept", "", R"({"name":"Again"})").code() == "not_found");
  CHECK(hub.get(address, "").code() == "not_found");
}

TEST_CASE("an invitation for an account that exists asks to sign in") {
  LiveHub hub;
  const auto stranger = hub.add_stranger("there@example.org");
  const auto other = hub.add_stranger("other@example.org");
  const auto invited = hub.admin().invite(hub.team().view(), "there@example.org", model::Role::viewer);
  REQUIRE(invited);
  const std::string address = "/api/v1/invitations/" + invited->token + "/accept";
  CHECK(hub.call("POST", address, "", R"({"name":"X"})").code() == "sign_in_required");
  CHECK(hub.call("POST", address, "mst_wrong").code() == "unauthenticated");
  CHECK(hub.call("POST", address, other.token).status >= 400);
  const Reply accepted = hub.call("POST", address, stranger.token);
  CHECK(accepted.status == 200);
  CHECK(accepted.json()["workspace"]["role"] == "viewer");
}

TEST_CASE("a token is made, listed, narrower than its maker, and revoked") {
  LiveHub hub;
  const Reply made = hub.call("POST", "/api/v1/tokens", hub.owner().token,
                              R"({"name":"reader","scopes":["memory.read","team.read"]})");
  REQUIRE(made.status == 201);
  const std::string secret = made.json()["token"];
  CHECK(hub.get("/api/v1/me", secret).status == 200);
  CHECK(hub.call("PATCH", hub.team_path(), secret, R"({"name":"X"})").code() == "permission");
  CHECK(hub.call("POST", "/api/v1/tokens", secret, R"({"name":"wider"})").status == 403);
  CHECK(hub.get("/api/v1/tokens", hub.owner().token).body.find(secret) == std::string::npos);
  const std::string id = made.json()["id"];
  CHECK(hub.call("DELETE", "/api/v1/tokens/" + id, hub.owner().token).status == 204);
  CHECK(hub.get("/api/v1/me", secret).code() == "unauthenticated");
}

TEST_CASE("a workspace is made, renamed, left and deleted") {
  LiveHub hub;
  const std::string& token = hub.owner().token;
  const Reply made = hub.call("POST", "/api/v1/workspaces", token, R"({"name":"Second"})");
  REQUIRE(made.status == 201);
  const std::string path = "/api/v1/workspaces/" + made.json()["id"].get<std::string>();
  CHECK(hub.call("PATCH", path, token, R"({"name":"Renamed","strategy":"manual"})").json()["strategy"] ==
        "manual");
  CHECK(hub.get(path, token).json()["name"] == "Renamed");
  CHECK(hub.call("POST", path + "/leave", token).code() == "validation");
  CHECK(hub.call("DELETE", path + "?confirm=Second", token).code() == "validation");
  CHECK(hub.call("DELETE", path + "?confirm=Renamed", token).status == 204);
  CHECK(hub.get(path, token).status >= 403);
}

TEST_CASE("a snapshot is read page by page to its end") {
  LiveHub hub;
  CHECK(hub.push(hub.owner(), 1000).status == 200);
  CHECK(hub.push(hub.owner(), 1000, std::string(150, 'x')).status == 200);
  const std::string& token = hub.owner().token;
  const Reply opened = hub.call("POST", hub.team_path("/snapshot"), token,
                                R"({"proto":1,"replica":"00000000000000000000000000","outstanding":[]})");
  REQUIRE(opened.status == 200);
  CHECK(opened.json()["nodes"] == "2000");
  const std::string session = opened.json()["session"];
  std::size_t nodes = 0;
  std::string after;
  base::Json page;
  do {
    page = hub.get(hub.team_path("/snapshot/" + session + "?after_key=" + after), token).json();
    nodes += page["nodes"].size();
    after = page["next_key"];
  } while (!after.empty());
  CHECK(nodes == 2000);
  CHECK(page["end"] == "2000");
}

TEST_CASE("a pull goes on from its cursor, and an unknown cursor is told to resync") {
  LiveHub hub;
  CHECK(hub.push(hub.owner(), 5).status == 200);
  const std::string& token = hub.owner().token;
  const auto pull = [&](const std::string& query) { return hub.get(hub.team_path("/pull?" + query), token); };
  const base::Json page = pull("after=" + hub.cursor_at(1) + "&limit=2").json();
  CHECK(page["from"] == "1");
  CHECK(page["to"] == "3");
  CHECK(page["head"] == "5");
  CHECK(page["more"] == true);
  CHECK(page["entries"].size() == 2);
  CHECK(pull("after=1.0").code() == "resync");
  CHECK(pull("after=" + hub.cursor_at(99)).code() == "resync");
  for (const char* query : {"", "after=x", "after=1", "after=1.2.3", "after=1.0&limit=0", "after=1.0&limit=x",
                            "after=1.0&wait=26", "after=1.0&wait=-1", "after=1.0&after=1.0"}) {
    CAPTURE(query);
    CHECK(pull(query).code() == "validation");
  }
}

TEST_CASE("activity is filtered and paged") {
  LiveHub hub;
  CHECK(hub.push(hub.owner(), 3).status == 200);
  const std::string& token = hub.owner().token;
  const base::Json first = hub.get(hub.team_path("/activity?action=create&limit=2"), token).json();
  CHECK(first["activity"].size() == 2);
  CHECK(first["activity"][0]["user_name"] == "Olivia Owner");
  const std::string cursor = first["next_cursor"];
  const base::Json second =
      hub.get(hub.team_path("/activity?action=create&limit=2&cursor=" + cursor), token).json();
  CHECK(second["activity"].size() == 1);
  for (const char* query : {"user=x", "document=x", "since=whenever", "limit=201", "cursor=%20"})
    CHECK(hub.get(hub.team_path(std::string("/activity?") + query), token).code() == "validation");
}
