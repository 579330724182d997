#include "cli/json_edit.h"

#include <fmt/format.h>
#include <optional>

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;

namespace {

constexpr std::string_view k_blanks = " \t\r\n";
constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

/// Where things are in a text that has been checked to be JSON with comments and trailing commas.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// The position of the next character that is neither blank nor comment.
  std::size_t skip(std::size_t at) const {
    for (;;) {
      at = std::min(text_.find_first_not_of(k_blanks, at), text_.size());
      if (text_.substr(at, 2) == "//") {
        at = std::min(text_.find('\n', at), text_.size());
      } else if (text_.substr(at, 2) == "/*") {
        at = std::min(text_.find("*/", at), text_.size() - 2) + 2;
      } else {
        return at;
      }
    }
  }

  /// The end of the comments that follow in the line of `at`; `at` without one. They are about what ends at
  /// `at`.
  std::size_t comment_end(std::size_t at) const {
    std::size_t end = at;
    for (;;) {
      at = std::min(text_.find_first_not_of(" \t", at), text_.size());
      if (text_.substr(at, 2) == "//") {
        end = std::min(text_.find('\n', at), text_.size());
        return text_[end - 1] == '\r' ? end - 1 : end;
      }
      if (text_.substr(at, 2) != "/*") return end;
      at = end = std::min(text_.find("*/", at), text_.size() - 2) + 2;
    }
  }

