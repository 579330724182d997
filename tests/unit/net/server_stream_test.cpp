#include <doctest/doctest.h>
#include <future>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

std::string ops_path(const LiveHub& hub, const std::string& more = "") {
  return "/api/v1/sync/stream?view=ops&workspace_id=" + hub.team().str() + more;
}

base::Json data_of(const std::optional<wire::SseEvent>& event) {
  REQUIRE(event);
  return base::Json::parse(event->data);
}

} // namespace

TEST_CASE("a stream says at once where it stands and is not cached or buffered") {
  LiveHub hub;
  CHECK(hub.push(hub.owner(), 3).status == 200);
  TestStream stream(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(stream.head().status == 200);
  CHECK(stream.head().headers.at("content-type") == "text/event-stream");
  CHECK(stream.head().headers.at("cache-control") == "no-cache");
  CHECK(stream.head().headers.at("x-accel-buffering") == "no");
  const auto hello = data_of(stream.next());
  CHECK(hello["workspace"] == hub.team().view());
  CHECK(hello["head"] == "3");
  CHECK(hello["replayed_from"] == "3");
}

TEST_CASE("a pushed change arrives on every stream with the cursor behind it") {
  LiveHub hub;
  TestStream first(hub.port(), ops_path(hub), hub.owner().token);
  TestStream second(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(first.next()->event == "hello");
  CHECK(second.next()->event == "hello");
  CHECK(hub.push(hub.owner(), 2).status == 200);
  for (TestStream* stream : {&first, &second}) {
    const auto event = stream->next("ops");
    const auto ops = data_of(event);
    CHECK(ops["from"] == "1");
    CHECK(ops["entries"].size() == 2);
    CHECK(event->id == hub.cursor_at(2));
  }
}

TEST_CASE("a stream goes on where the last one ended, by parameter or Last-Event-ID") {
  LiveHub hub;
  CHECK(hub.push(hub.owner(), 10).status == 200);
  TestStream by_parameter(hub.port(), ops_path(hub, "&after=" + hub.cursor_at(4)), hub.owner().token);
  CHECK(data_of(by_parameter.next("hello"))["replayed_from"] == "4");
  CHECK(data_of(by_parameter.next("ops"))["from"] == "5");
  TestStream by_header(hub.port(), ops_path(hub, "&after=" + hub.cursor_at(4)), hub.owner().token,
                       "Last-Event-ID: " + hub.cursor_at(7) + "\r\n");
  CHECK(data_of(by_header.next("ops"))["from"] == "8");
  TestStream unknown(hub.port(), ops_path(hub, "&after=1.1"), hub.owner().token);
  CHECK(data_of(unknown.next("resync"))["workspace"] == hub.team().view());
}

TEST_CASE("a bad stream request is refused before it becomes a stream") {
  LiveHub hub;
  const auto refused = [&](const std::string& query) {
    return hub.get("/api/v1/sync/stream" + query, hub.owner().token).code();
  };
  const std::string team = "?workspace_id=" + hub.team().str();
  CHECK(refused("") == "validation");
  CHECK(refused("?workspace_id=nonsense") == "not_found");
  CHECK(refused(team + "," + hub.team().str()) == "validation");
  CHECK(refused(team + "&view=everything") == "validation");
  CHECK(refused(team + "&after=nonsense") == "validation");
  CHECK(refused(team + "&after=1.1,1.2") == "validation");
  CHECK(refused(team + "&replica=x") == "validation");
}

TEST_CASE("the default view tells memories one by one") {
  LiveHub hub;
  TestStream stream(hub.port(), "/api/v1/sync/stream?workspace_id=" + hub.team().str(), hub.owner().token);
  const auto connected = data_of(stream.next());
  CHECK(connected["type"] == "connected");
  CHECK(hub.push(hub.owner(), 1, "remember this").status == 200);
  const auto event = stream.next();
  CHECK(event->event == "message");
  const auto created = data_of(event);
  CHECK(created["type"] == "memory_created");
  CHECK(created["workspace_id"] == hub.team().view());
  CHECK(created["memory"]["title"] == "remember this");
  CHECK(created["author"]["name"] == "Olivia Owner");
}

TEST_CASE("a removed member's stream gets the proof and ends, and nothing committed after it") {
  LiveHub hub;
  const auto member = hub.add_member("member@example.org", model::Role::member);
  TestStream stream(hub.port(), ops_path(hub), member.token);
  CHECK(stream.next()->event == "hello");
  CHECK(hub.call("DELETE", hub.team_path("/members/" + member.user.str()), hub.owner().token).status == 204);
  CHECK(hub.push(hub.owner(), 1, "a secret of those who stayed").status == 200);
  bool is_proven = false;
  for (auto event = stream.next(); event; event = stream.next()) {
    is_proven = is_proven || event->event == "revoked";
    CHECK(event->data.find("a secret") == std::string::npos);
  }
  CHECK(is_proven);
}

TEST_CASE("a stream ends when its token is revoked by another process") {
  LiveHub hub;
  const auto member = hub.add_member("member@example.org", model::Role::member);
  TestStream stream(hub.port(), ops_path(hub), member.token);
  CHECK(stream.next()->event == "hello");
  auto admin = hub.admin();
  const auto tokens = admin.tokens("member@example.org");
  REQUIRE(tokens);
  REQUIRE(admin.revoke_token(tokens->front().id));
  while (stream.next()) continue;
  CHECK(hub.get("/api/v1/me", member.token).code() == "unauthenticated");
}

TEST_CASE("a reader that stalls gets everything once it reads on") {
  LiveHub hub;
  TestStream stalled(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(stalled.next()->event == "hello");
  constexpr int k_pushes = 20;
  for (int i = 0; i < k_pushes; ++i) CHECK(hub.push(hub.owner(), 200, std::string(190, 'x')).status == 200);
  std::uint64_t expected = 1;
  while (expected <= k_pushes * 200) {
    const auto event = stalled.next();
    REQUIRE(event);
    if (event->event != "ops") continue;
    const auto ops = base::Json::parse(event->data);
    CHECK(ops["from"] == std::to_string(expected));
    expected = std::stoull(ops["to"].get<std::string>()) + 1;
  }
}

TEST_CASE("a reader that never reads is cut, although its socket takes no byte to tell it") {
  LiveHub hub;
  TestStream stalled(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(stalled.next()->event == "hello");
  constexpr int k_pushes = 40; // far more than the kernel keeps for a connection
  for (int i = 0; i < k_pushes; ++i) CHECK(hub.push(hub.owner(), 500, std::string(190, 'x')).status == 200);
  CHECK(hub.get("/metrics", "").body.find("memsync_http_streams 1\n") != std::string::npos);
  hub.clock().skip(std::chrono::seconds(61));
  CHECK(hub.push(hub.owner()).status == 200);
  while (hub.get("/metrics", "").body.find("memsync_http_streams 0\n") == std::string::npos) continue;
  std::uint64_t last = 0;
  while (const auto event = stalled.next())
    if (event->event == "ops") last = std::stoull(data_of(event)["to"].get<std::string>());
  CHECK(last > 0);
  CHECK(last < k_pushes * 500);
}

TEST_CASE("a stream whose client is gone leaves the count") {
  LiveHub hub;
  {
    TestStream stream(hub.port(), ops_path(hub), hub.owner().token);
    CHECK(stream.next()->event == "hello");
    CHECK(hub.get("/metrics", "").body.find("memsync_http_streams 1\n") != std::string::npos);
  }
  std::string metrics;
  do {
    metrics = hub.get("/metrics", "").body;
  } while (metrics.find("memsync_http_streams 0\n") == std::string::npos);
  CHECK(metrics.find("memsync_http_streams 0\n") != std::string::npos);
}

TEST_CASE("a user with too many streams gets no further one") {
  net::server::ServerOptions options;
  options.streams_per_user = 1;
  LiveHub hub(options);
  TestStream stream(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(stream.next()->event == "hello");
  CHECK(hub.get(ops_path(hub), hub.owner().token).code() == "rate_limited");
}

TEST_CASE("a stopping server sends its streams away") {
  LiveHub hub;
  TestStream stream(hub.port(), ops_path(hub), hub.owner().token);
  CHECK(stream.next()->event == "hello");
  hub.server().stop();
  CHECK(data_of(stream.next("goaway")).contains("retry_ms"));
  CHECK_FALSE(stream.next());
  hub.join();
}

TEST_CASE("a long poll waits for the next change") {
  LiveHub hub;
  CHECK(hub.push(hub.owner()).status == 200);
  const std::string path = hub.team_path("/pull?wait=25&after=" + hub.cursor_at(1));
  auto waiting = std::async(std::launch::async, [&] { return hub.get(path, hub.owner().token); });
  CHECK(hub.push(hub.owner(), 1, "news").status == 200);
  const Reply reply = waiting.get();
  CHECK(reply.status == 200);
  CHECK(reply.body.find("news") != std::string::npos);
}

TEST_CASE("a stopping server answers its long polls") {
  LiveHub hub;
  const std::string path = hub.team_path("/pull?wait=25&after=" + hub.cursor_at(0));
  TestConnection connection(hub.port());
  connection.send(
      fmt::format("GET {} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n\r\n", path, hub.owner().token));
  // The poll is under way once a request sent after it on another connection is answered often enough to
  // have used every worker.
  for (int i = 0; i < 8; ++i) CHECK(hub.get("/api/v1/me", hub.owner().token).status == 200);
  hub.server().stop();
  const auto reply = connection.receive();
  REQUIRE(reply);
  CHECK(reply->status == 200);
  CHECK(reply->json()["entries"].empty());
  hub.join();
}
