#include <doctest/doctest.h>

#include "net/client/hub_calls.h"
#include "tests/unit/net/fake_hub.h"

using namespace memsync;
using namespace memsync::net::client;
using namespace memsync::net::client::test;
using base::ErrorCode;
using replica::HubAnswer;

namespace {

/// Sends one request to `hub` and returns the answer.
HubAnswer ask(const FakeHub& hub, replica::HubRequest request) {
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink());
  REQUIRE(client);
  (*client)->send(1, std::move(request));
  return inbox.next<HubAnswer>();
}

wire::Problem ask_for_problem(const FakeHub& hub) {
  const HubAnswer answer = ask(hub, replica::MeRequest{});
  REQUIRE(std::holds_alternative<wire::Problem>(answer.content));
  return std::get<wire::Problem>(answer.content);
}

} // namespace

TEST_CASE("requests are carried out in order over one connection, with the token as their authorization") {
  std::mutex mutex;
  std::vector<Received> seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    {
      const std::lock_guard lock(mutex);
      seen.push_back(request);
    }
    peer.answer_json(request.line.find("/me") != std::string::npos ? std::string(k_me) : pull_answer(4, 9));
  });
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  (*client)->send(2, replica::PullFromWorkspace{workspace('1'), {model::Epoch{7}, model::Sequence{4}}, 500});
  const auto first = inbox.next<HubAnswer>();
  const auto second = inbox.next<HubAnswer>();
  CHECK(first.request == 1);
  CHECK(std::get<wire::Me>(first.content).name == "Ada");
  CHECK(second.request == 2);
  CHECK(std::get<wire::PullAnswer>(second.content).to.value == 9);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].line == "GET /api/v1/me HTTP/1.1");
  CHECK(seen[0].has("Authorization: Bearer mst_secret\r\n"));
  CHECK(seen[1].line ==
        fmt::format("GET /api/v1/workspaces/{}/pull?after=7.4&limit=500 HTTP/1.1", workspace('1').view()));
  CHECK(hub.connection_count() == 1);
}

TEST_CASE("a push is posted as JSON below the base URL's own path") {
  Received seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    seen = request;
    peer.answer_json(R"({"epoch":"7","head":"3","last_n":"2","results":[]})");
  });
  Inbox inbox;
  HubAccess access = hub.access();
  access.endpoint.path = "/team";
  const auto client = HttpHubClient::make(access, inbox.sink());
  REQUIRE(client);
  (*client)->send(5, replica::PushToWorkspace{workspace('1'), {}});
  CHECK(std::get<wire::PushAnswer>(inbox.next<HubAnswer>().content).last_n == 2);
  CHECK(seen.line == fmt::format("POST /team/api/v1/workspaces/{}/push HTTP/1.1", workspace('1').view()));
  CHECK(seen.has("Content-Type: application/json\r\n"));
  CHECK(seen.body.find("\"ops\"") != std::string::npos);
}

