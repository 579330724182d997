#include <doctest/doctest.h>

#include "net/server/route_table.h"
#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;
using net::server::Access;
using net::server::BodyKind;
using net::server::Route;
using net::server::routes;

namespace {

constexpr std::string_view k_unknown_id = "00000000000000000000";
constexpr std::array<std::string_view, 4> k_item_paths{"/history/", "/nodes/", "/v1/documents/",
                                                       "/conflicts/"};

/// The route's address in `workspace`: things other than the workspace are unknown ones.
std::string path_of(const Route& route, const model::WorkspaceId& workspace) {
  std::string path(route.pattern);
  // The item in the path is not the workspace, which the query names.
  const bool is_item = std::any_of(k_item_paths.begin(), k_item_paths.end(), [&](std::string_view part) {
    return path.find(part) != std::string::npos;
  });
  const bool needs_query = is_item || path.ends_with("/audit") || path.ends_with("/stream");
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    const auto close = path.find('}');
    const bool is_workspace = path.substr(open, close - open + 1) == "{id}" && !is_item;
    path.replace(open, close - open + 1, is_workspace ? workspace.view() : k_unknown_id);
  }
  return needs_query ? path + "?workspace_id=" + workspace.str() : path;
}

Reply call(const LiveHub& hub, const Route& route, const std::string& path, const std::string& token,
           const std::string& body) {
  return hub.call(std::string(model::name_of(route.method)), path, token, body);
}

/// A request that is right but for the rights of the caller, and changes nothing when it is allowed.
std::string harmless_body(const Route& route) {
  if (route.body != BodyKind::json) return "";
  if (route.pattern.ends_with("/push"))
    return R"({"proto":1,"replica":"00000000000000000000000000","epoch":"0","ops":[]})";
  if (route.pattern.ends_with("/snapshot"))
    return R"({"proto":1,"replica":"00000000000000000000000000","outstanding":[]})";
  if (route.pattern.ends_with("/{user}")) return R"({"role":"member"})";
  if (route.pattern.ends_with("/invite")) return R"({"email":"somebody@example.org","role":"viewer"})";
  if (route.pattern.ends_with("/comments")) return R"({"text":"a comment"})";
  if (route.pattern.ends_with("/resolve")) return R"({"resolution":"keep_server"})";
  if (route.pattern.ends_with("/nodes/{id}")) return R"({"title":"a title"})";
  if (route.pattern.ends_with("/mark-read")) return R"({"all":true})";
  if (route.pattern.ends_with("/preferences")) return R"({})";
  return R"({"name":"Team"})";
}

/// Ends what the caller is: tested apart.
bool is_final(const Route& route) {
  return route.pattern.ends_with("/leave") || route.permission == model::Permission::team_delete;
}

} // namespace

TEST_CASE("every route answers bad input with typed problem details") {
  LiveHub hub;
  const model::WorkspaceId nowhere = *model::WorkspaceId::parse(k_unknown_id);
  for (const Route& route : routes()) {
    CAPTURE(route.pattern);
    CAPTURE(model::name_of(route.method));
    if (route.access == Access::signed_in || route.access == Access::member) {
      CHECK(call(hub, route, path_of(route, nowhere), "", harmless_body(route)).code() == "unauthenticated");
      CHECK(call(hub, route, path_of(route, nowhere), "mst_nonsense", harmless_body(route)).code() ==
            "unauthenticated");
    }
    if (route.access == Access::member) {
      const std::string unknown = path_of(route, nowhere);
      const Reply reply = call(hub, route, unknown, hub.owner().token, harmless_body(route));
      // A pull is read before it is looked for.
      CHECK(reply.code() == (route.pattern.ends_with("/pull") ? "validation" : "not_found"));
    }
    if (route.body == BodyKind::json) {
      CHECK(call(hub, route, path_of(route, hub.team()), hub.owner().token, "{\"nothing\":1}").code() ==
            "validation");
      CHECK(call(hub, route, path_of(route, hub.team()), hub.owner().token, "[").code() == "validation");
      CHECK(call(hub, route, path_of(route, hub.team()), hub.owner().token, "").code() == "validation");
    }
    if (route.body == BodyKind::none)
      CHECK(call(hub, route, path_of(route, hub.team()), hub.owner().token, "{}").code() == "validation");
  }
}

TEST_CASE("what a role may do over HTTP is what the permission table says") {
  LiveHub hub;
  for (const auto role : {model::Role::owner, model::Role::admin, model::Role::member, model::Role::viewer}) {
    const auto person = hub.add_member(fmt::format("a-{}@example.org", model::name_of(role)), role);
    for (const Route& route : routes()) {
      if (route.access != Access::member || is_final(route)) continue;
      if (route.pattern.ends_with("/stream")) continue; // opens a stream when allowed: tested with streams
      CAPTURE(model::name_of(role));
      CAPTURE(route.pattern);
      CAPTURE(model::name_of(route.method));
      const Reply reply = call(hub, route, path_of(route, hub.team()), person.token, harmless_body(route));
      const bool is_denied = reply.code() == "permission";
      CHECK(is_denied != model::allows(role, *route.permission));
      CHECK(reply.status < 500);
    }
  }
}

TEST_CASE("somebody of another team finds nothing of this one") {
  LiveHub hub;
  const auto stranger = hub.add_stranger("stranger@example.org");
  for (const Route& route : routes()) {
    if (route.access != Access::member || route.pattern.ends_with("/pull")) continue;
    CAPTURE(route.pattern);
    CAPTURE(model::name_of(route.method));
    const Reply reply = call(hub, route, path_of(route, hub.team()), stranger.token, harmless_body(route));
    CHECK(reply.status == 404);
    CHECK(reply.code() == "not_found");
  }
  CHECK(hub.get(hub.team_path("/pull?after=" + hub.cursor_at(0)), stranger.token).code() == "not_found");
}

TEST_CASE("a viewer reads and their writes are rejected one by one") {
  LiveHub hub;
  const auto viewer = hub.add_member("viewer@example.org", model::Role::viewer);
  CHECK(hub.push(hub.owner()).status == 200);
  const Reply pushed = hub.push(viewer, 2);
  REQUIRE(pushed.status == 200);
  for (const auto& result : pushed.json()["results"]) {
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
  CHECK(hub.call("DELETE", path, token).status == 204);
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
