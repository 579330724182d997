#include <filesystem>
#include <fstream>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;
using valijson::adapters::NlohmannJsonAdapter;

namespace {

base::Json load(const std::string& name) {
  const auto path = std::filesystem::path(MEMSYNC_SOURCE_DIR) / "schemas/wire" / name;
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, path.string());
  std::stringstream text;
  text << file.rdbuf();
  return parse(text.str());
}

/// A schema of schemas/wire, or of a definition in it.
class WireSchema {
 public:
  explicit WireSchema(const std::string& name, const std::string& definition = "") {
    base::Json json = load(name);
    if (!definition.empty()) {
      json.erase("allOf");
      json["$ref"] = "#/definitions/" + definition;
    }
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(
        NlohmannJsonAdapter(json), schema_,
        [](const std::string& uri) -> const base::Json* {
          return std::make_unique<base::Json>(load(uri)).release();
        },
        [](const base::Json* document) { std::unique_ptr<const base::Json>{document}; });
  }

  /// What is wrong with the text; empty: nothing.
  std::string problem(const base::Json& json) const {
    valijson::Validator validator;
    valijson::ValidationResults results;
    if (validator.validate(schema_, NlohmannJsonAdapter(json), &results)) return "";
    std::string problem = "invalid";
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
      for (const std::string& place : error.context) problem += place;
      problem += ": " + error.description + "\n";
    }
    return problem + json.dump();
  }

 private:
  valijson::Schema schema_;
};

} // namespace

TEST_CASE("every operation that is written validates against its schema") {
  const WireSchema schema("operation.json");
  for_many([&](Messages& messages) {
    model::Operation op = messages.operation();
    // What model::validate refuses, the codec writes all the same.
    op.fields.title = "title";
    if (op.fields.tags) op.fields.tags = model::SetChange{{"a", "b"}, {}};
    REQUIRE(schema.problem(parse(encode_operation(op))) == "");
  });
}

TEST_CASE("every log entry that is written validates against its schema") {
  const WireSchema schema("entry.json");
  for_many([&](Messages& messages) { REQUIRE(schema.problem(parse(encode_entry(messages.entry()))) == ""); },
           100);
}

TEST_CASE("everything stored validates against its schema") {
  const WireSchema node("effects.json");
  const WireSchema relationship("effects.json", "relationship");
  const WireSchema comment("effects.json", "comment");
  const WireSchema conflict("effects.json", "conflict");
  for_many(
      [&](Messages& messages) {
        REQUIRE(node.problem(parse(encode_node(messages.node()))) == "");
        REQUIRE(node.problem(parse(text_of(&append_effect, messages.effect()))) == "");
        REQUIRE(relationship.problem(parse(text_of(&append_relationship, messages.relationship()))) == "");
        REQUIRE(comment.problem(parse(text_of(&append_comment, messages.comment()))) == "");
        REQUIRE(conflict.problem(parse(text_of(&append_conflict, messages.conflict()))) == "");
      },
      100);
}

TEST_CASE("the schemas refuse what the decoders refuse") {
  Messages messages(1);
  const WireSchema operation("operation.json");
  const base::Json op = parse(encode_operation(messages.operation()));
  for (const char* member : {"n", "hash", "kind", "target", "base", "hlc"}) {
    CAPTURE(member);
    base::Json bad = op;
    bad.erase(member);
    CHECK(operation.problem(bad) != "");
    bad[member] = 7.5;
    CHECK(operation.problem(bad) != "");
  }
  const WireSchema entry("entry.json");
  base::Json written = parse(encode_entry(messages.entry()));
  CHECK(entry.problem(written) == "");
  written["nodes"] = base::Json::array({base::Json::object()});
  CHECK(entry.problem(written) != "");
}

TEST_CASE("the schemas name the same fields and kinds as the code") {
  const auto names = [](const base::Json& list) { return list.get<std::vector<std::string>>(); };
  const auto all = [](const auto& table) { return std::vector<std::string>(table.begin(), table.end()); };
  const base::Json operation = load("operation.json");
  const base::Json effects = load("effects.json");
  CHECK(names(operation["properties"]["kind"]["enum"]) == all(model::EnumNames<model::OperationKind>::names));
  CHECK(names(operation["definitions"]["strategy"]["enum"]) == all(model::EnumNames<model::Strategy>::names));
  CHECK(names(operation["properties"]["resolution"]["enum"]) ==
        all(model::EnumNames<model::Resolution>::names));
  CHECK(names(effects["definitions"]["field"]["enum"]) == all(model::EnumNames<model::Field>::names));
  CHECK(names(load("entry.json")["properties"]["status"]["enum"]) ==
        all(model::EnumNames<model::Status>::names));
  for (const std::string_view field : model::EnumNames<model::Field>::names)
    CHECK(effects["definitions"]["registers"]["properties"].contains(std::string(field)));
}
