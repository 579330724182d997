#include "base/json.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <simdjson.h>
#include <vector>

namespace memsync::base {

namespace {

/// Builds the value while nlohmann's lexer reads, so that the limits hold before memory is spent: its own
/// DOM parser accepts 5 million nested arrays and lets the last of equal keys win.
class LimitedBuilder {
 public:
  LimitedBuilder(Json& root, const JsonLimits& limits) : root_(root), limits_(limits) {}

  const std::string& problem() const { return problem_; }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const Json::string_t&) { return add(value); }
  bool binary(Json::binary_t&) { return fail("binary value"); }
  bool string(Json::string_t& value) {
    if (value.find('\0') != std::string::npos) return fail("NUL character in a string");
    return add(std::move(value));
  }
  bool key(Json::string_t& value) {
    if (value.find('\0') != std::string::npos) return fail("NUL character in a key");
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [place, is_new] = members.try_emplace(std::move(value));
    if (!is_new) return fail("duplicate key \"" + place->first + "\"");
    member_ = &place->second;
    return true;
  }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    return fail("at byte " + std::to_string(position) + ": " + reason_of(error.what()));
  }

 private:
  Json* place(Json&& value) {
    if (++values_ > limits_.max_values) {
      fail("more than " + std::to_string(limits_.max_values) + " values");
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    if (open_.back()->is_array())
      return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    return &(*member_ = std::move(value));
  }
  bool add(Json&& value) { return place(std::move(value)) != nullptr; }
  bool open(Json&& value) {
    if (open_.size() >= limits_.max_depth)
      return fail("nested deeper than " + std::to_string(limits_.max_depth));
    Json* const container = place(std::move(value));
    if (!container) return false;
    open_.push_back(container);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  /// "[json.exception...] parse error at line 1, column 2: REASON; last read: '...'": the input is not
  /// repeated, it may be a secret or not UTF-8.
  static std::string reason_of(std::string_view what) {
    if (const auto at = what.find(": "); at != std::string_view::npos) what.remove_prefix(at + 2);
    return std::string(what.substr(0, what.find("; last read")));
  }

  Json& root_;
  const JsonLimits& limits_;
  std::vector<Json*> open_; // stable: a container does not move while it is open, it is its parent's last
  Json* member_ = nullptr;
  std::size_t values_ = 0;
  std::string problem_;
};

/// A parser keeps some ten times the text it has read; from this size on none is kept.
constexpr std::size_t k_kept_parser_bytes = 128 * 1024;

/// Hands one parsed value to the builder, in the order of the text; false once the builder refuses.
bool build(const simdjson::dom::element& value, LimitedBuilder& builder) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::NULL_VALUE: return builder.null();
    case element_type::BOOL: return builder.boolean(value.get_bool().value_unsafe());
    case element_type::UINT64: return builder.number_unsigned(value.get_uint64().value_unsafe());
    case element_type::DOUBLE: return builder.number_float(value.get_double().value_unsafe(), {});
    case element_type::INT64: {
      const std::int64_t number = value.get_int64().value_unsafe();
      // As nlohmann reads it: what has no sign is unsigned. (-0 becomes 0, which is the same number.)
      return number < 0 ? builder.number_integer(number)
                        : builder.number_unsigned(static_cast<std::uint64_t>(number));
    }
    case element_type::STRING: {
      std::string text(value.get_string().value_unsafe());
      return builder.string(text);
    }
    case element_type::ARRAY: {
      const simdjson::dom::array items = value.get_array().value_unsafe();
      return builder.start_array(0) &&
             std::all_of(items.begin(), items.end(),
                         [&](const simdjson::dom::element item) { return build(item, builder); }) &&
             builder.end_array();
    }
    case element_type::OBJECT: {
      const simdjson::dom::object members = value.get_object().value_unsafe();
      return builder.start_object(0) &&
             std::all_of(members.begin(), members.end(),
                         [&](const simdjson::dom::key_value_pair& member) {
                           std::string key(member.key);
                           return builder.key(key) && build(member.value, builder);
                         }) &&
             builder.end_object();
    }
  }
  return false;
}

/// The value, if simdjson takes the text and the limits hold. Otherwise nlohmann decides and explains.
std::optional<Json> parse_fast(std::string_view text, const JsonLimits& limits) {
  thread_local simdjson::dom::parser kept(k_kept_parser_bytes);
  std::optional<simdjson::dom::parser> large;
  auto& parser = text.size() <= k_kept_parser_bytes ? kept : large.emplace();
  simdjson::dom::element value;
  if (parser.parse(text.data(), text.size()).get(value) != simdjson::SUCCESS) return std::nullopt;
  Json root;
  LimitedBuilder builder(root, limits);
  if (!build(value, builder)) return std::nullopt;
  return root;
}

Result<Json> parse_strictly(std::string_view text, const JsonLimits& limits) {
  Json root;
  LimitedBuilder builder(root, limits);
  if (!Json::sax_parse(text.data(), text.data() + text.size(), &builder))
    return Error{ErrorCode::validation, "invalid JSON: " + builder.problem()};
  return root;
}

} // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes)
    return Error{ErrorCode::too_large, "JSON of " + std::to_string(text.size()) + " bytes, at most " +
                                           std::to_string(limits.max_bytes) + " are accepted"};
  // nlohmann takes a NUL for the end of the input and ignores what follows.
  if (!text.empty() && std::memchr(text.data(), '\0', text.size()))
    return Error{ErrorCode::validation, "invalid JSON: NUL byte"};
  try {
    if (auto value = parse_fast(text, limits)) return *std::move(value);
    return parse_strictly(text, limits);
  } catch (const std::exception& error) {
    return Error{ErrorCode::internal, std::string("parsing JSON failed: ") + error.what()};
  }
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

namespace {

/// 0: copied as it is; else the character after the backslash, 'u' for \u00XX.
constexpr std::array<char, 256> k_escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view k_digits = "0123456789abcdef";
  out += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const char escape = k_escapes[byte];
    if (escape == 0) continue;
    out.append(text, copied, i - copied);
    copied = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += k_digits[byte >> 4];
      out += k_digits[byte & 15u];
    }
  }
  out.append(text, copied);
  out += '"';
}

} // namespace memsync::base
