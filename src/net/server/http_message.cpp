#include "net/server/http_message.h"

#include "base/utf8.h"
#include "model/number.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view k_bearer = "bearer ";

Error bad_target(std::string_view problem) {
  return {ErrorCode::validation, fmt::format("the request target {}", problem)};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class PlusSign { literal, space };

Result<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return bad_target("has a % without two hexadecimal digits");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  for (const char c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return bad_target("hides a control character");
  if (!base::is_valid_utf8(out)) return bad_target("is not UTF-8");
  return out;
}

Result<> read_query(std::string_view text, Target& target) {
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    TRY_ASSIGN(auto name, percent_decode(pair.substr(0, equals), PlusSign::space));
    TRY_ASSIGN(auto value, percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1),
                                          PlusSign::space));
    if (!target.query.emplace(name, std::move(value)).second)
      return Error{ErrorCode::validation, fmt::format("the parameter '{}' is given twice", name)};
  }
  return {};
}

} // namespace

std::optional<std::string_view> Target::find(std::string_view name) const {
  const auto at = query.find(name);
  if (at == query.end()) return std::nullopt;
  return at->second;
}

Result<Target> parse_target(std::string_view text) {
  if (text.empty() || text[0] != '/') return bad_target("must begin with '/'");
  const auto question = text.find('?');
  std::string_view path = text.substr(1, question == std::string_view::npos ? question : question - 1);
  Target target;
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment.empty()) return bad_target("has an empty path segment");
    const bool is_last = segment.size() == path.size();
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    if (!is_last && path.empty()) return bad_target("ends with '/'");
    TRY_ASSIGN(auto decoded, percent_decode(segment, PlusSign::literal));
    if (decoded == "." || decoded == "..") return bad_target("has a dot segment");
    target.path += '/';
    target.path += decoded;
    target.segments.push_back(std::move(decoded));
  }
  if (target.path.empty()) target.path = "/";
  if (question != std::string_view::npos) TRY(read_query(text.substr(question + 1), target));
  return target;
}

Result<std::optional<std::string>> Request::bearer_token() const {
  if (authorization.empty()) return std::optional<std::string>();
  const bool is_bearer = std::equal(
      k_bearer.begin(), k_bearer.end(), authorization.begin(),
      authorization.begin() + static_cast<std::ptrdiff_t>(std::min(k_bearer.size(), authorization.size())),
      [](char expected, char c) { return expected == (c | 0x20); });
  std::string token = is_bearer ? authorization.substr(k_bearer.size()) : std::string();
  if (token.empty() || token.find(' ') != std::string::npos)
    return Error{ErrorCode::unauthenticated, "send the token as 'Authorization: Bearer TOKEN'"};
  return std::optional<std::string>(std::move(token));
}

Result<base::Json> Request::json() const {
  TRY_ASSIGN(auto json, base::parse_json(body, {.max_bytes = body.size(), .max_depth = 64}));
  if (!json.is_object()) return Error{ErrorCode::validation, "the body must be a JSON object"};
  return json;
}

Result<std::map<std::string, std::string, std::less<>>> Request::form() const {
  Target fields;
  if (!read_query(body, fields))
    return Error{ErrorCode::validation, "the form is not well-formed: send it with the page's own button"};
  return std::move(fields.query);
}

Response to_response(const wire::Problem& problem) {
  const base::ErrorInfo& info = base::error_info(problem.code);
  Response response{info.http_status, "application/problem+json", wire::encode(problem), {}};
  if (problem.code == ErrorCode::unauthenticated)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"memsync\"");
  if (problem.retry_after_s)
    response.headers.emplace_back("Retry-After", std::to_string(*problem.retry_after_s));
  return response;
}

Response to_response(const Error& error) {
  wire::Problem problem;
  problem.code = error.code;
  problem.detail = error.message;
  if (error.code == ErrorCode::rate_limited || error.code == ErrorCode::busy) problem.retry_after_s = 1;
  return to_response(problem);
}

Result<std::uint64_t> query_number(const Target& target, std::string_view name, std::uint64_t fallback,
                                   std::uint64_t low, std::uint64_t high) {
  const auto text = target.find(name);
  if (!text) return fallback;
  const auto number = model::parse_u64(*text);
  if (!number || *number < low || *number > high)
    return Error{ErrorCode::validation, fmt::format("'{}' must be a number from {} to {}", name, low, high)};
  return *number;
}

} // namespace memsync::net::server
