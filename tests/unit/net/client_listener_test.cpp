#include <doctest/doctest.h>

#include "tests/unit/net/fake_hub.h"

using namespace memsync;
using namespace memsync::net::client;
using namespace memsync::net::client::test;
using replica::ListenEnded;
using replica::ListenEvent;
using replica::ListenMode;
using Reason = replica::ListenEnded::Reason;

namespace {

replica::ListenRequest listen_to(ListenMode mode, std::string_view workspaces, std::uint64_t id = 1) {
  replica::ListenRequest request{id, mode, {}};
  for (const char last : workspaces)
    request.positions.emplace_back(workspace(last), model::Cursor{model::Epoch{7}, model::Sequence{3}});
  return request;
}

/// A client that listens to `hub`.
struct Listening {
  Inbox inbox;
  std::unique_ptr<HttpHubClient> client;

  explicit Listening(const FakeHub& hub, Timeouts timeouts = {}, ListenMode mode = ListenMode::stream,
                     std::string_view workspaces = "1") {
    auto made = HttpHubClient::make(hub.access(), inbox.sink(), timeouts);
    REQUIRE(made);
    client = *std::move(made);
    client->listen(listen_to(mode, workspaces));
  }
  wire::StreamEvent next_event() { return inbox.next<ListenEvent>().event; }
  ListenEnded ended() { return inbox.next<ListenEnded>(); }
};

} // namespace

TEST_CASE("a stream asks for all workspaces with their cursors and reports events as they arrive") {
  Received seen;
  FakeHub hub([&](Peer& peer, const Received& request) {
    seen = request;
    peer.open_stream();
    peer.send_chunk("retry: 1500\n\n" + hello_event('1') + hello_event('2'));
    peer.end_stream();
  });
  Listening listening(hub, {}, ListenMode::stream, "12");
  CHECK(std::get<wire::StreamHello>(listening.next_event()).workspace == workspace('1'));
  CHECK(std::get<wire::StreamHello>(listening.next_event()).workspace == workspace('2'));
  const ListenEnded ended = listening.ended();
  CHECK(ended.id == 1);
  CHECK(ended.reason == Reason::closed);
  CHECK(ended.retry == std::chrono::milliseconds(1500));
  CHECK(seen.line == fmt::format("GET /api/v1/sync/stream?view=ops&workspace_id={},{}&after=7.3,7.3 HTTP/1.1",
                                 workspace('1').view(), workspace('2').view()));
  CHECK(seen.has("Accept: text/event-stream\r\n"));
  CHECK(seen.has("Authorization: Bearer mst_secret\r\n"));
  CHECK_FALSE(seen.has("Accept-Encoding"));
}

TEST_CASE("events may be cut anywhere, also between CR and LF, and comments complete nothing") {
  FakeHub hub([&](Peer& peer, const Received&) {
    std::string text = ": welcome\n" + hello_event('1') + "event: of_a_newer_hub\ndata: {}\n\n" +
                       "event: heartbeat\ndata: {\"heads\":{}}\n\n";
    std::string crlf;
    for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    peer.open_stream();
    for (const char c : crlf) peer.send_chunk(std::string(1, c));
    peer.end_stream();
  });
  Listening listening(hub);
  CHECK(std::holds_alternative<wire::StreamHello>(listening.next_event()));
  CHECK(std::holds_alternative<wire::StreamHeartbeat>(listening.next_event()));
  CHECK(listening.ended().reason == Reason::closed);
}

TEST_CASE("an event that is cut by the end of the stream is not reported") {
  FakeHub hub([&](Peer& peer, const Received&) {
    peer.open_stream();
    peer.send_chunk(hello_event('1') + "event: heartbeat\ndata: {\"heads\":{}}\n");
    peer.end_stream();
  });
  Listening listening(hub);
  CHECK(std::holds_alternative<wire::StreamHello>(listening.next_event()));
  CHECK(listening.ended().reason == Reason::closed);
}

TEST_CASE("a refused stream says why") {
  int status = 401;
  std::string type = "application/problem+json";
  std::string body = R"({"code":"unauthenticated","detail":"unknown token"})";
  std::string headers;
  FakeHub hub([&](Peer& peer, const Received&) { peer.answer(status, type, body, headers); });
  base::ErrorCode expected = base::ErrorCode::unauthenticated;
  SUBCASE("an unknown token") {}
  SUBCASE("a removed member") {
    status = 403;
    body = R"({"code":"removed","detail":"gone","workspace":"00000000000000000001"})";
    expected = base::ErrorCode::removed;
  }
  SUBCASE("too many streams") {
    status = 429;
    body = "";
    headers = "Retry-After: 30\r\n";
    expected = base::ErrorCode::rate_limited;
  }
  SUBCASE("a redirect") {
    status = 307;
    headers = "Location: http://elsewhere/\r\n";
    expected = base::ErrorCode::offline;
  }
  SUBCASE("a sign-in page instead of a stream") {
    status = 200;
    type = "text/html";
    body = "<html>";
    expected = base::ErrorCode::offline;
  }
  Listening listening(hub);
  const ListenEnded ended = listening.ended();
  CHECK(ended.reason == Reason::refused);
  CHECK(ended.problem.code == expected);
  CHECK(hub.connection_count() == 1);
}

