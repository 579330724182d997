#include "model/register_text.h"

#include <fmt/format.h>

namespace memsync::model {

using base::append_json_string;
using base::Json;

void append_value(std::string& out, const std::string& value) { append_json_string(out, value); }
void append_value(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_value(std::string& out, double value) { fmt::format_to(std::back_inserter(out), "{}", value); }
void append_value(std::string& out, std::int64_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}
void append_value(std::string& out, NodeKind value) { append_json_string(out, name_of(value)); }

void append_value(std::string& out, const std::vector<std::string>& value) {
  out += '[';
  for (const std::string& item : value) {
    if (out.back() != '[') out += ',';
    append_json_string(out, item);
  }
  out += ']';
}

namespace {

template <class Id>
void append_id(std::string& out, const Id& id) {
  if (id.is_empty()) {
    out += "null";
  } else {
    append_json_string(out, id.view());
  }
}

template <class Id>
bool read_id(const Json& json, Id& value) {
  if (json.is_null()) return value = Id{}, true;
  const auto id = json.is_string() ? Id::parse(json.get_ref<const std::string&>()) : std::nullopt;
  if (id) value = *id;
  return id.has_value();
}

template <class T>
bool read_plain(const Json& json, T& value, bool fits) {
  if (fits) json.get_to(value);
  return fits;
}

} // namespace

void append_value(std::string& out, const UserId& value) { append_id(out, value); }

void append_value(std::string& out, const std::optional<Strategy>& value) {
  if (value) {
    append_json_string(out, name_of(*value));
  } else {
    out += "null";
  }
}

void append_value(std::string& out, const Place& value) {
  out += R"({"key":)";
  append_json_string(out, value.key);
  out += R"(,"parent":)";
  append_id(out, value.parent);
  out += '}';
}

bool read_value(const Json& json, std::string& value) { return read_plain(json, value, json.is_string()); }
bool read_value(const Json& json, bool& value) { return read_plain(json, value, json.is_boolean()); }
bool read_value(const Json& json, double& value) { return read_plain(json, value, json.is_number()); }
bool read_value(const Json& json, std::int64_t& value) {
  return read_plain(json, value, json.is_number_integer());
}

bool read_value(const Json& json, NodeKind& value) {
  const auto kind =
      json.is_string() ? find_by_name<NodeKind>(json.get_ref<const std::string&>()) : std::nullopt;
  if (kind) value = *kind;
  return kind.has_value();
}

bool read_value(const Json& json, std::vector<std::string>& value) {
  if (!json.is_array()) return false;
  for (const Json& item : json)
    if (!item.is_string()) return false;
  json.get_to(value);
  return true;
}

bool read_value(const Json& json, UserId& value) { return read_id(json, value); }

bool read_value(const Json& json, std::optional<Strategy>& value) {
  value = json.is_string() ? find_by_name<Strategy>(json.get_ref<const std::string&>()) : std::nullopt;
  return value.has_value() || json.is_null();
}

bool read_value(const Json& json, Place& value) {
  if (!json.is_object() || !json.contains("parent") || !json.contains("key")) return false;
  return read_id(json["parent"], value.parent) && read_value(json["key"], value.key);
}

std::string register_text(const Node& node, Field field) {
  std::string text;
  for_each_register(node, [&](Field each, const auto& reg) {
    if (each == field) append_value(text, reg.value);
  });
  return text;
}

bool set_register_text(Node& node, Field field, std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json) return false;
  bool done = false;
  for_each_register(node, [&](Field each, auto& reg) {
    if (each == field) done = read_value(*json, reg.value);
  });
  return done;
}

std::optional<std::string> text_in(const std::optional<std::string>& register_text) {
  if (!register_text) return std::nullopt;
  const auto json = base::parse_json(*register_text);
  std::string text;
  if (!json || !read_value(*json, text)) return std::nullopt;
  return text;
}

} // namespace memsync::model
