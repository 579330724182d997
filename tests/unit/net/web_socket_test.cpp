#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/net/scene.h"
#include "tests/unit/net/test_socket.h"

using namespace memsync;
using namespace memsync::tests;
using base::Json;
using model::Role;

namespace {

std::string path_of(const LiveHub& hub) { return "/ws/workspace/" + hub.team().str(); }

Json new_ticket(const LiveHub& hub, const LiveHub::Person& person) {
  const Reply reply =
      hub.call("POST", "/api/v1/auth/ws-ticket?workspace_id=" + hub.team().str(), person.token);
  REQUIRE(reply.status == 201);
  CHECK(reply.headers.at("cache-control") == "no-store");
  return reply.json()["ticket"];
}

/// The id of a new document of the owner.
std::string new_document(LiveHub& hub, const std::string& title = "Plan") {
  const std::string body = hub.push_body(1, title);
  REQUIRE(hub.call("POST", hub.team_path("/push"), hub.owner().token, body).status == 200);
  return Json::parse(body)["ops"][0]["target"];
}

/// Somebody with an open socket who was welcomed.
struct Visitor : TestSocket {
  Visitor(const LiveHub& hub, const LiveHub::Person& person) : TestSocket(hub, path_of(hub), person.token) {
    const auto welcome = next();
    REQUIRE(welcome);
    CHECK((*welcome)["type"] == "welcome");
    socket = (*welcome)["socket"];
  }
  Json join(const std::string& room) { return ask({{"type", "join"}, {"room", room}}); }

  std::string socket;
};

} // namespace

