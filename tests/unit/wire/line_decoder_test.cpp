#include "wire/line_decoder.h"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace memsync::wire;

namespace {

std::vector<DecodedLine> decode(LineDecoder& decoder, std::string_view bytes) {
  std::vector<DecodedLine> lines;
  decoder.feed(bytes, lines);
  return lines;
}

std::string text(const DecodedLine& line) { return std::get<std::string>(line); }

} // namespace

TEST_CASE("bytes are cut into lines at \\n and \\r\\n, wherever the pieces end") {
  const std::string stream = "first\nsecond\r\nthird\n";
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    LineDecoder decoder;
    std::vector<DecodedLine> lines;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      decoder.feed(std::string_view(stream).substr(at, piece), lines);
    }
    REQUIRE(lines.size() == 3);
    CHECK(text(lines[0]) == "first");
    CHECK(text(lines[1]) == "second");
    CHECK(text(lines[2]) == "third");
  }
}

TEST_CASE("blank lines are skipped") {
  LineDecoder decoder;
  CHECK(decode(decoder, "\n\r\n  \t\r\n").empty());
  CHECK(decode(decoder, " x \n").size() == 1);
}

TEST_CASE("an unterminated last line is given at the end of the stream") {
  LineDecoder decoder;
  CHECK(decode(decoder, "one\ntwo").size() == 1);
  CHECK(text(decoder.finish().value()) == "two");
  CHECK_FALSE(decoder.finish());
}

TEST_CASE("a line of exactly the limit passes with either line end") {
  for (const char* end : {"\n", "\r\n"}) {
    LineDecoder decoder(8);
    const auto lines = decode(decoder, std::string("12345678") + end);
    REQUIRE(lines.size() == 1);
    CHECK(text(lines[0]) == "12345678");
  }
}

TEST_CASE("a line over the limit is discarded to its end and the next one is read") {
  LineDecoder decoder(8);
  auto lines = decode(decoder, "123456789\nnext\n");
  REQUIRE(lines.size() == 2);
  CHECK(std::get<OverlongLine>(lines[0]).size_bytes == 9);
  CHECK(text(lines[1]) == "next");

  CHECK(decode(decoder, std::string(1000, 'x')).empty());
  CHECK(decode(decoder, std::string(1000, 'y')).empty());
  lines = decode(decoder, "\nagain\n");
  REQUIRE(lines.size() == 2);
  CHECK(std::get<OverlongLine>(lines[0]).size_bytes == 2000);
  CHECK(text(lines[1]) == "again");
}

TEST_CASE("an unterminated line over the limit is reported at the end of the stream") {
  LineDecoder decoder(8);
  CHECK(decode(decoder, std::string(20, 'x')).empty());
  CHECK(std::get<OverlongLine>(decoder.finish().value()).size_bytes == 20);
}
