#include "tools/schema_check.h"

#include <cmath>

#include "base/utf8.h"

namespace memsync::tools {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

std::string_view type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "a list";
    case Json::value_t::string: return "text";
    case Json::value_t::boolean: return "true or false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: return "a number";
    case Json::value_t::binary:
    case Json::value_t::discarded: break;
  }
  return "something else";
}

std::string_view expected_name(std::string_view type) {
  if (type == "string") return "text";
  if (type == "array") return "a list";
  if (type == "object") return "an object";
  if (type == "boolean") return "true or false";
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  return type;
}

/// 1.0 is an integer in JSON Schema.
bool is_integer(const Json& value) {
  if (value.is_number_integer()) return true;
  constexpr double k_exact = 9e15; // beyond 2^53 a double is no exact integer
  const double number = value.is_number_float() ? value.get<double>() : 0.5;
  return std::abs(number) < k_exact && std::floor(number) == number;
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return is_integer(value);
  return false;
}

std::string prefix(std::string_view place) {
  return place.empty() ? std::string() : fmt::format("{}: ", place);
}

Error invalid(std::string_view place, std::string_view what) {
  return {ErrorCode::validation, prefix(place) + std::string(what)};
}

/// The value as it is named in a message: short.
std::string sample(const Json& value) {
  constexpr std::size_t k_sample_bytes = 60;
  const std::string text = base::make_visible(base::dump_json(value));
  return text.size() <= k_sample_bytes ? text
                                       : std::string(base::truncate_utf8(text, k_sample_bytes)) + "...";
}

std::string names_of(const Json& properties) {
  std::vector<std::string> names;
  for (const auto& [name, schema] : properties.items()) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<> check_type(const Json& schema, const Json& value, std::string_view place) {
  if (!schema.contains("type")) return {};
  const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
  std::string expected;
  for (const Json& type : types) {
    const auto& name = type.get_ref<const std::string&>();
    if (has_type(value, name)) return {};
    expected += fmt::format("{}{}", expected.empty() ? "" : " or ", expected_name(name));
  }
  return invalid(place, fmt::format("expected {}, got {} ({})", expected, type_name(value), sample(value)));
}

Result<> check_enum(const Json& schema, const Json& value, std::string_view place) {
  if (!schema.contains("enum")) return {};
  std::vector<std::string> choices;
  for (const Json& choice : schema["enum"]) {
    if (choice == value) return {};
    choices.push_back(choice.is_string() ? choice.get<std::string>() : choice.dump());
  }
  return invalid(place, fmt::format("expected one of {}; got {}", fmt::join(choices, ", "), sample(value)));
}

Result<> check_length(const Json& schema, std::string_view place, std::size_t length, const char* least,
                      const char* most, std::string_view unit) {
  if (length < schema.value(least, std::size_t{0}))
    return invalid(place, length == 0 ? "must not be empty"
                                      : fmt::format("needs at least {} {}", schema[least].dump(), unit));
  if (schema.contains(most) && length > schema[most].get<std::size_t>())
    return Error{ErrorCode::too_large,
                 fmt::format("{}{} {}, the limit is {}", prefix(place), length, unit, schema[most].dump())};
  return {};
}

Result<> check_range(const Json& schema, const Json& value, std::string_view place) {
  const auto number = value.get<double>();
  if (schema.contains("minimum") && number < schema["minimum"].get<double>())
    return invalid(place,
                   fmt::format("{} is below the least value {}", sample(value), schema["minimum"].dump()));
  if (schema.contains("maximum") && number > schema["maximum"].get<double>())
    return invalid(place,
                   fmt::format("{} is above the greatest value {}", sample(value), schema["maximum"].dump()));
  return {};
}

Result<> check_object(const Json& schema, const Json& value, std::string_view place) {
  if (!schema.contains("properties")) return {};
  const Json& properties = schema["properties"];
  for (const auto& [name, member] : value.items()) {
    if (!properties.contains(name))
      return invalid(place, fmt::format("unknown argument \"{}\"; known: {}", base::make_visible(name),
                                        properties.empty() ? "none" : names_of(properties)));
    TRY(check_schema(properties[name], member, place.empty() ? name : fmt::format("{}.{}", place, name)));
  }
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get_ref<const std::string&>()))
      return invalid(place, fmt::format("argument \"{}\" is missing", name.get<std::string>()));
  }
  return {};
}

} // namespace

Result<> check_schema(const Json& schema, const Json& value, std::string_view place) {
  TRY(check_type(schema, value, place));
  TRY(check_enum(schema, value, place));
  if (value.is_object()) return check_object(schema, value, place);
  if (value.is_number()) return check_range(schema, value, place);
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return check_length(schema, place, base::count_code_points(text), "minLength", "maxLength", "characters");
  }
  if (!value.is_array()) return {};
  TRY(check_length(schema, place, value.size(), "minItems", "maxItems", "items"));
  if (!schema.contains("items")) return {};
  for (std::size_t i = 0; i < value.size(); ++i)
    TRY(check_schema(schema["items"], value[i], fmt::format("{}[{}]", place, i)));
  return {};
}

} // namespace memsync::tools
