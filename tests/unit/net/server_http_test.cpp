#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/net/live_hub.h"

using namespace memsync;
using namespace memsync::tests;
using namespace std::string_literals;

namespace {

const std::string k_get = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";

std::string repeated(int times, const std::string& text) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

} // namespace

TEST_CASE("malformed requests are refused with problem details and the connection ends") {
  LiveHub hub;
  const std::string start = "POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\n";
  struct Row {
    std::string request;
    std::string code;
  };
  const Row rows[] = {
      {start + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "validation"},
      {start + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "validation"},
      {start + "Transfer-Encoding: gzip\r\n\r\n", "validation"},
      {start + "X: a\r\n b\r\n\r\n", "validation"},
      {start + "X: a\nY: b\r\n\r\n", "validation"},
      {start + "X: a\0b\r\n\r\n"s, "validation"},
      {"GET /healthz HTTP/1.1\r\n\r\n", "validation"},
      {"GET http://h/healthz HTTP/1.1\r\nHost: h\r\n\r\n", "validation"},
      {"GET /a/../healthz HTTP/1.1\r\nHost: h\r\n\r\n", "validation"},
      {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", "validation"},
      {"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "validation"},
      {"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s, "validation"},
      {start + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", "validation"},
      {start + "Content-Length: 1048577\r\n\r\n", "too_large"},
      {start + "Transfer-Encoding: chunked\r\n\r\n200000\r\n" + std::string(0x200000, ' '), "too_large"},
      {start + "Transfer-Encoding: chunked\r\n\r\n1;a=" + std::string(50'000, 'a'), "too_large"},
      {start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: " + std::string(50'000, 'a'), "too_large"},
      {start + "Transfer-Encoding: chunked\r\n\r\n" +
           repeated(300, "1;a=" + std::string(10'000, 'a') + "\r\nx\r\n"),
       "too_large"},
      {"GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", "too_large"},
      {std::string(20'000, 'a'), "too_large"},
      {start + "Expect: a miracle\r\n\r\n", "validation"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.request.substr(0, 200));
    TestConnection connection(hub.port());
    connection.send(row.request);
    const auto reply = connection.receive();
    REQUIRE(reply);
    CHECK(reply->status >= 400);
    CHECK(reply->status < 500);
    CHECK(reply->code() == row.code);
    CHECK(reply->headers.at("connection") == "close");
    connection.finish_sending();
    CHECK(connection.is_closed_by_peer());
  }
  CHECK(hub.get("/healthz", "").status == 200);
}

TEST_CASE("pipelined requests are answered in order on one connection") {
  LiveHub hub;
  TestConnection connection(hub.port());
  std::string many;
  for (int i = 0; i < 50; ++i) many += k_get + "GET /none HTTP/1.1\r\nHost: h\r\n\r\n";
  connection.send(many);
  for (int i = 0; i < 50; ++i) {
    CHECK(connection.receive()->status == 200);
    CHECK(connection.receive()->status == 404);
  }
}

TEST_CASE("a request that arrives byte by byte is answered") {
  LiveHub hub;
  TestConnection connection(hub.port());
  const std::string request =
      "POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: "
      "Bearer " +
      hub.owner().token +
      "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n8\r\ne\":\"B\"} \r\n0\r\n\r\n";
  for (const char c : request) connection.send(std::string_view(&c, 1));
  const auto reply = connection.receive();
  REQUIRE(reply);
  CHECK(reply->status == 201);
  CHECK(reply->json().value("name", "") == "B");
}

TEST_CASE("a client that asks first may send its body") {
  LiveHub hub;
  TestConnection connection(hub.port());
  connection.send(
      "POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer " +
      hub.owner().token + "\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n");
  CHECK(connection.receive()->status == 100);
  connection.send(R"({"name":"B"})");
  CHECK(connection.receive()->status == 201);
}

TEST_CASE("a client that stops sending still gets its answer") {
  LiveHub hub;
  TestConnection connection(hub.port());
  connection.send(k_get);
  connection.finish_sending();
  CHECK(connection.receive()->status == 200);
  CHECK(connection.is_closed_by_peer());
}

TEST_CASE("the connection ends when the client wants it to, or speaks HTTP/1.0") {
  LiveHub hub;
  for (const char* request : {"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                              "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}) {
    TestConnection connection(hub.port());
    connection.send(request);
    CHECK(connection.receive()->headers.at("connection") == "close");
    connection.finish_sending();
    CHECK(connection.is_closed_by_peer());
  }
}

TEST_CASE("HEAD has the head of GET and no body") {
  LiveHub hub;
  TestConnection connection(hub.port());
  connection.send("HEAD /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::string all;
  for (std::string piece = connection.read_some(); !piece.empty(); piece = connection.read_some()) {
    all += piece;
    connection.finish_sending();
  }
  CHECK(all.find("Content-Length: 15\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("unknown paths, methods, media types and missing bodies have their own codes") {
  LiveHub hub;
  const std::string& token = hub.owner().token;
  CHECK(hub.get("/none", token).code() == "not_found");
  const Reply wrong = hub.call("PUT", "/api/v1/workspaces", token, "{}");
  CHECK(wrong.code() == "method_not_allowed");
  CHECK(wrong.headers.at("allow") == "GET, POST");
  CHECK(hub.call("BREW", "/api/v1/workspaces", token).code() == "method_not_allowed");
  CHECK(hub.call("POST", "/api/v1/workspaces", token).code() == "validation");
  CHECK(hub.call("GET", "/api/v1/me", token, "{}").code() == "validation");
  TestConnection connection(hub.port());
  connection.send(
      "POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
      "2\r\n\r\n{}");
  CHECK(connection.receive()->code() == "media_type");
  const Reply unsigned_call = hub.get("/api/v1/me", "");
  CHECK(unsigned_call.code() == "unauthenticated");
  CHECK(unsigned_call.headers.at("www-authenticate") == "Bearer realm=\"memsync\"");
  CHECK(hub.get("/api/v1/me", "mst_wrong").code() == "unauthenticated");
}

TEST_CASE("bad JSON is refused with the place") {
  LiveHub hub;
  for (const char* body :
       {"{", "[1]", "{\"name\":}", "{\"name\":\"a\",\"name\":\"b\"}", "{\"name\":\"\xff\"}", "nul"}) {
    CAPTURE(body);
    const Reply reply = hub.call("POST", "/api/v1/workspaces", hub.owner().token, body);
    CHECK(reply.status == 400);
    CHECK(reply.code() == "validation");
  }
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  CHECK(hub.call("POST", "/api/v1/workspaces", hub.owner().token, "{\"name\":" + deep + "}").code() ==
        "validation");
}

TEST_CASE("a hub with a name answers to no other") {
  net::server::ServerOptions options;
  options.allowed_hosts = {"hub.example"};
  LiveHub hub(options);
  CHECK(hub.get("/healthz", "").code() == "validation");
  TestConnection connection(hub.port());
  connection.send("GET /healthz HTTP/1.1\r\nHost: hub.example:8787\r\n\r\n");
  CHECK(connection.receive()->status == 200);
}

TEST_CASE("an address with too many connections gets no further one") {
  net::server::ServerOptions options;
  options.connections_per_address = 2;
  LiveHub hub(options);
  TestConnection first(hub.port());
  first.send(k_get);
  CHECK(first.receive()->status == 200);
  TestConnection second(hub.port());
  second.send(k_get);
  CHECK(second.receive()->status == 200);
  TestConnection third(hub.port());
  CHECK(third.is_closed_by_peer());
}

TEST_CASE("a connection that is slow to send a head, or idle for long, is closed") {
  LiveHub hub;
  TestConnection slow(hub.port());
  TestConnection idle(hub.port());
  idle.send(k_get);
  CHECK(idle.receive()->status == 200);
  slow.send("GET /healthz HTTP/1.1\r\n");
  CHECK(hub.get("/healthz", "").status == 200); // accepted and read after the others
  hub.clock().skip(std::chrono::seconds(11));
  CHECK(slow.is_closed_by_peer());
  idle.send(k_get);
  CHECK(idle.receive()->status == 200);
  CHECK(hub.get("/healthz", "").status == 200); // by now the server waits for the next request
  hub.clock().skip(std::chrono::seconds(76));
  CHECK(idle.is_closed_by_peer());
}

TEST_CASE("stopping finishes open connections and returns") {
  LiveHub hub;
  TestConnection idle(hub.port());
  idle.send(k_get);
  CHECK(idle.receive()->status == 200);
  hub.server().stop();
  hub.join();
  CHECK(idle.is_closed_by_peer());
}

TEST_CASE("a push that is committed when the server is gone already is still counted") {
  LiveHub hub;
  const std::string body = hub.push_body(1);
  hub.gate().close();
  const TestConnection connection(hub.port());
  connection.send(
      fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  hub.team_path("/push"), hub.owner().token, body.size(), body));
  hub.gate().wait_for_write();
  hub.end_server();
  hub.gate().open();
  const std::string counted =
      "memsync_http_requests_total{method=\"POST\",route=\"/api/v1/workspaces/{id}/push\",status=\"2xx\"} "
      "1\n";
  while (hub.hub().metrics().render().find(counted) == std::string::npos) std::this_thread::yield();
}

TEST_CASE("writes that wait for the disk keep no reader waiting") {
  LiveHub hub;
  hub.gate().close();
  std::vector<std::unique_ptr<TestConnection>> writing;
  const std::string body = R"({"name":"Second"})";
  for (int i = 0; i < 8; ++i) {
    writing.push_back(std::make_unique<TestConnection>(hub.port()));
    writing.back()->send(
        fmt::format("POST /api/v1/workspaces HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n"
                    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                    hub.owner().token, body.size(), body));
  }
  hub.gate().wait_for_write();
  for (int i = 0; i < 8; ++i) CHECK(hub.get("/api/v1/me", hub.owner().token).status == 200);
  hub.gate().open();
  for (const auto& connection : writing) CHECK(connection->receive()->status == 201);
}

TEST_CASE("metrics count requests by route and never by path") {
  LiveHub hub;
  hub.get("/api/v1/invitations/a-secret", "");
  const std::string metrics = hub.get("/metrics", "").body;
  CHECK(metrics.find("memsync_http_requests_total{method=\"GET\",route=\"/api/v1/invitations/{token}\","
                     "status=\"4xx\"} 1") != std::string::npos);
  CHECK(metrics.find("a-secret") == std::string::npos);
}
