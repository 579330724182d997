#include "net/server/request_head.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string>

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

/// Fields whose repetition would leave it to the reader which one counts.
constexpr std::array<std::string_view, 11> k_single_fields = {
    "host",   "content-length", "transfer-encoding", "authorization", "content-type", "last-event-id",
    "expect", "if-match",       "x-forwarded-for",   "cookie",        "origin"};

Error refused(std::string_view problem) {
  return {ErrorCode::validation, fmt::format("refused HTTP request: {}", problem)};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// RFC 9110 section 5.6.2.
bool is_token_character(char c) {
  constexpr std::string_view k_marks = "!#$%&'*+-.^_`|~";
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || k_marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed_field(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// What the fields together say about where the message ends and whom it is for.
struct Framing {
  std::array<int, k_single_fields.size()> counts{};
  bool chunked = false;

  int count(std::string_view name) const {
    const auto at = std::ranges::find(k_single_fields, name);
    return counts[static_cast<std::size_t>(at - k_single_fields.begin())];
  }
};

Result<> read_field(std::string_view line, Framing& framing) {
  if (line[0] == ' ' || line[0] == '\t') return refused("continued header lines are obsolete");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return refused("a header line has no colon");
  if (!is_token(line.substr(0, colon)))
    return refused("a header name has a character that names may not have");
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), lower);
  const auto single = std::ranges::find(k_single_fields, name);
  if (single == k_single_fields.end()) return {};
  if (++framing.counts[static_cast<std::size_t>(single - k_single_fields.begin())] > 1)
    return refused(fmt::format("the header '{}' is given twice", name));
  std::string value(trimmed_field(line.substr(colon + 1)));
  if (name == "content-length" && !is_number(value)) return refused("Content-Length must be one number");
  if (name == "transfer-encoding") {
    std::ranges::transform(value, value.begin(), lower);
    if (value != "chunked") return refused("the only transfer coding understood is chunked");
    framing.chunked = true;
  }
  return {};
}

Result<> check_request_line(std::string_view line, bool& is_http_1_0) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refused("the request line needs three words");
  const std::string_view version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first))) return refused("the method is not a name");
  if (target.find_first_of(" \t\"<>\\^`{|}") != std::string_view::npos)
    return refused("the target has a character that must be percent-encoded");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refused("the version must be HTTP/1.1 or HTTP/1.0");
  is_http_1_0 = version == "HTTP/1.0";
  return {};
}

/// Every byte of the head: lines end in CR LF and nothing else is a control character but tab.
Result<> check_bytes(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) return refused("a CR without LF");
    if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return refused("a LF without CR");
    if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f) return refused("a control character");
  }
  return {};
}

} // namespace

std::size_t find_head_end(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::string_view::npos;
  return end + 4;
}

Result<> check_request_head(std::string_view head, const HttpLimits& limits) {
  TRY(check_bytes(head));
  std::size_t at = head.find("\r\n");
  bool is_http_1_0 = false;
  TRY(check_request_line(head.substr(0, at), is_http_1_0));
  Framing framing;
  std::size_t fields = 0;
  for (at += 2; at + 2 < head.size();) {
    const auto end = head.find("\r\n", at);
    if (++fields > limits.fields) return Error{ErrorCode::too_large, "too many header lines"};
    TRY(read_field(head.substr(at, end - at), framing));
    at = end + 2;
  }
  if (framing.count("host") == 0 && !is_http_1_0) return refused("the header 'Host' is missing");
  if (framing.chunked && framing.count("content-length") > 0)
    return refused("Content-Length and Transfer-Encoding exclude each other");
  if (framing.chunked && is_http_1_0) return refused("HTTP/1.0 has no transfer codings");
  return {};
}

} // namespace memsync::net::server
