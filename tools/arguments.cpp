#include "tools/arguments.h"

#include "base/upper_bound.h"
#include "base/utf8.h"
#include "tools/schema_check.h"

namespace memsync::tools {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

bool accepts_null(const Json& schema) {
  if (!schema.contains("type") || !schema["type"].is_array()) return false;
  const auto& types = schema["type"];
  return std::find(types.begin(), types.end(), "null") != types.end();
}

/// Texts at commas, without blanks around them and without empty ones.
Json split_list(std::string_view text) {
  Json list = Json::array();
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    auto part = text.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) list.push_back(std::string(part));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return list;
}

/// `given` with every alias replaced by the name it stands for.
Result<Json> translate(const Contract& contract, const Json& given) {
  const Json& properties = contract.input_schema["properties"];
  Json values = Json::object();
  std::map<std::string, std::string> source; // name -> as which it was given
  for (const auto& [key, value] : given.items()) {
    std::string name = key;
    if (!properties.contains(key)) {
      if (const auto alias = contract.aliases.find(key); alias != contract.aliases.end())
        name = alias->second;
    }
    if (value.is_null() && !(properties.contains(name) && accepts_null(properties[name]))) continue;
    const auto [entry, is_first] = source.try_emplace(name, key);
    if (!is_first)
      return Error{ErrorCode::validation, fmt::format("\"{}\" and \"{}\" are the same argument: give {} only",
                                                      entry->second, key, name)};
    values[name] = value.is_string() && contract.lists.count(name) > 0
                       ? split_list(value.get_ref<const std::string&>())
                       : value;
  }
  return values;
}

} // namespace

Result<Arguments> Arguments::read(const Contract& contract, Json given, base::Timestamp now) {
  if (!given.is_object()) return Error{ErrorCode::validation, "arguments must be an object"};
  TRY_ASSIGN(Json values, translate(contract, given));
  TRY(check_schema(contract.input_schema, values, ""));
  return Arguments(std::move(values), now);
}

const Json* Arguments::find(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &*found;
}

std::optional<std::string> Arguments::text(std::string_view name) const {
  const Json* value = find(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::vector<std::string> Arguments::texts(std::string_view name) const {
  const Json* value = find(name);
  return value == nullptr ? std::vector<std::string>() : value->get<std::vector<std::string>>();
}

std::optional<bool> Arguments::flag(std::string_view name) const {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(value->get<bool>());
}

std::size_t Arguments::number_or(std::string_view name, std::size_t fallback) const {
  const Json* value = find(name);
  return value == nullptr ? fallback : value->get<std::size_t>();
}

std::optional<double> Arguments::real(std::string_view name) const {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(value->get<double>());
}

std::optional<std::string> Arguments::object(std::string_view name) const {
  const Json* value = find(name);
  return value == nullptr ? std::nullopt : std::optional(base::dump_json(*value));
}

Result<std::optional<base::Timestamp>> Arguments::time(std::string_view name) const {
  return read_time(name, base::parse_time);
}

Result<std::optional<base::Timestamp>> Arguments::upper_bound(std::string_view name) const {
  return read_time(name, base::parse_upper_bound);
}

Result<std::optional<base::Timestamp>> Arguments::read_time(std::string_view name, ParseTime parse) const {
  const auto value = text(name);
  if (!value) return std::optional<base::Timestamp>();
  const auto time = parse(*value, now_);
  if (!time)
    return Error{ErrorCode::validation,
                 fmt::format("{}: \"{}\" is no time; use an age (2h, 3d), a date (2026-11-20) or RFC 3339",
                             name, base::make_visible(*value))};
  return std::optional(*time);
}

} // namespace memsync::tools
