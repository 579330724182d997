#include "wire/sse.h"

#include <doctest/doctest.h>
#include <string>

using namespace memsync::wire;
using std::chrono::milliseconds;

namespace {

/// The events of a stream as "event|data|id" lines, fed in pieces of that size.
std::string events_of(std::string_view stream, std::size_t piece) {
  SseParser parser;
  std::string out;
  for (std::size_t at = 0; at < stream.size(); at += piece)
    for (const SseEvent& event : parser.feed(stream.substr(at, piece)))
      out += event.event + "|" + event.data + "|" + event.id + ";";
  REQUIRE_FALSE(parser.has_failed());
  return out;
}

/// The same, which must not depend on where the pieces end.
std::string events_of(std::string_view stream) {
  std::string whole = events_of(stream, stream.size() + 1);
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    CAPTURE(piece);
    REQUIRE(events_of(stream, piece) == whole);
  }
  return whole;
}

std::optional<milliseconds> retry_of(std::string_view stream) {
  SseParser parser;
  parser.feed(stream);
  return parser.retry();
}

} // namespace

TEST_CASE("lines end with LF, CR or CRLF, wherever a piece ends") {
  CHECK(events_of("data: a\n\ndata: b\n\n") == "message|a|;message|b|;");
  CHECK(events_of("data: a\r\rdata: b\r\r") == "message|a|;message|b|;");
  CHECK(events_of("data: a\r\n\r\ndata: b\r\n\r\n") == "message|a|;message|b|;");
  CHECK(events_of("data: a\r\n\ndata: b\n\r\n") == "message|a|;message|b|;");
  CHECK(events_of("data: a\n\rdata: b\r\n\r") == "message|a|;message|b|;");
}

TEST_CASE("the examples of the HTML standard") {
  CHECK(events_of("data: YHOO\ndata: +2\ndata: 10\n\n") == "message|YHOO\n+2\n10|;");
  CHECK(events_of(
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n") ==
        "message|first event|1;message|second event|;");
  CHECK(events_of("data\n\ndata\ndata\n\ndata:") == "message||;message|\n|;");
  CHECK(events_of("data:test\n\ndata: test\n\n") == "message|test|;message|test|;");
  CHECK(events_of("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n") ==
        "add|73857293|;remove|2153|;");
}

TEST_CASE("a leading byte order mark is skipped, a later one is data") {
  CHECK(events_of("\xEF\xBB\xBF"
                  "data: a\n\n") == "message|a|;");
  CHECK(events_of("\xEF\xBB\xBF\n\ndata: b\n\n") == "message|b|;");
  CHECK(events_of("data: a\n\n\xEF\xBB\xBF"
                  "data: b\n\n") == "message|a|;");
  CHECK(events_of("data: \xEF\xBB\xBF"
                  "a\n\n") ==
        "message|\xEF\xBB\xBF"
        "a|;");
}

TEST_CASE("the id persists until another one comes, and an event's name does not") {
  CHECK(events_of("id: 7\nevent: ops\ndata: a\n\ndata: b\n\nid: 8\ndata: c\n\nid:\ndata: d\n\n") ==
        "ops|a|7;message|b|7;message|c|8;message|d|;");
}

TEST_CASE("an id counts also when its event has no data") {
  CHECK(events_of("id: 7\n\ndata: a\n\n") == "message|a|7;");
  CHECK(events_of("event: lost\n\ndata: a\n\n") == "message|a|;");
}

TEST_CASE("an id with NUL is ignored") {
  const std::string nul(1, '\0');
  CHECK(events_of("id: 1\nid: 2" + nul + "3\ndata: a\n\n") == "message|a|1;");
}

TEST_CASE("comments, unknown fields and fields with blanks before the colon are ignored") {
  CHECK(events_of(":\n: ping\nfoo: bar\ndata : x\n data: y\ndata: a\n\n") == "message|a|;");
}

TEST_CASE("one blank after the colon belongs to the field, a second one to the value") {
  CHECK(events_of("data:  a: b\n\n") == "message| a: b|;");
}

TEST_CASE("an event without its blank line is never dispatched") {
  CHECK(events_of("data: a\n").empty());
  CHECK(events_of("data: a").empty());
}

TEST_CASE("retry takes digits only") {
  CHECK(retry_of("retry: 2500\n") == milliseconds(2'500));
  CHECK(retry_of("retry:0\n") == milliseconds(0));
  CHECK(retry_of("retry: 0100\n") == milliseconds(100));
  CHECK(retry_of("retry: 1\nretry: x\n") == milliseconds(1));
  for (const char* text : {"retry: -1\n", "retry: 1.5\n", "retry: 1s\n", "retry:\n", "retry\n", "retry: +1\n",
                           "retry:  1\n", "retry: 99999999999999999999\n", "retry: 86400001\n"}) {
    CAPTURE(text);
    CHECK_FALSE(retry_of(text));
  }
}

TEST_CASE("a line or an event beyond the limit fails for good") {
  SUBCASE("one line") {
    SseParser parser;
    parser.feed("data: ");
    const std::string piece(1u << 20u, 'x');
    for (int i = 0; i < 3; ++i) parser.feed(piece);
    CHECK_FALSE(parser.has_failed());
    parser.feed(piece);
    CHECK(parser.has_failed());
    CHECK(parser.feed("\n\ndata: a\n\n").empty());
    CHECK(parser.has_failed());
  }
  SUBCASE("many lines of one event") {
    SseParser parser;
    const std::string line = "data: " + std::string(1'000, 'x') + "\n";
    for (int i = 0; i < 4'300 && !parser.has_failed(); ++i) parser.feed(line);
    CHECK(parser.has_failed());
  }
  SUBCASE("a comment without end") {
    SseParser parser;
    parser.feed(":" + std::string(SseParser::k_max_bytes, 'x'));
    CHECK(parser.has_failed());
  }
}

TEST_CASE("what is framed here reads back") {
  std::string stream;
  append_sse(stream, "ops", "7.42", "{\"a\":1}");
  append_sse(stream, "", "", "two\nlines");
  append_sse(stream, "", "", "");
  CHECK(events_of(stream) == "ops|{\"a\":1}|7.42;message|two\nlines|7.42;message||7.42;");
}