TEST_CASE("a snapshot's session and key are escaped, and a page may be small") {
  Received seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    seen = request;
    peer.answer_json(R"({"session":"a b","next_key":"k"})");
  });
  ask(hub, replica::NextSnapshotPage{workspace('1'), "a/b", "x?y", 4'096});
  CHECK(seen.line.find("/snapshot/a%2Fb?after_key=x%3Fy&max_bytes=4096 HTTP") != std::string::npos);
}

TEST_CASE("the hub's problem details reach the engine with code, detail and waiting time") {
  FakeHub hub([](Peer& peer, const Received&) {
    peer.answer(429, "application/problem+json", R"({"code":"rate_limited","detail":"slow down"})",
                "Retry-After: 7\r\nDate: Fri, 20 Nov 2026 22:37:16 GMT\r\n");
  });
  const HubAnswer answer = ask(hub, replica::MeRequest{});
  const auto& problem = std::get<wire::Problem>(answer.content);
  CHECK(problem.code == ErrorCode::rate_limited);
  CHECK(problem.detail == "slow down");
  CHECK(problem.retry_after_s == 7);
  REQUIRE(answer.hub_time);
  CHECK(base::format_rfc3339(*answer.hub_time) == "2026-11-20T22:37:16.000Z");
}

TEST_CASE("answers that are not a hub's are told apart from refusals") {
  int status = 200;
  std::string type;
  std::string body;
  std::string headers;
  FakeHub hub([&](Peer& peer, const Received&) { peer.answer(status, type, body, headers); });
  SUBCASE("a sign-in page") {
    type = "text/html";
    body = "<html>";
    CHECK(ask_for_problem(hub).code == ErrorCode::offline);
  }
  SUBCASE("a redirect is not followed, since the token would go along") {
    status = 302;
    headers = "Location: http://127.0.0.1:1/\r\n";
    const auto problem = ask_for_problem(hub);
    CHECK(problem.code == ErrorCode::offline);
    CHECK(problem.detail.find("http://127.0.0.1:1/") != std::string::npos);
    CHECK(hub.connection_count() == 1);
  }
  SUBCASE("JSON that is cut") {
    type = "application/json";
    body = R"({"id":)";
    CHECK(ask_for_problem(hub).code == ErrorCode::internal);
  }
  SUBCASE("JSON of another shape") {
    type = "application/json; charset=utf-8";
    body = R"({"hello":1})";
    CHECK(ask_for_problem(hub).code == ErrorCode::internal);
  }
  SUBCASE("a proxy's error page") {
    status = 502;
    type = "text/html";
    body = "<html>bad gateway</html>";
    CHECK(ask_for_problem(hub).code == ErrorCode::offline);
  }
  SUBCASE("an unknown token") {
    status = 401;
    type = "application/problem+json";
    body = R"({"code":"unauthenticated","detail":"no"})";
    CHECK(ask_for_problem(hub).code == ErrorCode::unauthenticated);
  }
}

TEST_CASE("bytes that are not HTTP are an unreachable hub, and the next request starts anew") {
  std::atomic<int> count{0};
  FakeHub hub([&](Peer& peer, const Received&) {
    if (count++ == 0) {
      peer.send("\x16\x03\x01 this is not HTTP\r\n\r\n");
      peer.close();
    } else {
      peer.answer_json(k_me);
    }
  });
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  CHECK(std::get<wire::Problem>(inbox.next<HubAnswer>().content).code == ErrorCode::offline);
  (*client)->send(2, replica::MeRequest{});
  CHECK(std::get<wire::Me>(inbox.next<HubAnswer>().content).name == "Ada");
}

TEST_CASE("a 500 is reported and the next request goes over the same connection") {
  std::atomic<int> count{0};
  FakeHub hub([&](Peer& peer, const Received&) {
    if (count++ == 0) return peer.answer(500, "application/problem+json", R"({"code":"internal"})");
    peer.answer_json(k_me);
  });
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  (*client)->send(2, replica::MeRequest{});
  CHECK(std::get<wire::Problem>(inbox.next<HubAnswer>().content).code == ErrorCode::internal);
  CHECK(std::holds_alternative<wire::Me>(inbox.next<HubAnswer>().content));
  CHECK(hub.connection_count() == 1);
}

TEST_CASE("a kept connection that the hub closed meanwhile is replaced without anybody noticing") {
  std::atomic<int> count{0};
  FakeHub hub([&](Peer& peer, const Received&) {
    if (count++ == 1) return peer.close(); // in the moment of the second request
    peer.answer_json(k_me);
  });
  Inbox inbox;
  const auto client = HttpHubClient::make(hub.access(), inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  (*client)->send(2, replica::MeRequest{});
  CHECK(std::holds_alternative<wire::Me>(inbox.next<HubAnswer>().content));
  CHECK(std::holds_alternative<wire::Me>(inbox.next<HubAnswer>().content));
  CHECK(hub.connection_count() == 2);
}

TEST_CASE("a hub that does not listen is offline") {
  int port = 0;
  {
    const FakeHub gone([](Peer&, const Received&) {});
    port = gone.port();
  }
  HubAccess access;
  access.endpoint = {false, "127.0.0.1", port, ""};
  Inbox inbox;
  const auto client = HttpHubClient::make(access, inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  CHECK(std::get<wire::Problem>(inbox.next<HubAnswer>().content).code == ErrorCode::offline);
}

TEST_CASE("a request to a hub behind a proxy goes to the proxy in absolute form") {
  Received seen;
  FakeHub proxy([&](Peer& peer, const Received& request) {
    seen = request;
    peer.answer_json(k_me);
  });
  HubAccess access;
  access.endpoint = *parse_endpoint("http://hub.example:8787");
  access.proxies.http = fmt::format("http://127.0.0.1:{}", proxy.port());
  Inbox inbox;
  const auto client = HttpHubClient::make(access, inbox.sink());
  REQUIRE(client);
  (*client)->send(1, replica::MeRequest{});
  CHECK(std::holds_alternative<wire::Me>(inbox.next<HubAnswer>().content));
  CHECK(seen.line == "GET http://hub.example:8787/api/v1/me HTTP/1.1");
}

TEST_CASE("accepting an invitation sends no authorization and returns the new account's token") {
  Received seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    seen = request;
    peer.answer_json(
        R"({"user":{"id":"00000000000000000001","email":"b@example.com","name":"Bo"},
            "workspace":{"id":"00000000000000000002","name":"Team","role":"member"},"token":"mst_new"})");
  });
  auto calls = HubCalls::make(hub.access(""));
  REQUIRE(calls);
  const auto accepted = calls->accept_invitation("inv/1", "Bo \"B\"");
  REQUIRE(accepted);
  CHECK(accepted->token == "mst_new");
  CHECK(seen.line == "POST /api/v1/invitations/inv%2F1/accept HTTP/1.1");
  CHECK_FALSE(seen.has("Authorization"));
  CHECK(seen.body == R"({"name":"Bo \"B\""})");
}

TEST_CASE("creating an invitation names address and role") {
  Received seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    seen = request;
    peer.answer(201, "application/json", R"({"token":"inv_1","url":"http://hub/i/1","expires_at":"soon"})");
  });
  auto calls = HubCalls::make(hub.access());
  REQUIRE(calls);
  const auto invitation = calls->create_invitation(workspace('2'), "c@example.com", model::Role::viewer);
  REQUIRE(invitation);
  CHECK(invitation->token == "inv_1");
  CHECK(seen.body == R"({"email":"c@example.com","role":"viewer"})");
}
