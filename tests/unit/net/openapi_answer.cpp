#include "tests/unit/net/openapi_answer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <memory>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace memsync::tests {

using base::Json;
using net::server::Route;
using valijson::adapters::NlohmannJsonAdapter;

namespace {

const Json& document() {
  static const Json parsed = Json::parse(net::server::openapi_document());
  return parsed;
}

/// One schema of the document, ready to validate with.
const valijson::Schema& compiled(const Json& schema) {
  static std::map<std::string, std::unique_ptr<valijson::Schema>> known;
  auto& slot = known[schema.dump()];
  if (!slot) {
    Json whole = schema;
    whole["components"] = document()["components"]; // what its references point into
    slot = std::make_unique<valijson::Schema>();
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(NlohmannJsonAdapter(*std::make_unique<Json>(std::move(whole))), *slot);
  }
  return *slot;
}

std::string body_problem(const Json& schema, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return "the body is no JSON: " + body;
  // A reference beside other members is alone what counts in draft 7.
  const Json wrapped = {{"allOf", Json::array({schema})}};
  valijson::ValidationResults results;
  if (valijson::Validator().validate(compiled(wrapped), NlohmannJsonAdapter(json), &results)) return "";
  std::string problem = "the body is not as described: " + body;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) problem += "\n  " + error.description;
  return problem;
}

} // namespace

const Json& operation_of(const Route& route) {
  std::string method(model::name_of(route.method));
  for (char& c : method) c = static_cast<char>(c | 0x20);
  const Json& paths = document()["paths"];
  const auto path = paths.find(std::string(route.pattern));
  REQUIRE_MESSAGE(path != paths.end(), route.pattern);
  REQUIRE_MESSAGE(path->contains(method), route.pattern);
  return (*path)[method];
}

const Json& resolved(const Json& schema) {
  if (!schema.contains("$ref")) return schema;
  return document()[Json::json_pointer(schema["$ref"].get<std::string>().substr(1))];
}

std::vector<std::string> required_of(const Route& route, std::string_view place) {
  std::vector<std::string> names;
  for (const Json& parameter : operation_of(route).value("parameters", Json::array()))
    if (parameter["in"] == place && parameter.value("required", false)) names.push_back(parameter["name"]);
  return names;
}

std::string problem_of(const Route& route, const Reply& reply) {
  const Json& responses = operation_of(route)["responses"];
  const std::string status = std::to_string(reply.status);
  if (!responses.contains(status)) return fmt::format("{} is not among its answers: {}", status, reply.body);
  const Json& response = resolved(responses[status]);
  if (!response.contains("content")) return reply.body.empty() ? "" : "it has a body: " + reply.body;
  const auto sent = reply.headers.find("content-type");
  if (sent == reply.headers.end()) return "it has no media type";
  const std::string type = sent->second.substr(0, sent->second.find(';'));
  if (!response["content"].contains(type)) return type + " is not among its media types";
  if (type.find("json") == std::string::npos) return "";
  return body_problem(response["content"][type]["schema"], reply.body);
}

} // namespace memsync::tests
