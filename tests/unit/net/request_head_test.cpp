#include "net/server/request_head.h"

#include <doctest/doctest.h>
#include <string>

using namespace memsync;
using namespace memsync::net::server;
using namespace std::string_literals;

namespace {

bool is_refused(const std::string& head) { return !check_request_head(head, HttpLimits{}); }

const std::string k_start = "POST /a HTTP/1.1\r\nHost: h\r\n";

} // namespace

TEST_CASE("an ordinary request head passes") {
  CHECK_FALSE(is_refused(
      "GET /api/v1/me?x=%20 HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer t\r\nAccept:\t*/*\r\n\r\n"));
  CHECK_FALSE(is_refused(k_start + "Content-Length: 0\r\n\r\n"));
  CHECK_FALSE(is_refused(k_start + "Transfer-Encoding: Chunked\r\n\r\n"));
  CHECK_FALSE(is_refused("GET / HTTP/1.0\r\n\r\n"));
}

TEST_CASE("a request head that two readers could understand differently is refused") {
  const std::string heads[] = {
      k_start + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
      k_start + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
      k_start + "Content-Length: 5, 5\r\n\r\n",
      k_start + "Content-Length: +5\r\n\r\n",
      k_start + "Content-Length: 0x5\r\n\r\n",
      k_start + "Content-Length: -1\r\n\r\n",
      k_start + "Content-Length: \r\n\r\n",
      k_start + "Content-Length: 9999999999999999999999\r\n\r\n",
      k_start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      k_start + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
      k_start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      k_start + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      k_start + "Transfer-Encoding: xchunked\r\n\r\n",
      k_start + "Transfer-Encoding: identity\r\n\r\n",
      k_start +
          "Transfer-Encoding:\x0b"
          "chunked\r\n\r\n",
      k_start + "Transfer-Encoding : chunked\r\n\r\n",
      k_start + " Transfer-Encoding: chunked\r\n\r\n",
      k_start + "X: a\r\n b\r\n\r\n",
      k_start + "X: a\r\n\tb\r\n\r\n",
      k_start + "X: a\nY: b\r\n\r\n",
      k_start + "X: a\rY: b\r\n\r\n",
      k_start + "X: a\0b\r\n\r\n"s,
      k_start + "X\0: b\r\n\r\n"s,
      k_start + "X y: b\r\n\r\n",
      k_start + "X\r\n\r\n",
      k_start + ": b\r\n\r\n",
      k_start + "Host: other\r\n\r\n",
      k_start + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET / HTTP/2.0\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / http/1.1\r\nHost: h\r\n\r\n",
      "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /\r\nHost: h\r\n\r\n",
      "GET\r\nHost: h\r\n\r\n",
      "\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET / HTTP/1.1\nHost: h\n\r\n\r\n",
  };
  for (const std::string& head : heads) {
    CAPTURE(head);
    CHECK(is_refused(head));
  }
}

TEST_CASE("a head with more fields than allowed is too large") {
  std::string head = k_start;
  for (int i = 0; i < 100; ++i) head += "X: y\r\n";
  const auto checked = check_request_head(head + "\r\n", HttpLimits{});
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == base::ErrorCode::too_large);
}

TEST_CASE("the end of a head is behind its empty line") {
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: h\r\n") == std::string::npos);
  CHECK(find_head_end("GET / HTTP/1.1\r\nHost: h\r\n\r\nbody") == 27);
}
