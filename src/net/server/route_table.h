#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "model/permissions.h"
#include "net/server/call.h"

namespace memsync::net::server {

/// Who may call a route.
enum class Access {
  open,              // anybody; a token is not looked at
  open_or_signed_in, // anybody; a token that is sent must be valid
  signed_in,         // a valid token; what is shown depends on the caller
  member,            // a valid token and `Route::permission` in the workspace that {id} or workspace_id names
};

enum class BodyKind {
  none, // a body is refused
  json,
  optional_json,
  form, // of a page of ours
};

/// Where a handler runs.
enum class Runs {
  by_method,  // GET on a reader, everything else on a writer
  on_reader,  // may wait for the database, but for no commit
  on_network, // answers at once, also when every worker is busy
};

/// One row of the API. The tests of who may do what and the comparison with schemas/openapi.json are made
/// from these rows.
struct Route {
  Method method = Method::get;
  std::string_view pattern; // "/api/v1/workspaces/{id}/pull"
  Access access = Access::signed_in;
  std::optional<model::Permission> permission; // of Access::member; the hub's services enforce it
  BodyKind body = BodyKind::none;
  Handler handler = nullptr;
  Runs runs = Runs::by_method;
};

/// Every route of the hub.
std::span<const Route> routes();

/// schemas/openapi.json, which describes every one of them.
std::string_view openapi_document();

/// What the table says about a request.
struct RouteFound {
  const Route* route = nullptr;
  std::map<std::string, std::string, std::less<>> arguments;
};
struct RouteUnknown {};
/// The path exists under other methods, listed as the Allow header wants them.
struct RouteMethodWrong {
  std::string allow;
};
using RouteMatch = std::variant<RouteFound, RouteUnknown, RouteMethodWrong>;

/// Fixed segments win over {parameters}. HEAD is answered by the open GET routes. `method` is nothing for a
/// method no route has.
RouteMatch match_route(std::span<const Route> table, std::optional<Method> method, const Target& target);

} // namespace memsync::net::server
