#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace memsync::net::server {

/// Where to listen: "127.0.0.1:8787", "[::1]:0", "hub.example:8787", ":8787" for every address.
struct ListenAddress {
  std::string host; // empty: every address
  std::uint16_t port = 0;
};

/// Fails with `validation`.
base::Result<ListenAddress> parse_listen_address(std::string_view text);

/// The key under which limits count a client: an IPv4 address, or the /64 of an IPv6 address, since one
/// machine commonly owns a whole /64. `address` as text; unreadable text is its own key.
std::string limit_key(std::string_view address);

/// The client behind trusted proxies: the last address of X-Forwarded-For that is not itself trusted.
/// `peer` when it is not trusted: anybody could have written the header.
std::string forwarded_client(std::string_view peer, std::string_view forwarded_for,
                             const std::vector<std::string>& trusted_proxies);

} // namespace memsync::net::server
