#include "replica/names.h"

#include <fmt/format.h>

#include "base/crockford.h"
#include "model/ids.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace

std::optional<std::string> parse_prefix(std::string_view text, std::size_t length) {
  if (text.size() < model::k_min_prefix || text.size() > length) return std::nullopt;
  std::string prefix;
  for (const char c : text) {
    const auto digit = base::normalize_crockford(c);
    if (!digit) return std::nullopt;
    prefix += *digit;
  }
  return prefix;
}

// '{' follows 'z', the greatest character of an id.
std::string after_prefix(std::string_view prefix) { return std::string(prefix) + '{'; }

std::string like_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern += '%';
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

Error unknown_name(std::string_view what, std::string_view name, const std::string& near_matches) {
  if (near_matches.empty())
    return {ErrorCode::not_found,
            fmt::format("there is no {} \"{}\"; name one by id, by the first {} or more "
                        "characters of its id, or by its exact title",
                        what, name, model::k_min_prefix)};
  return {ErrorCode::not_found,
          fmt::format("there is no {} \"{}\"; near matches: {}", what, name, near_matches)};
}

Error ambiguous_name(std::string_view what, std::string_view name, const std::string& candidates) {
  return {ErrorCode::validation,
          fmt::format("\"{}\" fits more than one {}: {}; use an id", name, what, candidates)};
}

} // namespace memsync::replica
