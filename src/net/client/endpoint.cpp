#include "net/client/endpoint.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace memsync::net::client {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr int k_http_port = 80;
constexpr int k_https_port = 443;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z'); }

Error bad_url(std::string_view problem) {
  return {ErrorCode::validation,
          fmt::format("the hub's address {}; give it as https://host or http://host:port", problem)};
}

/// Takes the authority's host and the rest (":port" or empty) apart.
Result<std::pair<std::string_view, std::string_view>> split_host(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad_url("has an unfinished IPv6 address");
    return std::pair(authority.substr(1, end - 1), authority.substr(end + 1));
  }
  const auto colon = std::min(authority.find(':'), authority.size());
  return std::pair(authority.substr(0, colon), authority.substr(colon));
}

Result<int> parse_port(std::string_view rest, int fallback) {
  if (rest.empty()) return fallback;
  rest.remove_prefix(1);
  int port = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (error != std::errc() || end != rest.data() + rest.size() || port < 1 || port > 65535)
    return bad_url("has a port that is no number from 1 to 65535");
  return port;
}

} // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  Endpoint endpoint;
  if (url.starts_with("https://")) {
    endpoint.is_tls = true;
    url.remove_prefix(8);
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else {
    return bad_url("must begin with https:// or http://");
  }
  if (url.find_first_of("?#") != std::string_view::npos) return bad_url("may carry no query and no fragment");
  const auto slash = std::min(url.find('/'), url.size());
  const std::string_view authority = url.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) return bad_url("may carry no user name or password");
  TRY_ASSIGN(const auto host, split_host(authority));
  if (!host.second.empty() && host.second.front() != ':') return bad_url("has text after its IPv6 address");
  TRY_ASSIGN(endpoint.port, parse_port(host.second, endpoint.is_tls ? k_https_port : k_http_port));
  endpoint.host.resize(host.first.size());
  std::transform(host.first.begin(), host.first.end(), endpoint.host.begin(), lower);
  const bool is_v6 = authority.starts_with('[');
  const auto is_host_character = [&](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || (is_v6 && c == ':');
  };
  if (endpoint.host.empty() || !std::all_of(endpoint.host.begin(), endpoint.host.end(), is_host_character))
    return bad_url("has no usable host name");
  std::string_view path = url.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto is_path_character = [](char c) {
    return is_alphanumeric(c) || std::string_view("/-._~%!$&'()*+,;=:").find(c) != std::string_view::npos;
  };
  if (!std::all_of(path.begin(), path.end(), is_path_character)) return bad_url("has an unusable path");
  endpoint.path = path;
  return endpoint;
}

std::string Endpoint::str() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  std::string out =
      fmt::format("{}://{}{}{}", is_tls ? "https" : "http", is_v6 ? "[" : "", host, is_v6 ? "]" : "");
  if (port != (is_tls ? k_https_port : k_http_port)) out += fmt::format(":{}", port);
  return out + path;
}

bool Endpoint::is_loopback() const {
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" || host.starts_with("127.");
}

bool is_header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

std::string escape_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

} // namespace memsync::net::client
