#include <doctest/doctest.h>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;

namespace {

/// A team with one document.
struct Items {
  LiveHub hub;
  std::string node;

  Items() {
    REQUIRE(hub.push(hub.owner()).status == 200);
    node = hub.get(hub.team_path("/documents"), hub.owner().token).json()["documents"][0]["id"];
  }
  std::string in_team() const { return "?workspace_id=" + hub.team().str(); }
  std::string path(const std::string& rest = "") const { return "/api/v1/nodes/" + node + rest + in_team(); }
  Reply get(const std::string& path) { return hub.get(path, hub.owner().token); }
  Reply send(const std::string& method, const std::string& path, const std::string& body,
             const std::string& headers = "") {
    return hub.call(method, path, hub.owner().token, body, headers);
  }
  std::string version() { return get(path()).json()["version"]; }
  Reply patch(const std::string& body, const std::string& if_match) {
    return send("PATCH", path(), body, "If-Match: " + if_match + "\r\n");
  }
  /// Two texts that wait for a decision.
  std::string open_conflict() {
    return hub.open_conflict(hub.owner(), hub.team(), *model::NodeId::parse(node)).str();
  }
};

void check_refused(const Reply& reply, std::string_view part) {
  CAPTURE(reply.body);
  CHECK(reply.code() == "validation");
  CHECK(reply.body.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("a node is shown with its version as an entity tag, and changed on that version only") {
  Items items;
  const Reply shown = items.get(items.path());
  REQUIRE(shown.status == 200);
  CHECK(shown.json()["title"] == "a memory");
  CHECK(shown.json()["document_id"] == items.node);
  const std::string version = shown.json()["version"];
  CHECK(shown.headers.at("etag") == "\"" + version + "\"");
  const Reply changed =
      items.patch(R"({"title":"Ⅷ 😀","tags":["a"],"context":{"k":[1]}})", "\"" + version + "\"");
  REQUIRE(changed.status == 200);
  CHECK(changed.json()["title"] == "Ⅷ 😀");
  CHECK(changed.json()["context"]["k"][0] == 1);
  CHECK(changed.headers.at("etag") != shown.headers.at("etag"));
  const Reply stale = items.patch(R"({"title":"again"})", version);
  CHECK(stale.status == 412);
  CHECK(stale.code() == "stale");
  CHECK(items.patch(R"({"content":null,"tags":null,"context":null,"assignee":null})", "*").status == 200);
  CHECK(items.get(items.path()).json()["tags"].empty());
}

TEST_CASE("a node is deleted on the version that was seen") {
  Items items;
  const std::string version = items.version();
  CHECK(items.send("DELETE", items.path(), "", "If-Match: 1000\r\n").code() == "stale");
  CHECK(items.send("DELETE", items.path(), "", "If-Match: " + version + "\r\n").status == 204);
  CHECK(items.get(items.path()).code() == "not_found");
}

TEST_CASE("bad edits of a node are told by field") {
  Items items;
  check_refused(items.send("PATCH", items.path(), R"({"title":"x"})"), "If-Match");
  check_refused(items.patch(R"({"title":"x"})", "one"), "If-Match");
  check_refused(items.patch(R"({"title":"x"})", "\"\""), "If-Match");
  check_refused(items.patch(R"({})", "*"), "at least one");
  for (const char* member :
       {"kind", "type", "title", "content", "tags", "importance", "completed", "assignee"})
    check_refused(items.patch(Json{{member, {{"wrong", "type"}, {"very", true}}}}.dump(), "*"), member);
  check_refused(items.patch(R"({"context":"text"})", "*"), "context");
  check_refused(items.patch(R"({"tags":[1]})", "*"), "tags");
  check_refused(items.patch(R"({"importance":2})", "*"), "importance");
  check_refused(items.patch(R"({"kind":"poem"})", "*"), "kind");
  check_refused(items.patch(R"({"type":"two words"})", "*"), "type");
  check_refused(items.patch(R"({"title":""})", "*"), "title");
  check_refused(items.patch(R"({"assignee":"00000000000000000000"})", "*"), "member");
  check_refused(items.patch(R"({"colour":"red"})", "*"), "colour");
  const Reply large = items.patch(Json{{"content", std::string(200'000, 'x')}}.dump(), "*");
  CHECK(large.code() == "too_large");
  CHECK(items.patch(Json{{"title", std::string(201, 'x')}}.dump(), "*").code() == "too_large");
  CHECK(items.get("/api/v1/nodes/" + items.node).code() == "validation");
  CHECK(items.get("/api/v1/nodes/x" + items.in_team()).code() == "not_found");
}

TEST_CASE("comments are added and listed in pages") {
  Items items;
  for (const char* text : {"one", "two"}) {
    const Reply added = items.send("POST", items.path("/comments"), Json{{"text", text}}.dump());
    REQUIRE(added.status == 201);
    CHECK(added.json()["author"] == items.hub.owner().user.view());
  }
  const Json first = items.get(items.path("/comments") + "&limit=1").json();
  CHECK(first["comments"][0]["text"] == "one");
  const Json rest =
      items.get(items.path("/comments") + "&cursor=" + first["next_cursor"].get<std::string>()).json();
  CHECK(rest["comments"].size() == 1);
  check_refused(items.send("POST", items.path("/comments"), R"({"text":""})"), "comment");
  check_refused(items.send("POST", items.path("/comments"), R"({"text":5})"), "text");
  check_refused(items.send("POST", items.path("/comments"), R"({})"), "text");
  check_refused(items.send("POST", items.path("/comments"), R"({"text":"x","to":"y"})"), "to");
  check_refused(items.get(items.path("/comments") + "&cursor=x"), "cursor");
}

TEST_CASE("documents and their nodes are listed") {
  Items items;
  const Json documents = items.get(items.hub.team_path("/documents?limit=1")).json();
  REQUIRE(documents["documents"].size() == 1);
  CHECK(documents["documents"][0]["nodes"] == 1);
  const Json nodes = items.get("/api/v1/documents/" + items.node + items.in_team()).json();
  REQUIRE(nodes["nodes"].size() == 1);
  CHECK(nodes["nodes"][0]["parent_id"].is_null());
  CHECK_FALSE(nodes["nodes"][0]["key"].get<std::string>().empty());
  check_refused(items.get(items.hub.team_path("/documents?cursor=x")), "cursor");
  check_refused(items.get("/api/v1/documents/" + items.node + items.in_team() + "&cursor=x"), "cursor");
  CHECK(items.get("/api/v1/documents/00000000000000000000" + items.in_team()).code() == "not_found");
}

TEST_CASE("tasks are those of the caller, or of whom they ask about") {
  Items items;
  const std::string me = items.hub.owner().user.str();
  const auto titles = [&](const std::string& query) {
    const Json answer = items.get(items.hub.team_path("/tasks" + query)).json();
    std::vector<std::string> found;
    for (const Json& row : answer["tasks"]) found.push_back(row["title"]);
    return found;
  };
  CHECK(titles("").empty());
  REQUIRE(items.patch(Json{{"assignee", me}}.dump(), "*").status == 200);
  const std::vector<std::string> one{"a memory"};
  CHECK(titles("") == one);
  CHECK(titles("?assignee=me&completed=false") == one);
  CHECK(titles("?assignee=" + me) == one);
  CHECK(titles("?completed=true").empty());
  check_refused(items.get(items.hub.team_path("/tasks?assignee=Olivia")), "assignee");
  check_refused(items.get(items.hub.team_path("/tasks?completed=perhaps")), "completed");
  check_refused(items.get(items.hub.team_path("/tasks?cursor=x")), "cursor");
}

TEST_CASE("changes are taken back, and a revert says what it needs") {
  Items items;
  REQUIRE(items.patch(R"({"title":"worse"})", "*").status == 200);
  const std::string path = "/api/v1/history/revert" + items.in_team();
  const std::string me = items.hub.owner().user.str();
  const auto revert = [&](const Json& body) { return items.send("POST", path, body.dump()); };
  check_refused(revert(Json::object()), "change");
  check_refused(revert({{"change", "1"}, {"node", items.node}, {"to", "1"}}), "give");
  check_refused(revert({{"user", me}}), "since");
  check_refused(revert({{"change", "1"}, {"since", "1h"}}), "since");
  check_refused(revert({{"user", me}, {"since", "sometime"}}), "since");
  check_refused(revert({{"node", items.node}}), "to");
  check_refused(revert({{"node", items.node}, {"to", "then"}}), "to");
  for (const char* number : {"0", "18446744073709551615", "9223372036854775807"}) {
    check_refused(revert({{"change", number}}), "change");
    check_refused(revert({{"node", items.node}, {"to", number}}), "to");
  }
  check_refused(revert({{"change", "1"}, {"why", "x"}}), "why");
  CHECK(revert({{"change", "999"}}).code() == "not_found");
  const Reply reverted = revert({{"user", me}, {"session", "none"}, {"since", "1h"}});
  REQUIRE(reverted.status == 200);
  CHECK(reverted.json()["operations"].empty());
  const Json done = revert({{"node", items.node}, {"to", "1"}}).json();
  REQUIRE(done["operations"].size() == 1);
  CHECK(done["operations"][0]["op"] == "update");
  CHECK(done["operations"][0]["field"] == "title");
  CHECK(items.get(items.path()).json()["title"] == "a memory");
}

TEST_CASE("what a person wrote is listed, by session and since a time") {
  Items items;
  REQUIRE(items.patch(R"({"content":"one\n"})", "*").status == 200);
  const std::string path = "/api/v1/history/users/" + items.hub.owner().user.str() + items.in_team();
  const Json listed = items.get(path).json();
  REQUIRE(listed["changes"].size() == 2);
  CHECK(listed["changes"][0]["field"] == "content");
  CHECK(listed["changes"][0]["new"] == "one\n");
  CHECK(listed["changes"][0]["title"] == "a memory");
  CHECK(listed["changes"][0]["author_name"] == "Olivia Owner");
  CHECK(listed["changes"][1]["op"] == "create");
  CHECK_FALSE(listed["changes"][1].contains("field"));
  const Json first = items.get(path + "&limit=1").json();
  const Json rest = items.get(path + "&limit=1&cursor=" + first["next_cursor"].get<std::string>()).json();
  CHECK(rest["changes"][0] == listed["changes"][1]);
  CHECK(items.get(path + "&session=none").json()["changes"].empty());
  CHECK(items.get(path + "&since=1h").json()["changes"].size() == 2);
  check_refused(items.get(path + "&since=sometime"), "since");
  check_refused(items.get(path + "&cursor=x"), "cursor");
  check_refused(items.get(path + "&limit=201"), "limit");
  const Reply unknown = items.get("/api/v1/history/users/00000000000000000000" + items.in_team());
  CHECK(unknown.code() == "not_found");
  CHECK(unknown.body.find("members") != std::string::npos);
}

TEST_CASE("a diff shows fields and words between two changes, and says what it needs") {
  Items items;
  REQUIRE(items.patch(R"({"content":"set 60 s\n"})", "*").status == 200);
  REQUIRE(items.patch(R"({"content":"set 90 s\n","tags":["a"]})", "*").status == 200);
  const auto diff = [&](const std::string& range, const std::string& rest) {
    return items.get("/api/v1/history/diff/" + range + items.in_team() + rest);
  };
  for (const char* place : {"&node_id=", "&document_id="}) {
    const Json nodes = diff("2/3", place + items.node).json()["nodes"];
    REQUIRE(nodes.size() == 1);
    CHECK(nodes[0]["node"] == items.node);
    CHECK(nodes[0]["changes"].size() == 2);
    CHECK(nodes[0]["diff"] == "@@ line 1\n~ set [-60-]{+90+} s\n");
  }
  const std::string node = "&node_id=" + items.node;
  CHECK(diff("0/3", node).json()["nodes"][0]["changes"][0]["old"].is_null());
  check_refused(diff("3/2", node), "diff/2/3");
  check_refused(diff("x/2", node), "from");
  check_refused(diff("1/-2", node), "to");
  check_refused(diff("1/18446744073709551615", node), "to");
  check_refused(diff("1/2", ""), "node_id");
  check_refused(diff("1/2", node + "&document_id=" + items.node), "either");
  check_refused(diff("1/2", "&node_id=x"), "node_id");
  check_refused(diff("1/2", node + "&cursor=x"), "cursor");
  CHECK(diff("1/999", node).code() == "not_found");
  CHECK(diff("1/2", "&node_id=00000000000000000000").code() == "not_found");
}

TEST_CASE("blame shows the last writer of each field and paragraph") {
  Items items;
  REQUIRE(items.patch(R"({"content":"one\n\ntwo 😀\n"})", "*").status == 200);
  const std::string path = "/api/v1/history/blame/" + items.node + items.in_team();
  const Json blame = items.get(path).json();
  CHECK(blame["complete"] == true);
  for (const Json& change : blame["changes"]) {
    CHECK(change["author_name"] == "Olivia Owner");
    CHECK_FALSE(change.contains("old"));
  }
  REQUIRE(blame["paragraphs"].size() == 2);
  const Json& second = blame["paragraphs"][1];
  CHECK(second["line"] == 3);
  CHECK(second["text"] == "two 😀\n");
  CHECK(second["author"] == items.hub.owner().user.view());
  CHECK(second["client"] == "memsync-api");
  CHECK(second["sequence"] == "2");
  CHECK(items.get(path + "&limit=1").json()["next_cursor"] == "1");
  check_refused(items.get(path + "&cursor=x"), "cursor");
  CHECK(items.get("/api/v1/history/blame/00000000000000000000" + items.in_team()).code() == "not_found");
}

TEST_CASE("an open conflict shows every side and is decided once, on what was seen") {
  Items items;
  const std::string id = items.open_conflict();
  const Json listed = items.get(items.hub.team_path("/conflicts")).json();
  REQUIRE(listed["conflicts"].size() == 1);
  const Json& conflict = listed["conflicts"][0];
  CHECK(conflict["id"] == id);
  CHECK(conflict["field"] == "content");
  CHECK(conflict["base"] == "");
  CHECK(conflict["local"]["value"] == "second");
  CHECK(conflict["server"]["value"] == "first");
  CHECK(conflict["server"]["author_name"] == "Olivia Owner");
  CHECK_FALSE(conflict["local"]["at"].get<std::string>().empty());
  const std::string path = "/api/v1/conflicts/" + id + "/resolve" + items.in_team();
  check_refused(items.send("POST", path, R"({"resolution":"toss a coin"})"), "resolution");
  check_refused(items.send("POST", path, R"({"resolution":"custom"})"), "value");
  check_refused(items.send("POST", path, R"({"resolution":"merge","value":"x"})"), "value");
  check_refused(items.send("POST", path, R"({"resolution":"custom","value":5})"), "content");
  check_refused(items.send("POST", path, R"({"resolution":"keep_local","version":7})"), "version");
  check_refused(items.send("POST", path, R"({"resolution":"keep_local","why":"x"})"), "why");
  CHECK(items.send("POST", path, R"({"resolution":"keep_local","version":"1"})").code() == "stale");
  const Reply decided = items.send("POST", path, R"({"resolution":"custom","value":"both"})");
  REQUIRE(decided.status == 200);
  CHECK(decided.json()["status"] == "applied");
  CHECK(decided.json()["conflict"]["state"] == "resolved");
  CHECK(items.get(items.path()).json()["content"] == "both");
  CHECK(items.send("POST", path, R"({"resolution":"keep_local"})").json()["status"] == "superseded");
  CHECK(items.get(items.hub.team_path("/conflicts")).json()["conflicts"].empty());
  check_refused(items.get(items.hub.team_path("/conflicts?cursor=x")), "cursor");
}
