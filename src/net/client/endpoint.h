#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace memsync::net::client {

/// Where a hub is: the parts of its base URL.
struct Endpoint {
  bool is_tls = false;
  std::string host; // a name or an address; an IPv6 address without brackets
  int port = 80;
  std::string path; // what comes before /api/...: empty, or "/prefix" without a trailing slash

  /// The base URL in one spelling: default ports and trailing slashes left out, host in lower case.
  std::string str() const;
  /// True for localhost and loopback addresses.
  bool is_loopback() const;
  bool operator==(const Endpoint&) const = default;
};

/// Reads "https://host[:port][/prefix]" (RFC 3986). Fails with `validation` for another scheme, user
/// information, a query, a fragment, or a character that could end a header line.
base::Result<Endpoint> parse_endpoint(std::string_view url);

/// True when `text` may stand in a header line: no CR, LF, NUL or other control character.
bool is_header_safe(std::string_view text);

/// `text` as one path segment or query value (RFC 3986, section 2.1): everything but unreserved
/// characters is escaped.
std::string escape_segment(std::string_view text);

} // namespace memsync::net::client
