#include "tools/arguments.h"

#include "toolbench.h"
#include "tools/schema_check.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

base::Result<tools::Arguments> read(const char* tool, const Json& given) {
  const auto contract = Person::value(tools::load_contract(tool));
  return tools::Arguments::read(contract, given, {});
}

std::string message(const char* tool, const Json& given) {
  const auto result = read(tool, given);
  REQUIRE_FALSE(result);
  return result.error().message;
}

/// A value that does not fit the schema's type.
Json wrong_for(const Json& schema) {
  const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
  const bool takes_object = std::find(types.begin(), types.end(), "object") != types.end();
  return takes_object ? Json(3.5) : Json({{"never", true}});
}

} // namespace

TEST_CASE("every tool refuses an unknown argument and names the known ones") {
  Person anna("Anna");
  Toolbench bench(anna);
  for (const auto name : tools::tool_names()) {
    const std::string tool(name);
    const auto text = bench.fail(tool, {{"no_such_argument", 1}});
    CHECK(has_all(text, {"unknown argument", "no_such_argument", "known:"}));
  }
}

TEST_CASE("every tool refuses every argument of a wrong type, saying what it expected") {
  Person anna("Anna");
  Toolbench bench(anna);
  for (const auto name : tools::tool_names()) {
    const auto contract = Person::value(tools::load_contract(name));
    for (const auto& [argument, schema] : contract.input_schema["properties"].items()) {
      INFO(contract.tool.name, " ", argument);
      const auto text = bench.fail(contract.tool.name, {{argument, wrong_for(schema)}});
      CHECK(has_all(text, {"expected", "got"}));
      CHECK_NE(text.find(argument), std::string::npos);
    }
  }
}

TEST_CASE("every tool names a missing argument") {
  for (const auto name : tools::tool_names()) {
    const auto contract = Person::value(tools::load_contract(name));
    for (const Json& required : contract.input_schema.value("required", Json::array())) {
      Json given = Json::object();
      for (const Json& other : contract.input_schema["required"])
        if (other != required) given[other.get<std::string>()] = "x";
      if (contract.tool.name == "edit_document") given = Json::object();
      const auto result = tools::Arguments::read(contract, given, {});
      REQUIRE_FALSE(result);
      CHECK(has_all(result.error().message, {"missing", required.get<std::string>().c_str()}));
    }
  }
}

TEST_CASE("numbers outside their range and words outside their list are refused with the bounds") {
  CHECK(has_all(message("search_memories", {{"query", "x"}, {"limit", 201}}), {"limit", "201", "200"}));
  CHECK(has_all(message("search_memories", {{"query", "x"}, {"limit", 0}}), {"limit", "below", "1"}));
  CHECK(has_all(message("search_memories", {{"query", "x"}, {"limit", "ten"}}), {"whole number", "ten"}));
  CHECK(has_all(message("search_memories", {{"query", "x"}, {"limit", 1e300}}), {"limit"}));
  CHECK(has_all(message("save_document", {{"document", "x"}, {"strategy", "mine"}}),
                {"merge, client_wins, server_wins, manual", "mine"}));
  CHECK(has_all(message("save_document", {{"document", "x"}, {"wait_seconds", 51}}), {"50"}));
}

TEST_CASE("a text, a list or a title beyond its limit is refused as too large") {
  const auto title = read("remember", {{"title", std::string(201, 'x')}, {"content", ""}});
  REQUIRE_FALSE(title);
  CHECK_EQ(title.error().code, base::ErrorCode::too_large);
  CHECK(has_all(title.error().message, {"title", "201 characters", "200"}));
  const auto tags =
      read("remember", {{"title", "x"}, {"content", ""}, {"tags", std::vector<std::string>(51, "t")}});
  REQUIRE_FALSE(tags);
  CHECK(has_all(tags.error().message, {"tags", "51 items", "50"}));
  CHECK(has_all(message("remember", {{"title", ""}, {"content", ""}}), {"title", "must not be empty"}));
}

TEST_CASE("elements of operations are checked with their place") {
  CHECK(has_all(message("edit_document", {{"operations", {{{"op", "create"}, {"titel", "x"}}}}}),
                {"operations[0]", "titel", "known:"}));
  CHECK(has_all(message("edit_document", {{"operations", {{{"op", "explode"}}}}}),
                {"operations[0].op", "create"}));
  CHECK(has_all(message("edit_document", {{"operations", Json::array()}}),
                {"operations", "must not be empty"}));
}

TEST_CASE("aliases are taken for the names they stand for") {
  const auto arguments = read("search_memories", {{"q", "login"}, {"max_results", 3}});
  REQUIRE(arguments);
  CHECK_EQ(arguments->text("query"), "login");
  CHECK_EQ(arguments->number_or("limit", 20), 3);
}

TEST_CASE("an alias beside the name it stands for is refused") {
  CHECK(has_all(message("search_memories", {{"q", "a"}, {"query", "b"}}), {"q", "query", "same argument"}));
  CHECK(has_all(message("search_memories", {{"q", "a"}, {"text", "b"}}), {"same argument"}));
}

TEST_CASE("a text given for a list is split at its commas") {
  const auto arguments = read("search_memories", {{"query", "x"}, {"tag", "api, redis ,"}});
  REQUIRE(arguments);
  CHECK_EQ(arguments->texts("tags"), std::vector<std::string>{"api", "redis"});
}

TEST_CASE("null means absent where it has no meaning of its own") {
  const auto arguments = read("search_memories", {{"query", "x"}, {"since", nullptr}});
  REQUIRE(arguments);
  CHECK_FALSE(arguments->text("since"));
}

TEST_CASE("a time may be an age, a date or RFC 3339, and nothing else") {
  const auto now = *base::parse_time("2026-11-20T12:00:00Z", {});
  const auto contract = Person::value(tools::load_contract("search_memories"));
  const auto arguments =
      tools::Arguments::read(contract, {{"query", "x"}, {"since", "2h"}, {"until", "soon"}}, now);
  REQUIRE(arguments);
  CHECK_EQ(Person::value(arguments->time("since")), now - std::chrono::hours(2));
  const auto until = arguments->time("until");
  REQUIRE_FALSE(until);
  CHECK(has_all(until.error().message, {"until", "soon", "2h"}));
}

TEST_CASE("our check of an argument agrees with an independent validator") {
  const auto contract = Person::value(tools::load_contract("edit_document"));
  const std::vector<Json> samples{
      {{"operations", {{{"op", "create"}, {"title", "x"}, {"tags", {"a"}}, {"importance", 0.5}}}}},
      {{"operations", {{{"op", "update"}, {"node", "abc"}, {"content", nullptr}}}}},
      {{"operations", {{{"op", "create"}, {"importance", 2}}}}},
      {{"operations", {{{"op", "create"}, {"tags", {1}}}}}},
      {{"operations", {{{"title", "x"}}}}},
      {{"operations", "none"}},
      {{"operations", {{{"op", "set_document"}, {"strategy", nullptr}}}}, {"strategy", "manual"}},
      {{"operations", {{{"op", "create"}, {"context", {{"any", Json::array({1, "two"})}}}}}}},
      {{"strategy", 1}}};
  for (const auto& sample : samples) {
    INFO(sample.dump());
    CHECK_EQ(tools::check_schema(contract.input_schema, sample, "").has_value(),
             find_schema_violations(contract.input_schema, sample).empty());
  }
}
