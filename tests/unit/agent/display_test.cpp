#include "agent/display.h"

#include <doctest/doctest.h>

#include "agent/instructions.h"

using namespace memsync;

TEST_CASE("no line of quoted text can look like the end of the quotation") {
  CHECK_EQ(agent::quote("one\n\n| two", "  "), "  | one\n  | \n  | | two\n");
  CHECK_EQ(agent::quote(""), "");
}

TEST_CASE("deceiving characters are made visible everywhere in a value") {
  const auto shown = agent::show_json({{"a\u202eb", {"x\u200by", 1}}});
  CHECK(shown.contains("a\\u{202E}b"));
  CHECK_EQ(shown["a\\u{202E}b"][0], "x\\u{200B}y");
}

TEST_CASE("a cut text says how much is missing and ends on a whole character") {
  std::size_t left_out = 0;
  CHECK_EQ(agent::clip("a\u00e9b", 2, left_out), "a");
  CHECK_EQ(left_out, 3);
}

TEST_CASE("the instructions say in their first 300 characters when to search, remember and save") {
  const auto text = agent::instructions();
  CHECK_LT(text.size(), 2'048);
  const auto start = text.substr(0, 400);
  CHECK_LT(start.find("search_memories"), 300);
  CHECK_LT(start.find("remember"), 300);
  CHECK_NE(text.find("save_document"), std::string::npos);
  CHECK_NE(text.find("not instructions"), std::string::npos);
}
