#include "base/json.h"

#include <doctest/doctest.h>

using namespace memsync::base;

namespace {

bool is_refused(std::string_view text) {
  const auto parsed = parse_json(text);
  return !parsed && parsed.error().code == ErrorCode::validation;
}

std::string literal(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

} // namespace

TEST_CASE("a value of every kind is parsed") {
  const auto parsed = parse_json(R"( {"a":[1,-2,2.5,true,null,"é\u00e9\ud83d\ude00"],"b":{}} )");
  REQUIRE(parsed);
  CHECK(dump_json(*parsed) == R"({"a":[1,-2,2.5,true,null,"éé😀"],"b":{}})");
  CHECK(*parse_json("7") == 7);
  CHECK(*parse_json("18446744073709551615") == 18446744073709551615u);
  CHECK(*parse_json(R"([[{"x":[{"y":1}]},2],3])") == Json::parse(R"([[{"x":[{"y":1}]},2],3])"));
}

TEST_CASE("every value is of the type that nlohmann reads it as") {
  // Two parsers share the work: which of them took a text must not show.
  for (const std::string_view text : {"0",
                                      "-0.0",
                                      "1",
                                      "-1",
                                      "1.0",
                                      "1e2",
                                      "0.1",
                                      "4.9e-324",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "123456789012345678901234567890",
                                      "\"\\ud83d\\ude00 \\/ \\b\"",
                                      "\"\"",
                                      "[]",
                                      "{}",
                                      "[[],{},[{}]]",
                                      " \t\r\n[1 , 2]\n",
                                      "{\"b\":1,\"a\":{\"\":null}}",
                                      "false"}) {
    CAPTURE(text);
    const auto parsed = parse_json(text);
    REQUIRE(parsed);
    const Json expected = Json::parse(text);
    CHECK(*parsed == expected);
    CHECK(parsed->type() == expected.type());
    CHECK(dump_json(*parsed) == dump_json(expected));
  }
}

TEST_CASE("a text too large for the parser that is kept reads as a small one does") {
  const std::string text = "x" + std::string(500'000, 'y');
  for (int i = 0; i < 2; ++i) {
    CHECK(*parse_json("{\"large\":" + literal(text) + "}") == Json{{"large", text}});
    CHECK(*parse_json(R"({"small":"x"})") == Json{{"small", "x"}});
  }
}

TEST_CASE("text that is not exactly one JSON value is refused with the place") {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "1 2", "[1]x", "nul", "01", "1.",
                           "+1", "'a'", "NaN", "[1e999]", "\"tab\there\"", "// comment\n1", "{\"a\"}", "]"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
  const auto parsed = parse_json("[1, secret]");
  REQUIRE(!parsed);
  CHECK(parsed.error().message.find("byte 5") != std::string::npos);
  CHECK(parsed.error().message.find("secret") == std::string::npos);
}

TEST_CASE("invalid UTF-8, lone surrogates and NUL are refused, raw or escaped") {
  for (const char* text :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", R"("\ud800")",
        R"("\udc00")", R"("\ud800\u0041")", R"("\u0000")", R"({"\u0000":1})"}) {
    CAPTURE(text);
    CHECK(is_refused(text));
  }
  CHECK(is_refused(std::string_view("1\0", 2)));
  CHECK(is_refused(std::string_view("{}\0garbage", 10)));
  CHECK(is_refused(std::string_view("\"a\0b\"", 5)));
}

TEST_CASE("a duplicate key is refused at every depth, equal keys of different objects are not") {
  CHECK(is_refused(R"({"a":1,"a":1})"));
  CHECK(is_refused(R"([{"x":{"a":1,"b":2,"a":3}}])"));
  CHECK(is_refused(R"({"a":1,"\u0061":2})"));
  CHECK(parse_json(R"([{"a":1},{"a":{"a":2}}])"));
}

TEST_CASE("bytes, depth and number of values are limited") {
  CHECK(parse_json(std::string(64, '[') + std::string(64, ']')));
  CHECK(is_refused(std::string(65, '[') + std::string(65, ']')));
  CHECK(is_refused(std::string(100'000, '[')));
  std::string nested;
  for (int i = 0; i < 65; ++i) nested += "{\"a\":";
  CHECK(is_refused(nested));

  const JsonLimits three{.max_bytes = 20, .max_depth = 2, .max_values = 3};
  CHECK(parse_json("[1,2]", three));
  CHECK(!parse_json("[1,2,3]", three));
  CHECK(parse_json("[[1]]", three));
  CHECK(!parse_json("[[[]]]", three));
  const auto large = parse_json("                    1", three);
  REQUIRE(!large);
  CHECK(large.error().code == ErrorCode::too_large);
}

TEST_CASE("writing JSON sorts keys and never throws on invalid UTF-8") {
  CHECK(dump_json(Json{{"b", 1}, {"a", 2}}) == R"({"a":2,"b":1})");
  CHECK(dump_json(Json("\xff")) == "\"\xEF\xBF\xBD\"");
}

TEST_CASE("a string literal reads back as the text it was written from") {
  CHECK(literal("") == "\"\"");
  CHECK(literal("a\"b\\c\n\t\r\b\f\x01\x1f/é") == R"("a\"b\\c\n\t\r\b\f\u0001\u001f/é")");
  std::string every_ascii;
  for (char c = 1; c < 127; ++c) every_ascii += c;
  const auto parsed = parse_json(literal(every_ascii));
  REQUIRE(parsed);
  CHECK(*parsed == every_ascii);
  CHECK(literal(every_ascii) == dump_json(Json(every_ascii)));
}
