#include "agent/display.h"

#include "base/utf8.h"

namespace memsync::agent {

std::size_t count_tokens(const Json& value) { return (base::dump_json(value).size() + 3) / 4; }

std::string show(std::string_view text) { return base::make_visible(text); }

Json show_json(const Json& value) {
  if (value.is_string()) return show(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json shown = Json::array();
    for (const Json& item : value) shown.push_back(show_json(item));
    return shown;
  }
  if (value.is_object()) {
    Json shown = Json::object();
    for (const auto& [key, item] : value.items()) shown[show(key)] = show_json(item);
    return shown;
  }
  return value;
}

Json show_register(std::string_view json_text) {
  const auto value = base::parse_json(json_text);
  return value ? show_json(*value) : Json(nullptr);
}

std::string quote(std::string_view text, std::string_view indent) {
  if (text.empty()) return {};
  const std::string shown = show(text);
  std::string quoted;
  std::string_view rest = shown;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    quoted += fmt::format("{}| {}\n", indent, rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return quoted;
}

std::string clip(std::string_view text, std::size_t max_bytes, std::size_t& left_out) {
  const auto kept = base::truncate_utf8(text, max_bytes);
  left_out = text.size() - kept.size();
  return std::string(kept);
}

std::string count_of(std::size_t number, std::string_view singular) {
  return fmt::format("{} {}{}", number, singular, number == 1 ? "" : "s");
}

} // namespace memsync::agent
