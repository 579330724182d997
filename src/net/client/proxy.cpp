#include "net/client/proxy.h"

#include <cstdlib>
#include <fmt/format.h>

namespace memsync::net::client {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

std::string read_variable(const char* lower_name, const char* upper_name) {
  const char* value = std::getenv(lower_name);
  if (value == nullptr) value = std::getenv(upper_name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// True when one entry of no_proxy covers the endpoint.
bool is_covered(std::string_view entry, const Endpoint& endpoint) {
  if (entry == "*") return true;
  const std::string port_suffix = fmt::format(":{}", endpoint.port);
  if (entry.ends_with(port_suffix) && endpoint.host.find(':') == std::string::npos)
    entry.remove_suffix(port_suffix.size());
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (entry.empty()) return false;
  const std::string_view host = endpoint.host;
  return host == entry ||
         (host.size() > entry.size() && host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.');
}

} // namespace

ProxySettings read_proxy_environment() {
  return {read_variable("http_proxy", "HTTP_PROXY"), read_variable("https_proxy", "HTTPS_PROXY"),
          read_variable("no_proxy", "NO_PROXY")};
}

Result<std::optional<Proxy>> find_proxy(const ProxySettings& settings, const Endpoint& endpoint) {
  std::string_view url = endpoint.is_tls ? settings.https : settings.http;
  if (url.empty() || endpoint.is_loopback()) return std::optional<Proxy>();
  std::string_view entries = settings.no_proxy;
  while (!entries.empty()) {
    const auto comma = std::min(entries.find(','), entries.size());
    if (is_covered(trim(entries.substr(0, comma)), endpoint)) return std::optional<Proxy>();
    entries.remove_prefix(std::min(comma + 1, entries.size()));
  }
  const auto bad_proxy = [] {
    return Error{ErrorCode::validation,
                 "the proxy in HTTP_PROXY or HTTPS_PROXY cannot be used: give it as http://host:port"};
  };
  if (url.starts_with("http://")) {
    url.remove_prefix(7);
  } else if (url.find("://") != std::string_view::npos) {
    return bad_proxy(); // a proxy reached over TLS or SOCKS: the HTTP library has neither
  }
  Proxy proxy;
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view login = url.substr(0, at);
    const auto colon = std::min(login.find(':'), login.size());
    proxy.user = login.substr(0, colon);
    proxy.password = login.substr(std::min(colon + 1, login.size()));
    url.remove_prefix(at + 1);
  }
  const auto parsed = parse_endpoint(fmt::format("http://{}", url));
  if (!parsed || !is_header_safe(proxy.user) || !is_header_safe(proxy.password)) return bad_proxy();
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  return std::optional<Proxy>(std::move(proxy));
}

} // namespace memsync::net::client
