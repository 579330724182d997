#include "replica/identifiers.h"

#include <algorithm>

namespace memsync::replica {

namespace {

constexpr std::size_t k_longest_identifier = 120; // what is longer is data, not a name

// Beside letters and digits; the identifier table's tokenchars in schemas/sql/replica.
constexpr std::string_view k_joiners = "_-./:#@+$";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_token_character(char c) {
  return is_digit(c) || is_upper(c) || is_lower(c) || k_joiners.find(c) != std::string_view::npos;
}

/// Without punctuation around it and without a line number ("state.cpp:42").
std::string_view trim(std::string_view token) {
  while (!token.empty() && std::string_view("-:+").find(token.front()) != std::string_view::npos)
    token.remove_prefix(1);
  if (token.starts_with("./")) token.remove_prefix(1);
  while (token.starts_with('/')) token.remove_prefix(1);
  const auto trim_end = [&] {
    while (!token.empty() && std::string_view("-:./@$_").find(token.back()) != std::string_view::npos)
      token.remove_suffix(1);
  };
  trim_end();
  const auto colon = token.rfind(':');
  if (colon != std::string_view::npos && colon + 1 < token.size() &&
      std::all_of(token.begin() + static_cast<std::ptrdiff_t>(colon) + 1, token.end(), is_digit)) {
    token = token.substr(0, colon);
    trim_end();
  }
  return token;
}

bool is_identifier(std::string_view token) {
  std::size_t letters = 0, upper = 0, digits = 0, joiners = 0;
  bool has_hump = false; // a capital after a small letter
  for (std::size_t i = 0; i < token.size(); ++i) {
    upper += is_upper(token[i]);
    letters += is_upper(token[i]) || is_lower(token[i]);
    digits += is_digit(token[i]);
    joiners += token[i] != '-' && k_joiners.find(token[i]) != std::string_view::npos;
    has_hump = has_hump || (i > 0 && is_upper(token[i]) && is_lower(token[i - 1]));
  }
  if (letters + digits < 2) return false;
  if (letters == 0) return digits >= 3;
  return joiners > 0 || digits > 0 || has_hump || (upper == letters && upper >= 2);
}

void add(std::vector<std::string>& found, std::string_view token) {
  if (std::find(found.begin(), found.end(), token) == found.end()) found.emplace_back(token);
}

} // namespace

std::vector<std::string> find_identifiers(std::string_view text, std::size_t max_count) {
  std::vector<std::string> found;
  std::size_t at = 0;
  while (found.size() < max_count) {
    while (at < text.size() && !is_token_character(text[at])) ++at;
    if (at == text.size()) break;
    std::size_t end = at;
    while (end < text.size() && is_token_character(text[end])) ++end;
    const std::string_view token = trim(text.substr(at, end - at));
    at = end;
    if (token.size() > k_longest_identifier || !is_identifier(token)) continue;
    add(found, token);
    const auto slash = token.rfind('/');
    if (slash != std::string_view::npos && slash + 3 < token.size() && found.size() < max_count)
      add(found, token.substr(slash + 1));
  }
  return found;
}

} // namespace memsync::replica
