#include <doctest/doctest.h>
#include <set>

#include "base/json.h"
#include "net/server/route_table.h"

using namespace memsync;
using namespace memsync::net::server;
using base::Json;

namespace {

Json load_document() {
  const auto document = base::parse_json(openapi_document());
  REQUIRE(document);
  return *document;
}

std::string method_key(const Route& route) {
  std::string name(model::name_of(route.method));
  for (char& c : name) c = static_cast<char>(c | 0x20);
  return name;
}

Access described_access(const Json& operation) {
  if (!operation.contains("security"))
    return operation.contains("x-permission") ? Access::member : Access::signed_in;
  return operation["security"].empty() ? Access::open : Access::open_or_signed_in;
}

BodyKind described_body(const Json& operation) {
  if (!operation.contains("requestBody")) return BodyKind::none;
  if (operation["requestBody"]["content"].contains("application/x-www-form-urlencoded"))
    return BodyKind::form;
  return operation["requestBody"].value("required", false) ? BodyKind::json : BodyKind::optional_json;
}

void for_each_reference(const Json& json, const std::function<void(const std::string&)>& visit) {
  if (json.is_object() && json.contains("$ref")) visit(json["$ref"].get<std::string>());
  if (json.is_structured())
    for (const Json& item : json) for_each_reference(item, visit);
}

} // namespace

TEST_CASE("the OpenAPI document describes every route with its access, permission and body") {
  const Json document = load_document();
  for (const Route& route : routes()) {
    CAPTURE(route.pattern);
    CAPTURE(model::name_of(route.method));
    const std::string pattern(route.pattern);
    REQUIRE(document["paths"].contains(pattern));
    REQUIRE(document["paths"][pattern].contains(method_key(route)));
    const Json& operation = document["paths"][pattern][method_key(route)];
    CHECK(described_access(operation) == route.access);
    CHECK(described_body(operation) == route.body);
    const std::string permission = route.permission ? std::string(model::name_of(*route.permission)) : "";
    CHECK(operation.value("x-permission", "") == permission);
    CHECK((route.access == Access::member) == route.permission.has_value());
  }
}

TEST_CASE("the OpenAPI document describes no route that does not exist") {
  std::set<std::pair<std::string, std::string>> known;
  for (const Route& route : routes()) known.emplace(route.pattern, method_key(route));
  const Json document = load_document();
  for (const auto& [path, methods] : document["paths"].items())
    for (const auto& [method, operation] : methods.items()) CHECK(known.count({path, method}) == 1);
}

TEST_CASE("every reference of the OpenAPI document has its target") {
  const Json document = load_document();
  for_each_reference(document, [&](const std::string& reference) {
    CAPTURE(reference);
    CHECK(document.contains(Json::json_pointer(reference.substr(1))));
  });
}

TEST_CASE("the error codes of the OpenAPI document are the error table") {
  const Json document = load_document();
  std::string described;
  for (const Json& code : document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"])
    described += code.get<std::string>() + ' ';
  std::string known;
  for (const base::ErrorInfo& row : base::error_table()) known += std::string(row.name) + ' ';
  CHECK(described == known);
}