  /// The end of the value that begins at `at`.
  std::size_t value_end(std::size_t at) const {
    if (at >= text_.size()) return text_.size();
    if (text_[at] == '"') return string_end(at);
    if (text_[at] != '{' && text_[at] != '[')
      return std::min(text_.find_first_of(",}]/ \t\r\n", at), text_.size());
    int depth = 0;
    for (;;) {
      at = skip(at);
      if (at >= text_.size()) return text_.size();
      const char c = text_[at];
      if (c == '"') {
        at = string_end(at);
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
      if (depth == 0) return at;
    }
  }

  struct Member {
    std::string name;
    std::size_t name_at, value_at, value_end;
  };
  struct Object {
    std::size_t open, close; // of the braces
    std::vector<Member> members;
    const Member* find(std::string_view name) const {
      for (const Member& member : members)
        if (member.name == name) return &member;
      return nullptr;
    }
  };
  Object read_object(std::size_t open) const {
    Object object{open, 0, {}};
    std::size_t at = skip(open + 1);
    while (at < text_.size() && text_[at] != '}') {
      if (text_[at] == ',') {
        at = skip(at + 1);
        continue;
      }
      const std::size_t name_end = string_end(at);
      const std::size_t value_at = skip(skip(name_end) + 1);
      const auto name = Json::parse(text_.substr(at, name_end - at), nullptr, false);
      object.members.push_back(
          {name.is_string() ? name.get<std::string>() : "", at, value_at, value_end(value_at)});
      at = skip(object.members.back().value_end);
    }
    object.close = at;
    return object;
  }

  /// The blanks before `at` in its line, if there is nothing else.
  std::optional<std::string> indent_of(std::size_t at) const {
    const auto line = text_.rfind('\n', at);
    const std::size_t begin = line == std::string_view::npos ? 0 : line + 1;
    const std::string_view before = text_.substr(begin, at - begin);
    if (before.find_first_not_of(" \t") != std::string_view::npos) return std::nullopt;
    return std::string(before);
  }

 private:
  std::size_t string_end(std::size_t at) const {
    for (++at; at < text_.size() && text_[at] != '"'; ++at)
      if (text_[at] == '\\') ++at;
    return std::min(at + 1, text_.size());
  }

  std::string_view text_;
};

/// How the lines of the text end: as the first one does.
std::string_view line_end_of(std::string_view text) {
  const auto at = text.find('\n');
  return at != std::string_view::npos && at > 0 && text[at - 1] == '\r' ? "\r\n" : "\n";
}

/// `value` over several lines, the lines after the first behind `new_line`: the end of a line and the indent.
std::string format_value(const Json& value, const std::string& new_line, const std::string& step) {
  const bool uses_tab = !step.empty() && step.front() == '\t';
  const std::string plain = value.dump(uses_tab ? 1 : static_cast<int>(std::max<std::size_t>(step.size(), 1)),
                                       uses_tab ? '\t' : ' ');
  std::string out;
  for (const char c : plain) {
    if (c == '\n')
      out += new_line;
    else
      out += c;
  }
  return out;
}

/// Inserts `"name": value` as the last member of the object.
std::string insert_member(const std::string& text, const Scanner& scanner, const Scanner::Object& object,
                          std::string_view name, const Json& value) {
  const std::string outer = scanner.indent_of(object.close).value_or("");
  std::string inner = outer + "  ";
  if (!object.members.empty()) inner = scanner.indent_of(object.members.front().name_at).value_or(inner);
  const std::string step = inner.size() > outer.size() ? inner.substr(outer.size()) : "  ";
  const std::string line_end(line_end_of(text));
  const std::string new_line = line_end + inner;
  const std::string member =
      new_line + base::dump_json(std::string(name)) + ": " + format_value(value, new_line, step);
  std::string out = text;
  if (object.members.empty()) {
    // What stands between the braces is blanks or comments, which stay.
    std::string between = text.substr(object.open + 1, object.close - object.open - 1);
    if (between.find_first_not_of(k_blanks) == std::string::npos) between.clear();
    while (!between.empty() && k_blanks.find(between.back()) != std::string_view::npos) between.pop_back();
    return out.replace(object.open + 1, object.close - object.open - 1, between + member + line_end + outer);
  }
  const std::size_t end = object.members.back().value_end;
  const std::size_t next = scanner.skip(end);
  if (text[next] == ',') return out.insert(scanner.comment_end(next + 1), member + ",");
  out.insert(scanner.comment_end(end), member);
  return out.insert(end, ",");
}

/// `wanted` with what the old value has besides; nothing when the old one has all of it already.
std::optional<Json> merged(const Json& old_value, const Json& wanted) {
  if (!old_value.is_object()) return wanted;
  Json both = old_value;
  both.update(wanted);
  if (both == old_value) return std::nullopt;
  return both;
}

/// Of a text that has no byte order mark.
Result<std::string> set_member(const std::string& text, std::string_view section, std::string_view member,
                               const Json& value) {
  const Error unsafe{ErrorCode::validation, "the file is written in a way that cannot be changed safely"};
  const std::string source = text.find_first_not_of(k_blanks) == std::string::npos ? "{}\n" : text;
  TRY_ASSIGN(const Json parsed, base::parse_json(strip_comments(source)));
  if (!parsed.is_object()) return Error{ErrorCode::validation, "the file is no JSON object"};
  const Scanner scanner(source);
  const std::size_t open = scanner.skip(0);
  if (source[open] != '{') return unsafe; // the parser skips what the scanner does not
  const Scanner::Object root = scanner.read_object(open);
  const std::string section_name(section);
  const Scanner::Member* list = root.find(section);
  std::string result;
  if (list == nullptr) {
    result = insert_member(source, scanner, root, section, Json{{std::string(member), value}});
  } else {
    if (!parsed[section_name].is_object())
      return Error{ErrorCode::validation, fmt::format("\"{}\" is no object", section)};
    if (source[list->value_at] != '{') return unsafe;
    const Scanner::Object object = scanner.read_object(list->value_at);
    const Scanner::Member* old_member = object.find(member);
    if (old_member == nullptr) {
      result = insert_member(source, scanner, object, member, value);
    } else {
      const auto both = merged(parsed[section_name][std::string(member)], value);
      if (!both) return text;
      const std::string new_line =
          std::string(line_end_of(source)) + scanner.indent_of(old_member->name_at).value_or("");
      result = source;
      result.replace(old_member->value_at, old_member->value_end - old_member->value_at,
                     format_value(*both, new_line, "  "));
    }
  }
  const auto check = base::parse_json(strip_comments(result));
  if (!check || !check->contains(section_name) || !(*check)[section_name].contains(std::string(member)))
    return unsafe;
  return result;
}

} // namespace

Result<std::string> set_json_member(const std::string& text, std::string_view section,
                                    std::string_view member, const Json& value) {
  if (!text.starts_with(k_byte_order_mark)) return set_member(text, section, member, value);
  const auto changed = set_member(text.substr(k_byte_order_mark.size()), section, member, value);
  if (!changed) return changed.error();
  return std::string(k_byte_order_mark) + *changed;
}

std::string strip_comments(std::string_view text) {
  std::string out;
  std::optional<std::size_t> comma; // in `out`: a comma that nothing has followed yet
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      const std::size_t begin = i;
      for (++i; i < text.size() && text[i] != '"'; ++i)
        if (text[i] == '\\') ++i;
      out += text.substr(begin, i - begin + 1);
      comma.reset();
    } else if (text.substr(i, 2) == "//") {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (text.substr(i, 2) == "/*") {
      const auto end = text.find("*/", i + 2);
      if (end == std::string_view::npos) return out + "/*"; // no JSON
      i = end + 1;
    } else if (k_blanks.find(text[i]) != std::string_view::npos) {
      out += text[i];
    } else {
      const bool closes = text[i] == '}' || text[i] == ']';
      if (closes && comma) out[*comma] = ' ';
      comma.reset();
      if (text[i] == ',') comma = out.size();
      out += text[i];
    }
  }
  return out;
}

} // namespace memsync::cli
