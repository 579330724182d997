#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/client/endpoint.h"

namespace memsync::net::client {

/// The proxy variables as people set them for all programs; the HTTP library ignores them.
struct ProxySettings {
  std::string http;     // http_proxy, HTTP_PROXY
  std::string https;    // https_proxy, HTTPS_PROXY
  std::string no_proxy; // no_proxy, NO_PROXY
};

/// Of this process's environment; the lower-case name wins, as in curl.
ProxySettings read_proxy_environment();

struct Proxy {
  std::string host;
  int port = 80;
  std::string user, password; // empty: none
};

/// The proxy to use for `endpoint`, nothing when it is reached directly: no proxy set, a loopback
/// address, or a match in no_proxy ("*", "host", ".domain", "host:port", comma-separated; a name also matches
/// its subdomains). Fails with `validation` for a proxy URL that cannot be used.
base::Result<std::optional<Proxy>> find_proxy(const ProxySettings& settings, const Endpoint& endpoint);

} // namespace memsync::net::client