TEST_CASE("an answer without content is a refusal") {
  FakeHub hub([](Peer& peer, const Received&) { peer.send("HTTP/1.1 204 No Content\r\n\r\n"); });
  Listening listening(hub);
  CHECK(listening.ended().reason == Reason::refused);
}

TEST_CASE("a stream whose hub never greets is silent") {
  Timeouts timeouts;
  timeouts.hello = std::chrono::milliseconds(30);
  SUBCASE("not even a status line") {
    FakeHub hub([](Peer& peer, const Received&) { peer.wait_closed(); });
    Listening listening(hub, timeouts);
    CHECK(listening.ended().reason == Reason::silent);
  }
  SUBCASE("a proxy that buffers the events") {
    FakeHub hub([](Peer& peer, const Received&) {
      peer.open_stream();
      peer.send_chunk(": nothing yet\n");
      peer.wait_closed();
    });
    Listening listening(hub, timeouts);
    CHECK(listening.ended().reason == Reason::silent);
  }
}

TEST_CASE("a greeted stream without a byte for the read timeout is silent, as of a half-open connection") {
  Timeouts timeouts;
  timeouts.read = std::chrono::milliseconds(50);
  FakeHub hub([](Peer& peer, const Received&) {
    peer.open_stream();
    peer.send_chunk(hello_event('1'));
    peer.wait_closed();
  });
  Listening listening(hub, timeouts);
  CHECK(std::holds_alternative<wire::StreamHello>(listening.next_event()));
  CHECK(listening.ended().reason == Reason::silent);
}

TEST_CASE("a stream that cannot be read is broken") {
  std::string text;
  SUBCASE("an event that is no JSON") { text = "event: ops\ndata: {\n\n"; }
  SUBCASE("an event of another shape") { text = "event: ops\ndata: {\"from\":1}\n\n"; }
  SUBCASE("a line beyond 4 MiB") { text = "data: " + std::string(std::size_t{5} << 20, 'x'); }
  FakeHub hub([&](Peer& peer, const Received&) {
    peer.open_stream();
    peer.send_chunk(hello_event('1'));
    peer.send_chunk(text);
    peer.wait_closed();
  });
  Listening listening(hub);
  CHECK(std::holds_alternative<wire::StreamHello>(listening.next_event()));
  CHECK(listening.ended().reason == Reason::broken);
}

TEST_CASE("a connection cut in the middle of the stream is closed, and a missing hub unreachable") {
  int port = 0;
  {
    FakeHub hub([](Peer& peer, const Received&) {
      peer.open_stream();
      peer.send_chunk(hello_event('1'));
      peer.close();
    });
    port = hub.port();
    Listening listening(hub);
    CHECK(std::holds_alternative<wire::StreamHello>(listening.next_event()));
    CHECK(listening.ended().reason == Reason::closed);
  }
  HubAccess access;
  access.endpoint = {false, "127.0.0.1", port, ""};
  Inbox inbox;
  const auto client = HttpHubClient::make(access, inbox.sink());
  REQUIRE(client);
  (*client)->listen(listen_to(ListenMode::stream, "1"));
  CHECK(inbox.next<ListenEnded>().reason == Reason::unreachable);
}

TEST_CASE("every attempt has a connection of its own, and an ended one reports nothing more") {
  FakeHub hub([](Peer& peer, const Received&) {
    peer.open_stream();
    peer.send_chunk(hello_event('1'));
    peer.wait_closed();
  });
  Listening listening(hub);
  CHECK(listening.inbox.next<ListenEvent>().id == 1);
  listening.client->listen(listen_to(ListenMode::stream, "1", 2));
  CHECK(listening.inbox.next<ListenEvent>().id == 2);
  listening.client->stop_listening();
  CHECK(listening.client->stop(std::chrono::seconds(30)));
  CHECK(listening.inbox.is_empty());
  CHECK(hub.connection_count() == 2);
}

