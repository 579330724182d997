#include <doctest/doctest.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "tests/unit/net/live_hub.h"
#include "tests/unit/net/test_socket.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;
using valijson::adapters::NlohmannJsonAdapter;

namespace {

Json load(const std::string& name) {
  std::ifstream file(std::filesystem::path(MEMSYNC_SOURCE_DIR) / "schemas" / name);
  REQUIRE_MESSAGE(file, name);
  std::stringstream text;
  text << file.rdbuf();
  return Json::parse(text.str());
}

/// What is wrong with the data of an event named or typed `event` in the file of a view; empty: nothing.
std::string problem_of(const std::string& view_file, const std::string& event, const Json& data) {
  const Json document = load("events/" + view_file);
  if (!document["properties"].contains(event)) return "there is no event " + event;
  Json json = document["properties"][event];
  json["definitions"] = document["definitions"];
  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(
          NlohmannJsonAdapter(json), schema,
          [](const std::string& uri) -> const Json* {
            return std::make_unique<Json>(load("wire/" + uri.substr(uri.rfind('/') + 1))).release();
          },
          [](const Json* fetched) { std::unique_ptr<const Json>{fetched}; });
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, NlohmannJsonAdapter(data), &results)) return "";
  std::string problem = event + ": " + data.dump();
  valijson::ValidationResults::Error error;
  while (results.popError(error)) problem += "\n" + error.description;
  return problem;
}

/// Everything a member sees on a stream until they are removed, as (name or type, data). Replicas are told
/// that they were mentioned before that.
std::vector<std::pair<std::string, Json>> record(LiveHub& hub, const std::string& view) {
  const auto member = hub.add_member(view + "@example.org", model::Role::member);
  const std::string path = "/api/v1/sync/stream?view=" + view + "&workspace_id=" + hub.team().str();
  TestStream stream(hub.port(), path, member.token);
  TestStream lost(hub.port(), path + "&after=1.1", member.token);
  REQUIRE(hub.push(member, 3).status == 200);
  std::vector<std::pair<std::string, Json>> events;
  const auto keep = [&](const wire::SseEvent& event) {
    Json data = Json::parse(event.data);
    const std::string name = event.event == "message" ? data.value("type", "") : event.event;
    events.emplace_back(name, std::move(data));
  };
  const std::string node =
      hub.get(hub.team_path("/documents"), hub.owner().token).json()["documents"][0]["id"];
  REQUIRE(hub.call("POST", "/api/v1/nodes/" + node + "/comments?workspace_id=" + hub.team().str(),
                   hub.owner().token, R"({"text":"for @)" + view + R"("})")
              .status == 201);
  while (view == "ops" && (events.empty() || events.back().first != "notification")) {
    const auto event = stream.next();
    REQUIRE(event);
    keep(*event);
  }
  REQUIRE(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status ==
          204);
  for (TestStream* each : {&stream, &lost})
    while (const auto event = each->next()) keep(*event);
  return events;
}

std::set<std::string> names_of(const std::vector<std::pair<std::string, Json>>& events) {
  std::set<std::string> names;
  for (const auto& [name, data] : events) names.insert(name);
  return names;
}

} // namespace

TEST_CASE("every event of both views validates against its schema") {
  LiveHub hub;
  const auto ops = record(hub, "ops");
  for (const auto& [name, data] : ops) CHECK(problem_of("ops.json", name, data) == "");
  for (const char* name : {"hello", "ops", "resync", "revoked", "notification"})
    CHECK(names_of(ops).count(name) == 1);
  const auto memories = record(hub, "memories");
  for (const auto& [name, data] : memories) CHECK(problem_of("memories.json", name, data) == "");
  for (const char* name : {"connected", "memory_created", "resync", "revoked"})
    CHECK(names_of(memories).count(name) == 1);
}

TEST_CASE("a quiet stream carries the head in its heartbeats") {
  hub::HubOptions options;
  options.streams.heartbeat = std::chrono::seconds(1);
  LiveHub hub({}, options);
  REQUIRE(hub.push(hub.owner(), 2).status == 200);
  TestStream stream(hub.port(), "/api/v1/sync/stream?view=ops&workspace_id=" + hub.team().str(),
                    hub.owner().token);
  const auto heartbeat = stream.next("heartbeat");
  REQUIRE(heartbeat);
  const Json data = Json::parse(heartbeat->data);
  CHECK(problem_of("ops.json", "heartbeat", data) == "");
  CHECK(data["heads"][hub.team().str()] == hub.cursor_at(2));
}

TEST_CASE("every message of a WebSocket, and every request, validates against its schema") {
  LiveHub hub;
  const std::string body = hub.push_body(1);
  REQUIRE(hub.call("POST", hub.team_path("/push"), hub.owner().token, body).status == 200);
  const std::string node = Json::parse(body)["ops"][0]["target"], room = "document:" + node;
  const std::string path = "/ws/workspace/" + hub.team().str();
  TestSocket watcher(hub, path, hub.owner().token), worker(hub, path, hub.owner().token);
  std::set<std::string> seen;
  const auto check = [&](const std::optional<Json>& message) {
    REQUIRE(message);
    const std::string type = (*message)["type"];
    seen.insert(type);
    CHECK(problem_of("socket_messages.json", type, *message) == "");
  };
  const auto send = [&](const TestSocket& from, const Json& request) {
    CHECK(problem_of("socket_requests.json", request["type"], request) == "");
    from.send(request);
  };
  check(watcher.next());
  check(watcher.next("present"));
  check(worker.next());
  const Json join = {{"type", "join"}, {"id", "j"}, {"room", room}};
  send(watcher, join);
  check(watcher.next("joined"));
  send(worker, join);
  check(worker.next("joined"));
  check(watcher.next("entered"));
  send(worker, {{"type", "presence"}, {"presence", "idle"}});
  check(watcher.next("presence"));
  send(worker, {{"type", "cursor"}, {"room", room}, {"cursor", {{"line", 1}}}});
  check(watcher.next("cursor"));
  const auto edit = [&](const Json& version) {
    return Json{{"type", "edit"}, {"node", node}, {"version", version}, {"changes", {{"title", "Better"}}}};
  };
  send(worker, edit("*"));
  check(worker.next("edited"));
  check(watcher.next("change"));
  send(worker, edit("1"));
  check(worker.next("error"));
  CHECK(hub.call("DELETE", "/api/v1/nodes/" + node + "?workspace_id=" + hub.team().str(), hub.owner().token,
                 "", "If-Match: *\r\n")
            .status == 204);
  check(watcher.next("change"));
  send(worker, {{"type", "leave"}, {"room", room}});
  check(watcher.next("left"));
  CHECK(seen == std::set<std::string>{"welcome", "joined", "entered", "presence", "cursor", "edited",
                                      "change", "error", "left", "present"});
}
