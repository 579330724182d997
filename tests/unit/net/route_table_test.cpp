#include "net/server/route_table.h"

#include <doctest/doctest.h>

#include "net/server/address.h"

using namespace memsync;
using namespace memsync::net::server;

namespace {

RouteMatch match(Method method, std::string_view path) {
  return match_route(routes(), method, *parse_target(path));
}

} // namespace

TEST_CASE("a path finds its route and its arguments") {
  const auto found = std::get<RouteFound>(match(Method::patch, "/api/v1/workspaces/w1/members/u1"));
  CHECK(found.route->pattern == "/api/v1/workspaces/{id}/members/{user}");
  CHECK(found.arguments.at("id") == "w1");
  CHECK(found.arguments.at("user") == "u1");
}

TEST_CASE("a path that no route has is unknown") {
  for (const char* path : {"/", "/api", "/api/v1/workspaces/a/b/c/d", "/API/v1/me", "/healthz/x"}) {
    CAPTURE(path);
    CHECK(std::holds_alternative<RouteUnknown>(match(Method::get, path)));
  }
}

TEST_CASE("a known path with another method names the methods it takes") {
  CHECK(std::get<RouteMethodWrong>(match(Method::put, "/api/v1/tokens")).allow == "GET, POST");
  CHECK(std::get<RouteMethodWrong>(match_route(routes(), std::nullopt, *parse_target("/healthz"))).allow ==
        "GET, HEAD");
}

TEST_CASE("HEAD is answered where anybody may GET") {
  CHECK(std::holds_alternative<RouteFound>(match(Method::head, "/healthz")));
  CHECK(std::holds_alternative<RouteMethodWrong>(match(Method::head, "/api/v1/me")));
}

TEST_CASE("an address to listen on is a host and a port") {
  CHECK(parse_listen_address("127.0.0.1:0")->host == "127.0.0.1");
  CHECK(parse_listen_address("[::1]:8787")->host == "::1");
  CHECK(parse_listen_address(":8787")->host.empty());
  for (const char* text : {"", "8787", "127.0.0.1", "127.0.0.1:", "h:99999", "h:-1", "h:1x", "::1:80"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen_address(text));
  }
}

TEST_CASE("limits count an IPv4 address or the /64 of an IPv6 address") {
  CHECK(limit_key("192.0.2.1") == "192.0.2.1");
  CHECK(limit_key("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(limit_key("2001:db8:1:2:3:4:5:6") == limit_key("2001:db8:1:2::9"));
  CHECK(limit_key("2001:db8:1:2::1") != limit_key("2001:db8:1:3::1"));
}

TEST_CASE("X-Forwarded-For counts only as far as trusted proxies wrote it") {
  CHECK(forwarded_client("192.0.2.1", "198.51.100.7", {}) == "192.0.2.1");
  CHECK(forwarded_client("192.0.2.1", "203.0.113.9, 198.51.100.7", {"192.0.2.1"}) == "198.51.100.7");
  CHECK(forwarded_client("192.0.2.1", "203.0.113.9,198.51.100.7", {"192.0.2.1", "198.51.100.7"}) ==
        "203.0.113.9");
  CHECK(forwarded_client("192.0.2.1", "", {"192.0.2.1"}) == "192.0.2.1");
}
