#include "net/server/browser.h"

#include <sodium.h>

#include "base/digest.h"
#include "base/utf8.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::string_view k_cookie = "__Host-memsync";

constexpr std::string_view k_style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem}"
    "label{display:block;margin:.8rem 0 .2rem}"
    "input{font:inherit;width:100%;padding:.4rem;box-sizing:border-box}"
    "button{font:inherit;padding:.4rem 1.2rem;margin:1rem .5rem 0 0}"
    "dt{font-weight:600}.problem{color:#a00}";

/// scheme://host[:port] of a URL.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  if (host == std::string_view::npos) return {};
  return url.substr(0, url.find('/', host + 3));
}

const std::string& content_policy() {
  static const std::string policy = [] {
    const base::Sha256 digest = base::sha256(k_style);
    std::array<char, sodium_base64_ENCODED_LEN(sizeof digest, sodium_base64_VARIANT_ORIGINAL)> text{};
    sodium_bin2base64(text.data(), text.size(), digest.data(), digest.size(), sodium_base64_VARIANT_ORIGINAL);
    return fmt::format(
        "default-src 'none'; style-src 'sha256-{}'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'",
        text.data());
  }();
  return policy;
}

} // namespace

std::optional<std::string> find_browser_secret(std::string_view header) {
  while (!header.empty()) {
    std::string_view pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != k_cookie) continue;
    // An API token has no place in a cookie, where requests of other sites could come to use it.
    const std::string_view secret = pair.substr(equals + 1);
    if (secret.starts_with("msb_")) return std::string(secret);
  }
  return std::nullopt;
}

std::string sign_in_cookie(std::string_view secret) {
  return fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict", k_cookie, secret);
}

std::string sign_out_cookie() {
  return fmt::format("{}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict", k_cookie);
}

Result<> require_same_origin(const Request& request, std::string_view public_url) {
  const std::string_view origin = request.origin;
  const auto host = origin.find("://");
  const bool is_public = !origin.empty() && origin == origin_of(public_url);
  const bool is_host = host != std::string_view::npos && origin.substr(host + 3) == request.host;
  if (is_public || is_host) return {};
  return Error{ErrorCode::permission,
               "this request does not come from a page of this hub: open the hub's own address"};
}

std::string browser_name(const Request& request) {
  constexpr std::size_t k_longest = 80;
  std::string name = base::make_visible(request.user_agent);
  std::replace(name.begin(), name.end(), '\t', ' ');
  name = std::string(base::truncate_utf8(name, k_longest));
  return name.find_first_not_of(' ') == std::string::npos ? "a browser" : name;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c; break;
    }
  }
  return out;
}

Response html_page(int status, std::string_view title, std::string_view body) {
  return {status,
          "text/html; charset=utf-8",
          fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title>"
                      "<style>{1}</style></head>\n<body><h1>{0}</h1>\n{2}</body></html>\n",
                      escape_html(title), k_style, body),
          {{"Content-Security-Policy", content_policy()},
           {"Cache-Control", "no-store"},
           {"Referrer-Policy", "no-referrer"},
           {"X-Frame-Options", "DENY"}}};
}

Response see_other(std::string address) {
  return {303, "", "", {{"Location", std::move(address)}, {"Cache-Control", "no-store"}}};
}

} // namespace memsync::net::server
