#include "net/server/http_message.h"

#include <doctest/doctest.h>

using namespace memsync;
using namespace memsync::net::server;

TEST_CASE("a target is split and decoded segment by segment") {
  const auto target = parse_target("/api/a%2Fb/%C3%A4?after=1.2&name=a+b%26&flag");
  REQUIRE(target);
  CHECK(target->segments == std::vector<std::string>{"api", "a/b", "ä"});
  CHECK(target->find("after") == "1.2");
  CHECK(target->find("name") == "a b&");
  CHECK(target->find("flag") == "");
  CHECK_FALSE(target->find("none"));
  CHECK(parse_target("/")->segments.empty());
}

TEST_CASE("a target with a second reading is refused") {
  for (const char* text :
       {"", "*", "http://h/a", "a", "/a/", "//a", "/a//b", "/a/../b", "/%2e%2e/a", "/./a", "/%", "/%4",
        "/%zz", "/a%00", "/a%0d%0a", "/a%7f", "/%ff", "/a?x=%00", "/a?x=1&x=2"}) {
    CAPTURE(text);
    const auto target = parse_target(text);
    REQUIRE_FALSE(target);
    CHECK(target.error().code == base::ErrorCode::validation);
  }
}

TEST_CASE("only a bearer token counts as authorization") {
  Request request;
  CHECK_FALSE(request.bearer_token()->has_value());
  request.authorization = "Bearer mst_1";
  CHECK(request.bearer_token()->value() == "mst_1");
  request.authorization = "bearer mst_1";
  CHECK(request.bearer_token()->value() == "mst_1");
  for (const char* text : {"Basic dTpw", "Bearer", "Bearer ", "mst_1", "Bearer a b"}) {
    request.authorization = text;
    REQUIRE_FALSE(request.bearer_token());
    CHECK(request.bearer_token().error().code == base::ErrorCode::unauthenticated);
  }
}

TEST_CASE("a body must be one JSON object of bounded depth") {
  Request request;
  for (const std::string& body :
       {std::string("[]"), std::string("{"), std::string("{\"a\":1,\"a\":2}"), std::string("{} {}"),
        std::string("{\"a\":\"\xff\"}"), "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}"}) {
    request.body = body;
    CAPTURE(body);
    REQUIRE_FALSE(request.json());
    CHECK(request.json().error().code == base::ErrorCode::validation);
  }
  request.body = "{\"a\":1}";
  CHECK(request.json());
}

TEST_CASE("an error becomes problem details with the headers its status needs") {
  const Response unauthenticated = to_response(base::Error{base::ErrorCode::unauthenticated, "sign in"});
  CHECK(unauthenticated.status == 401);
  CHECK(unauthenticated.content_type == "application/problem+json");
  CHECK(unauthenticated.headers.at(0).first == "WWW-Authenticate");
  wire::Problem limited;
  limited.code = base::ErrorCode::rate_limited;
  limited.retry_after_s = 7;
  CHECK(to_response(limited).headers.at(0) == std::pair<std::string, std::string>{"Retry-After", "7"});
}

TEST_CASE("a number in a query is checked against its bounds") {
  const Target target = *parse_target("/?a=5&b=x&c=99&d=-1&e=");
  CHECK(*query_number(target, "a", 1, 0, 10) == 5);
  CHECK(*query_number(target, "none", 1, 0, 10) == 1);
  for (const char* name : {"b", "c", "d", "e"}) CHECK_FALSE(query_number(target, name, 1, 0, 10));
}
