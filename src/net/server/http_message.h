#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/names.h"
#include "wire/hub_messages.h"

namespace memsync::net::server {

enum class Method { get, head, post, put, patch, remove, options };

} // namespace memsync::net::server

template <>
struct memsync::model::EnumNames<memsync::net::server::Method> {
  static constexpr std::array<std::string_view, 7> names{"GET",   "HEAD",   "POST",   "PUT",
                                                         "PATCH", "DELETE", "OPTIONS"};
};

namespace memsync::net::server {

/// The request target in origin form (RFC 9112 section 3.2.1), percent-decoded.
struct Target {
  std::string path;                  // decoded, for the log
  std::vector<std::string> segments; // decoded one by one, so that %2F does not split
  std::map<std::string, std::string, std::less<>> query;

  /// The value of a query parameter, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
};

/// Fails with `validation` for anything but origin form, for bad percent-encoding, decoded control
/// characters or invalid UTF-8, empty or dot segments, and a parameter given twice.
base::Result<Target> parse_target(std::string_view target);

/// One request as handlers see it: bounded, decoded, with its body read.
struct Request {
  Method method = Method::get;
  Target target;
  std::map<std::string, std::string, std::less<>> arguments; // what {name} of the pattern matched
  std::string host, authorization, content_type, last_event_id, if_match;
  std::string cookie, origin, user_agent; // of browsers
  struct Upgrade {
    std::string connection, protocol, socket_key, socket_version; // to a WebSocket (RFC 6455 section 4.1)
  } upgrade;
  std::string body;
  std::string address; // of the client, as limits count it: IPv4, or the /64 of IPv6

  /// The token of `Authorization: Bearer T`; nothing when there is none; `unauthenticated` for another
  /// scheme.
  base::Result<std::optional<std::string>> bearer_token() const;
  /// The body as fields of a form (application/x-www-form-urlencoded); `validation` when it is none.
  base::Result<std::map<std::string, std::string, std::less<>>> form() const;
  /// The body as one JSON object; `validation` with the place when it is not.
  base::Result<base::Json> json() const;
  /// The id that {name} of the pattern matched. A malformed one is `not_found`: no such thing exists.
  template <class Id>
  base::Result<Id> id(std::string_view name) const {
    const auto at = arguments.find(name);
    const auto id = at == arguments.end() ? std::nullopt : Id::parse(at->second);
    if (!id) return base::Error{base::ErrorCode::not_found, "there is nothing under this address"};
    return *id;
  }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers; // values made by us: no text from outside

  /// 200 with JSON text.
  static Response json(std::string text) { return {200, "application/json", std::move(text), {}}; }
  /// 204.
  static Response empty() { return {204, "", "", {}}; }
};

/// RFC 9457 problem details with the headers the status calls for (WWW-Authenticate, Retry-After).
Response to_response(const wire::Problem& problem);
Response to_response(const base::Error& error);

/// A pull or a list asks for a number in its query: the decimal in `name`, `fallback` when absent,
/// `validation` when malformed or outside [low, high].
base::Result<std::uint64_t> query_number(const Target& target, std::string_view name, std::uint64_t fallback,
                                         std::uint64_t low, std::uint64_t high);

} // namespace memsync::net::server