TEST_CASE("long polls ask at once first, then let the hub hold them, for each workspace from where it is") {
  std::mutex mutex;
  std::vector<std::string> lines;
  FakeHub hub([&](Peer& peer, const Received& request) {
    const bool is_first = request.line.find("after=7.3") != std::string::npos;
    {
      const std::lock_guard lock(mutex);
      lines.push_back(request.line);
    }
    if (is_first) return peer.answer_json(pull_answer(3, 9));
    peer.wait_closed();
  });
  Listening listening(hub, {}, ListenMode::long_poll, "12");
  const auto first = listening.inbox.next<replica::ListenPolled>();
  const auto second = listening.inbox.next<replica::ListenPolled>();
  CHECK(first.answer.to.value == 9);
  CHECK(first.workspace != second.workspace);
  listening.client->stop_listening();
  CHECK(listening.client->stop(std::chrono::seconds(30)));
  CHECK(listening.inbox.is_empty());
  const std::lock_guard lock(mutex);
  for (const std::string& line : lines) {
    const bool waits = line.find("&wait=25 ") != std::string::npos;
    CHECK(waits == (line.find("after=7.9") != std::string::npos));
  }
}

TEST_CASE("one refused long poll ends the attempt, once") {
  FakeHub hub([&](Peer& peer, const Received& request) {
    if (request.line.find(workspace('2').view()) != std::string::npos)
      return peer.answer(410, "application/problem+json", R"({"code":"resync","detail":"too old"})");
    if (request.line.find("after=7.3") != std::string::npos) return peer.answer_json(pull_answer(3, 4));
    peer.wait_closed();
  });
  Listening listening(hub, {}, ListenMode::long_poll, "12");
  std::optional<ListenEnded> ended;
  while (!ended) {
    auto message = listening.inbox.next_of_any();
    if (auto* found = std::get_if<ListenEnded>(&message)) ended = *found;
  }
  CHECK(ended->reason == Reason::refused);
  CHECK(ended->problem.code == base::ErrorCode::resync);
  CHECK(listening.client->stop(std::chrono::seconds(30)));
  CHECK(listening.inbox.is_empty());
}

TEST_CASE("beside long polls a stream is tried, and the attempt ends when the hub greets there") {
  Timeouts timeouts;
  timeouts.hello = timeouts.first_probe = std::chrono::milliseconds(20);
  std::atomic<int> probes = 0;
  FakeHub hub([&](Peer& peer, const Received& request) {
    if (request.line.find("/pull?") != std::string::npos) {
      if (request.line.find("after=7.3") != std::string::npos) return peer.answer_json(pull_answer(3, 4));
      return peer.wait_closed();
    }
    peer.open_stream();
    if (++probes > 2) peer.send_chunk(hello_event('1')); // before that the proxy holds back what the hub says
    peer.wait_closed();
  });
  Listening listening(hub, timeouts, ListenMode::long_poll);
  CHECK(listening.inbox.next<replica::ListenPolled>().answer.to.value == 4);
  CHECK(listening.ended().reason == Reason::greeted);
  CHECK(probes == 3);
  CHECK(listening.client->stop(std::chrono::seconds(30)));
  CHECK(listening.inbox.is_empty());
}

TEST_CASE("a stream beside long polls that is refused or cut does not disturb them") {
  Timeouts timeouts;
  timeouts.first_probe = timeouts.longest_probe = std::chrono::milliseconds(5);
  std::atomic<int> probes = 0;
  FakeHub hub([&](Peer& peer, const Received& request) {
    if (request.line.find("/pull?") == std::string::npos) {
      if (++probes % 2 == 0) return peer.close();
      return peer.answer(502, "text/html", "<html>");
    }
    while (probes < 4) std::this_thread::yield();
    peer.answer_json(pull_answer(3, 4));
  });
  Listening listening(hub, timeouts, ListenMode::long_poll);
  for (int polls = 0; polls < 3; ++polls)
    CHECK(listening.inbox.next<replica::ListenPolled>().answer.to.value == 4);
  listening.client->stop_listening();
  CHECK(listening.client->stop(std::chrono::seconds(30)));
}

TEST_CASE("a hub that is not there before it could greet is unreachable, not silent") {
  Timeouts timeouts;
  timeouts.hello = std::chrono::milliseconds(30);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  socklen_t size = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  // The kernel answers only as many connections as the backlog holds; later ones hang as if packets were
  // lost.
  std::vector<int> fillers;
  for (int n = 0; n < 4; ++n) {
    fillers.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  HubAccess access;
  access.endpoint = {false, "127.0.0.1", ntohs(address.sin_port), ""};
  Inbox inbox;
  const auto client = HttpHubClient::make(access, inbox.sink(), timeouts);
  REQUIRE(client);
  (*client)->listen(listen_to(ListenMode::stream, "1"));
  CHECK(inbox.next<ListenEnded>().reason == Reason::unreachable);
  for (const int filler : fillers) ::close(filler);
  ::close(listener);
}