TEST_CASE("a token in the handshake opens a WebSocket that says who one is") {
  LiveHub hub;
  TestSocket socket(hub, path_of(hub), hub.owner().token);
  CHECK(socket.head().status == 101);
  CHECK(socket.head().headers.at("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const auto welcome = socket.next();
  REQUIRE(welcome);
  CHECK((*welcome)["type"] == "welcome");
  CHECK((*welcome)["workspace_id"] == hub.team().view());
  CHECK((*welcome)["user"]["id"] == hub.owner().user.view());
  CHECK((*welcome)["expires_at"].is_null());
}

TEST_CASE("a ticket in the first message opens it, once") {
  LiveHub hub;
  const Json ticket = new_ticket(hub, hub.owner());
  TestSocket socket(hub, path_of(hub), "");
  CHECK(socket.head().status == 101);
  CHECK(socket.ask({{"type", "auth"}, {"ticket", ticket}})["user"]["id"] == hub.owner().user.view());

  TestSocket again(hub, path_of(hub), "");
  CHECK(again.ask({{"type", "auth"}, {"ticket", ticket}})["code"] == "unauthenticated");
  CHECK(again.close_code() == 1008);
}

TEST_CASE("without a ticket nothing is heard, and after 10 seconds the socket is closed") {
  LiveHub hub;
  TestSocket impatient(hub, path_of(hub), "");
  impatient.send(Json{{"type", "join"}, {"room", "document:" + new_document(hub)}});
  CHECK_FALSE(impatient.next());
  CHECK(impatient.close_code() == 1008);
  TestSocket silent(hub, path_of(hub), "");
  hub.clock().skip(std::chrono::seconds(11));
  CHECK(silent.close_code() == 1008);
}

TEST_CASE("a ticket is for one workspace and one minute") {
  LiveHub hub;
  const Reply other = hub.call("POST", "/api/v1/workspaces", hub.owner().token, R"({"name":"Other"})");
  const std::string id = other.json()["id"];
  const Json ticket = new_ticket(hub, hub.owner()), late = new_ticket(hub, hub.owner());
  TestSocket elsewhere(hub, "/ws/workspace/" + id, "");
  CHECK(elsewhere.ask({{"type", "auth"}, {"ticket", ticket}})["code"] == "unauthenticated");
  hub.clock().skip(std::chrono::seconds(61));
  TestSocket too_late(hub, path_of(hub), "");
  CHECK(too_late.ask({{"type", "auth"}, {"ticket", late}})["code"] == "unauthenticated");
}

TEST_CASE("pages of other sites are refused, whatever they show") {
  LiveHub hub;
  CHECK(TestSocket(hub, path_of(hub), "", "Origin: https://evil.example\r\n").head().code() == "permission");
  CHECK(TestSocket(hub, path_of(hub), hub.owner().token, "Origin: https://evil.example\r\n").head().code() ==
        "permission");
  CHECK(TestSocket(hub, path_of(hub), hub.owner().token, "Origin: " + hub.url() + "\r\n").head().status ==
        101);
  const Scene scene(hub, Asker::owner, Credential::cookie);
  const std::string cookie = "Cookie: __Host-memsync=" + scene.token + "\r\n";
  const std::string path = "/ws/workspace/" + scene.team.str();
  CHECK(TestSocket(hub, path, "", cookie).head().code() == "permission");
  CHECK(TestSocket(hub, path, "", cookie + "Origin: " + hub.url() + "\r\n").head().status == 101);
}

TEST_CASE("a request that asks for no WebSocket is told so") {
  LiveHub hub;
  CHECK(hub.get(path_of(hub), hub.owner().token).code() == "validation");
}

TEST_CASE("people in a room see each other come, work and go") {
  LiveHub hub;
  const std::string room = "document:" + new_document(hub);
  Visitor owner(hub, hub.owner());
  CHECK(owner.join(room)["members"].size() == 1);
  Visitor mary(hub, hub.add_member("mary@example.org", Role::viewer));
  CHECK(mary.join(room)["members"].size() == 2);

  const auto entered = owner.next();
  REQUIRE(entered);
  CHECK((*entered)["type"] == "entered");
  CHECK((*entered)["member"]["socket"] == mary.socket);
  CHECK((*entered)["member"]["presence"] == "active");

  mary.send(Json{{"type", "presence"}, {"presence", "away"}});
  CHECK((*owner.next("presence"))["member"]["presence"] == "away");
  mary.send(Json{{"type", "cursor"}, {"room", room}, {"cursor", {{"field", "content"}, {"from", 3}}}});
  CHECK((*owner.next("cursor"))["member"]["cursor"]["from"] == 3);

  // Whoever comes later sees where everybody is.
  Visitor late(hub, hub.owner());
  const Json members = late.join(room)["members"];
  CHECK(members.size() == 3);
  for (const Json& member : members)
    if (member["socket"] == mary.socket) CHECK(member["cursor"]["from"] == 3);

  CHECK(mary.ask({{"type", "leave"}, {"room", room}})["type"] == "left");
  CHECK((*owner.next("left"))["member"]["socket"] == mary.socket);
  CHECK(mary.ask({{"type", "leave"}, {"room", room}})["code"] == "not_found");
  CHECK(mary.ask({{"type", "cursor"}, {"room", room}, {"cursor", 1}})["code"] == "not_found");
}

TEST_CASE("somebody at a WebSocket is here for everybody, where they went last") {
  LiveHub hub;
  const std::string plan = new_document(hub), other = new_document(hub, "Other");
  const auto present = [&](const std::string& rest = "online") {
    return hub.get("/api/v1/presence/" + rest + "?workspace_id=" + hub.team().str(), hub.owner().token)
        .json()["present"];
  };
  const auto mary = hub.add_member("mary@example.org", Role::viewer);
  Visitor visitor(hub, mary);
  visitor.join("document:" + plan);
  visitor.join("node:" + other);
  const Json here = present();
  REQUIRE(here.size() == 1);
  CHECK(here[0]["user"] == mary.user.view());
  CHECK(here[0]["kind"] == "person");
  CHECK(here[0]["state"] == "active");
  CHECK(here[0]["session"] == "socket " + visitor.socket);
  CHECK(here[0]["node"] == other);
  CHECK(present("room/" + other).size() == 1);
  CHECK(present("room/" + plan).size() == 1);
  visitor.ask({{"type", "leave"}, {"room", "node:" + other}});
  CHECK(present()[0]["document"] == plan);
  CHECK_FALSE(present()[0].contains("node"));

  // It is reported again unasked, long before it would be stale.
  const std::string before = present()[0]["last_seen"];
  hub.clock().skip(std::chrono::seconds(25));
  const auto is_reported = [&] { return present()[0]["last_seen"].get<std::string>() > before; };
  for (int i = 0; i < 100'000 && !is_reported(); ++i) continue;
  CHECK(is_reported());
}

TEST_CASE("somebody in several rooms is present in each of them, once") {
  LiveHub hub;
  const LiveHub::Person mary = hub.add_member("mary@example.org", Role::member);
  const std::string plan = new_document(hub), notes = new_document(hub, "Notes");
  const auto present = [&](const std::string& rest) -> Json {
    return hub.get("/api/v1/presence/" + rest + "?workspace_id=" + hub.team().str(), hub.owner().token)
        .json()["present"];
  };
  Visitor visitor(hub, mary);
  visitor.join("document:" + plan);
  visitor.join("node:" + plan);
  visitor.join("document:" + notes);
  for (const std::string& room : {plan, notes}) {
    const Json found = present("room/" + room);
    REQUIRE(found.size() == 1);
    CHECK(found[0]["document"] == room);
  }
  CHECK(present("online").size() == 1);
  CHECK(present("online")[0]["document"] == notes);
  visitor.ask({{"type", "leave"}, {"room", "document:" + plan}});
  CHECK(present("room/" + plan)[0]["node"] == plan);
  visitor.ask({{"type", "leave"}, {"room", "node:" + plan}});
  CHECK(present("room/" + plan).empty());
  CHECK(present("room/" + notes).size() == 1);
}

TEST_CASE("somebody at a WebSocket hears who else is here, however those work, and when they go") {
  LiveHub hub;
  const auto mary = hub.add_member("mary@example.org", Role::viewer);
  Visitor owner(hub, hub.owner());
  const auto hears = [&](const std::function<bool(const Json&)>& is_right) {
    auto heard = owner.next("present");
    while (heard && !is_right((*heard)["present"])) heard = owner.next("present");
    return heard.has_value();
  };
  const auto others = [&](const Json& present) {
    std::string found;
    for (const Json& each : present)
      if (each["user"] == mary.user.view())
        found += each["kind"].get<std::string>() + ":" + each["state"].get<std::string>() + " ";
    return found;
  };
  const Json session = {
      {"session", "s"}, {"workspace", hub.team().view()}, {"kind", "agent"}, {"state", "idle"}};
  const Json report = {{"reporter", "desk"}, {"sessions", {session}}};
  REQUIRE(hub.call("POST", "/api/v1/presence/heartbeat", mary.token, report.dump()).status == 200);
  CHECK(hears([&](const Json& present) { return others(present) == "agent:idle "; }));
  {
    Visitor visitor(hub, mary);
    CHECK(hears([&](const Json& present) { return others(present) == "person:active agent:idle "; }));
    visitor.send(Json{{"type", "presence"}, {"presence", "away"}});
    CHECK(hears([&](const Json& present) { return others(present) == "agent:idle person:away "; }));
  }
  CHECK(hears([&](const Json& present) { return others(present) == "agent:idle "; }));
}

TEST_CASE("somebody whose connection ends has left") {
  LiveHub hub;
  const std::string room = "document:" + new_document(hub);
  Visitor owner(hub, hub.owner());
  owner.join(room);
  {
    Visitor other(hub, hub.owner());
    other.join(room);
  }
  CHECK(owner.next("left"));
}

TEST_CASE("of many positions of a cursor the newest arrives") {
  LiveHub hub;
  const std::string room = "document:" + new_document(hub);
  Visitor owner(hub, hub.owner()), other(hub, hub.owner());
  owner.join(room);
  other.join(room);
  for (int i = 0; i <= 200; ++i) other.send(Json{{"type", "cursor"}, {"room", room}, {"cursor", i}});
  int seen = 0, newest = -1;
  while (newest < 200) {
    const auto cursor = owner.next("cursor");
    REQUIRE(cursor);
    CHECK((*cursor)["member"]["cursor"] > newest);
    newest = (*cursor)["member"]["cursor"];
    ++seen;
  }
  CHECK(seen <= 200);
}

TEST_CASE("a room is of a document or node that one can see") {
  LiveHub hub;
  Visitor owner(hub, hub.owner());
  CHECK(owner.join("document:00000000000000000000")["code"] == "not_found");
  CHECK(owner.join("node:" + new_document(hub))["type"] == "joined");
  for (int i = 1; i < 50; ++i) CHECK(owner.join("document:" + new_document(hub))["type"] == "joined");
  CHECK(owner.join("document:" + new_document(hub))["code"] == "too_large");
}

TEST_CASE("an edit reaches everybody in the rooms of its node, and nobody else") {
  LiveHub hub;
  const std::string document = new_document(hub), elsewhere = new_document(hub, "Other");
  Visitor owner(hub, hub.owner()), other(hub, hub.owner()), apart(hub, hub.owner());
  owner.join("document:" + document);
  other.join("node:" + document);
  apart.join("document:" + elsewhere);
  const auto edit = [](const std::string& node, const Json& version, const std::string& title) {
    return Json{{"type", "edit"}, {"node", node}, {"version", version}, {"changes", {{"title", title}}}};
  };
  const Json edited = owner.ask(edit(document, "*", "Better plan"));
  CHECK(edited["type"] == "edited");
  CHECK(edited["memory"]["title"] == "Better plan");
  const auto change = other.next("change");
  REQUIRE(change);
  CHECK((*change)["change"] == "memory_updated");
  CHECK((*change)["memory"]["title"] == "Better plan");
  CHECK((*change)["author"]["id"] == hub.owner().user.view());
  CHECK((*change)["rooms"] == Json::array({"node:" + document}));
  CHECK(owner.ask(edit(document, "1", "Unseen"))["code"] == "stale");
  CHECK(owner.ask(edit(elsewhere, edited["memory"]["version"], "x"))["code"] == "stale");
  CHECK(owner.ask(edit(elsewhere, "*", "Another"))["type"] == "edited");
  CHECK((*apart.next("change"))["memory"]["title"] == "Another"); // the first it hears of

  CHECK(hub.call("DELETE", "/api/v1/nodes/" + document + "?workspace_id=" + hub.team().str(),
                 hub.owner().token, "", "If-Match: *\r\n")
            .status == 204);
  const auto deleted = other.next("change");
  REQUIRE(deleted);
  CHECK((*deleted)["change"] == "memory_deleted");
  CHECK((*deleted)["memory_id"] == document);
}

TEST_CASE("a viewer reads and may not edit") {
  LiveHub hub;
  const std::string document = new_document(hub);
  Visitor viewer(hub, hub.add_member("v@example.org", Role::viewer));
  CHECK(viewer.join("document:" + document)["type"] == "joined");
  CHECK(
      viewer.ask(
          {{"type", "edit"}, {"node", document}, {"version", "*"}, {"changes", {{"title", "x"}}}})["code"] ==
      "permission");
}

TEST_CASE("somebody who is removed loses the socket, and nobody sees them any more") {
  LiveHub hub;
  const std::string room = "document:" + new_document(hub);
  const auto member = hub.add_member("m@example.org", Role::member);
  Visitor owner(hub, hub.owner()), removed(hub, member);
  owner.join(room);
  removed.join(room);
  REQUIRE(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status ==
          204);
  CHECK(removed.close_code() == 1008);
  CHECK(owner.next("left"));
  CHECK(TestSocket(hub, path_of(hub), member.token).head().code() == "removed");
}

TEST_CASE("somebody who has opened many streams still loses the socket when removed") {
  hub::HubOptions options;
  options.stream_opens = {1, 0.001};
  LiveHub hub({}, options);
  const auto member = hub.add_member("m@example.org", Role::member);
  const TestStream stream(hub.port(), "/api/v1/sync/stream?workspace_id=" + hub.team().str(), member.token);
  CHECK(stream.head().status == 200);
  Visitor removed(hub, member);
  removed.join("document:" + new_document(hub));
  REQUIRE(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status ==
          204);
  CHECK(removed.close_code() == 1008);
}

TEST_CASE("somebody whose sign-in has ended is out of the rooms, and back in them once it is renewed") {
  LiveHub hub;
  const auto principal = hub.hub().authenticate(hub.owner().token);
  REQUIRE(principal);
  hub::TokenRequest request;
  request.name = "short";
  request.expires_at = hub.clock().now() + std::chrono::seconds(30);
  const auto token = hub.hub().create_token(*principal, request);
  REQUIRE(token);
  const std::string room = "document:" + new_document(hub);
  Visitor watching(hub, hub.owner()), ended(hub, {hub.owner().user, token->secret});
  watching.join(room);
  ended.join(room);
  CHECK((*watching.next("entered"))["member"]["socket"] == ended.socket);
  hub.clock().skip(std::chrono::seconds(35));
  CHECK((*watching.next("left"))["member"]["socket"] == ended.socket);
  CHECK(ended.join(room)["code"] == "unauthenticated");
  CHECK(ended.ask({{"type", "cursor"}, {"room", room}, {"cursor", 1}})["code"] == "busy");
  CHECK(ended.ask({{"type", "auth"}, {"ticket", new_ticket(hub, hub.owner())}})["type"] == "welcome");
  CHECK((*ended.next("joined"))["members"].size() == 2);
  CHECK((*watching.next("entered"))["member"]["socket"] == ended.socket);
}

TEST_CASE("too many messages are refused with the time to wait, cursors are not counted") {
  hub::HubOptions options;
  options.socket_messages = {3, 1};
  LiveHub hub({}, options);
  const std::string room = "document:" + new_document(hub);
  Visitor owner(hub, hub.owner());
  for (int i = 0; i < 3; ++i) CHECK(owner.join(room)["type"] == "joined");
  const Json refused = owner.ask({{"type", "leave"}, {"room", room}});
  CHECK(refused["type"] == "rate_limited");
  CHECK(refused["retry_after"] >= 1);
  for (int i = 0; i < 20; ++i) owner.send(Json{{"type", "cursor"}, {"room", room}, {"cursor", i}});
  CHECK(owner.ask({{"type", "cursor"}, {"room", "node:" + room.substr(9)}})["code"] == "not_found");
}

TEST_CASE("WebSockets are opened ten times a minute") {
  LiveHub hub;
  std::vector<std::unique_ptr<TestSocket>> sockets;
  for (int i = 0; i < 10; ++i) {
    sockets.push_back(std::make_unique<TestSocket>(hub, path_of(hub), hub.owner().token));
    CHECK(sockets.back()->head().status == 101);
  }
  CHECK(TestSocket(hub, path_of(hub), hub.owner().token).head().status == 429);
}

TEST_CASE("a bad message gets its error and the next one is answered") {
  LiveHub hub;
  const std::string room = "document:" + new_document(hub);
  Visitor owner(hub, hub.owner());
  for (const std::string text :
       {"", "no JSON", "[]", "7", "{}", R"({"type":7})", R"({"type":"shout"})", R"({"type":"join"})",
        R"({"type":"join","room":"document"})", R"({"type":"join","room":"hall:00000000000000000000"})",
        R"({"type":"presence","presence":"asleep"})", R"({"type":"auth"})", R"({"type":"edit","node":"x"})",
        R"({"type":"edit","node":"00000000000000000000","version":"-1","changes":{}})",
        R"({"type":"edit","node":"00000000000000000000","version":"*","changes":[]})",
        R"({"type":"edit","node":"00000000000000000000","version":"*","changes":{"colour":"red"}})",
        R"({"type":"join","type":"leave"})", "{\"id\":\"\\ud800\"}"}) {
    CAPTURE(text);
    owner.send(TestSocket::Opcode::text, text);
    const auto answer = owner.next();
    REQUIRE(answer);
    CHECK((*answer)["type"] == "error");
    CHECK((*answer)["code"] == "validation");
  }
  owner.send(Json{{"type", "join"}, {"id", std::string(65, 'i')}, {"room", room}});
  CHECK((*owner.next())["code"] == "validation");
  owner.send(Json{{"type", "cursor"}, {"room", room}, {"cursor", std::string(1100, 'c')}});
  CHECK((*owner.next())["code"] == "validation");
  CHECK(owner.join(room)["type"] == "joined");
}

TEST_CASE("what is no message ends the connection and no other") {
  LiveHub hub;
  Visitor bystander(hub, hub.owner());
  const auto code_after = [&](TestSocket::Opcode opcode, const std::string& payload,
                              TestSocket::Mask mask = TestSocket::Mask::yes) {
    Visitor visitor(hub, hub.owner());
    visitor.send(opcode, payload, mask);
    return visitor.close_code();
  };
  CHECK(code_after(TestSocket::Opcode::binary, "{}") == 1003);
  CHECK(code_after(TestSocket::Opcode::text, std::string(70'000, 'x')) == 1009);
  CHECK(code_after(TestSocket::Opcode::text, "\xff\xfe") == 1007);
  CHECK(code_after(TestSocket::Opcode::text, "{}", TestSocket::Mask::no) == 1002);
  CHECK(code_after(TestSocket::Opcode::close, "") != 1011);
  CHECK(bystander.join("document:" + new_document(hub))["type"] == "joined");
}

TEST_CASE("a sign-in that ends takes the socket along a minute later, unless it is renewed") {
  LiveHub hub;
  const auto principal = hub.hub().authenticate(hub.owner().token);
  REQUIRE(principal);
  hub::TokenRequest request;
  request.name = "short";
  request.expires_at = hub.clock().now() + std::chrono::seconds(30);
  const auto token = hub.hub().create_token(*principal, request);
  REQUIRE(token);
  const LiveHub::Person person{hub.owner().user, token->secret};
  Visitor ended(hub, person), renewed(hub, person);
  const Json ticket = new_ticket(hub, hub.owner());
  CHECK(renewed.ask({{"type", "auth"}, {"ticket", ticket}})["expires_at"].is_null());
  hub.clock().skip(std::chrono::seconds(95));
  CHECK(ended.close_code() == 1008);
  const std::string room = "document:" + new_document(hub);
  CHECK(renewed.join(room)["type"] == "joined");
}

TEST_CASE("a token that is revoked takes the socket along") {
  LiveHub hub;
  const auto principal = hub.hub().authenticate(hub.owner().token);
  REQUIRE(principal);
  hub::TokenRequest request;
  request.name = "laptop";
  const auto token = hub.hub().create_token(*principal, request);
  REQUIRE(token);
  Visitor visitor(hub, {hub.owner().user, token->secret});
  CHECK(visitor.join("document:" + new_document(hub))["type"] == "joined");
  REQUIRE(hub.hub().revoke_token(*principal, token->token.id));
  CHECK(visitor.close_code() == 1008);
}

TEST_CASE("a ticket of somebody else renews nothing") {
  LiveHub hub;
  Visitor owner(hub, hub.owner());
  const Json ticket = new_ticket(hub, hub.add_member("m@example.org", Role::member));
  owner.send(Json{{"type", "auth"}, {"ticket", ticket}});
  CHECK(owner.close_code() == 1008);
}

TEST_CASE("a hub that stops says so") {
  LiveHub hub;
  Visitor owner(hub, hub.owner());
  hub.server().stop();
  CHECK(owner.close_code() == 1012);
  hub.join();
}
