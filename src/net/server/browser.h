#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/server/http_message.h"

/// What only browsers bring along: a cookie they send by themselves, and the origin that keeps other sites
/// from making them send it.
namespace memsync::net::server {

/// The secret in our cookie of a Cookie header (RFC 6265 section 4.2); nothing when there is none.
std::optional<std::string> find_browser_secret(std::string_view cookie_header);

/// The Set-Cookie value that keeps a browser signed in until it is closed: `__Host-` (so HTTPS, or a browser
/// that trusts this machine's own address, and no other host), out of reach of scripts and of other sites.
std::string sign_in_cookie(std::string_view secret);
/// ... that signs it out.
std::string sign_out_cookie();

/// `permission` unless the request was made by a page of this hub: a request that changes something and
/// is authorised by a cookie must show it (Origin, RFC 6454, which browsers send with every POST).
base::Result<> require_same_origin(const Request& request, std::string_view public_url);

/// What the browser calls itself, as the name of its session.
std::string browser_name(const Request& request);

/// Text as the content of an element or of a quoted attribute.
std::string escape_html(std::string_view text);

/// A page of ours around `body`: no script, nothing from elsewhere, in no frame, kept by no cache.
Response html_page(int status, std::string_view title, std::string_view body);

/// 303 to an address relative to the one of the request.
Response see_other(std::string address);

} // namespace memsync::net::server
