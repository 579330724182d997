#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/net/openapi_answer.h"
#include "tests/unit/net/scene.h"

using namespace memsync;
using namespace memsync::tests;
using model::Permission;
using net::server::Access;
using net::server::Method;
using net::server::Route;
using net::server::routes;

namespace {

constexpr const char* k_allowed = ""; // any answer that the document calls a success
constexpr auto k_askers = model::EnumNames<Asker>::names.size();

/// Cells that the route table alone does not decide, each for its reason.
struct Exception {
  Method method;
  std::string_view pattern;
  Asker asker;
  const char* code;
};
constexpr Exception k_exceptions[] = {
    // A team is made for its owner, with everything an owner may do: not with a token that may less.
    {Method::post, "/api/v1/workspaces", Asker::read_only, "permission"},
    // A token that stands for less than its owner cannot change the account.
    {Method::post, "/api/v1/auth/logout-all", Asker::read_only, "permission"},
    {Method::post, "/api/v1/auth/password", Asker::read_only, "permission"},
    {Method::remove, "/api/v1/auth/sessions/{session}", Asker::read_only, "permission"},
    // It is the owner's: members delete what they wrote.
    {Method::remove, "/api/v1/nodes/{id}", Asker::member, "permission"},
    // Who shows no token is asked for a ticket in the first message; with one it is a route of the workspace.
    {Method::get, "/ws/workspace/{id}", Asker::other_team, "not_found"},
    {Method::get, "/ws/workspace/{id}", Asker::invited, "not_found"},
    {Method::get, "/ws/workspace/{id}", Asker::removed, "removed"},
    // The invitation is for one address, which has an account in every scene but where the caller is inside.
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::anonymous, "sign_in_required"},
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::viewer, "permission"},
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::member, "permission"},
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::admin, "permission"},
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::owner, "permission"},
    {Method::post, "/api/v1/invitations/{token}/accept", Asker::read_only, "permission"},
};

const char* in_workspace(Permission permission, Asker asker) {
  const auto by_role = [&](model::Role role) { return allows(role, permission) ? k_allowed : "permission"; };
  switch (asker) {
    case Asker::anonymous:
    case Asker::expired:
    case Asker::revoked: return "unauthenticated";
    case Asker::other_team:
    case Asker::invited: return "not_found";
    case Asker::removed: return "removed";
    case Asker::viewer: return by_role(model::Role::viewer);
    case Asker::member: return by_role(model::Role::member);
    case Asker::admin: return by_role(model::Role::admin);
    case Asker::owner: return by_role(model::Role::owner);
    case Asker::read_only:
      return permission == Permission::memory_read || permission == Permission::team_read ? k_allowed
                                                                                          : "permission";
  }
  return "";
}

/// The code that the policy of the route gives to the asker.
const char* expected(const Route& route, Asker asker) {
  for (const Exception& row : k_exceptions)
    if (row.method == route.method && row.pattern == route.pattern && row.asker == asker) return row.code;
  const bool has_bad_token = asker == Asker::expired || asker == Asker::revoked;
  switch (route.access) {
    case Access::open: return k_allowed;
    case Access::open_or_signed_in: return has_bad_token ? "unauthenticated" : k_allowed;
    case Access::signed_in: return has_bad_token || asker == Asker::anonymous ? "unauthenticated" : k_allowed;
    case Access::member: return in_workspace(*route.permission, asker);
  }
  return "";
}

void check_cell(LiveHub& hub, const Route& route, const Scene& scene) {
  for (const Example& example : examples_of(route, hub, scene)) {
    CAPTURE(example.door);
    const Reply reply = send(hub, route, example, scene);
    const std::string code = expected(route, scene.asker);
    CHECK(problem_of(route, reply) == "");
    CHECK(reply.code() == code);
    if (code == k_allowed) CHECK(reply.status < 400);
    if (code == "removed") {
      CHECK(reply.json().value("workspace", "") == scene.team.view());
      CHECK(reply.json().value("user", "") == scene.caller.view());
    }
    // A stranger learns nothing that is inside.
    if (code == "not_found") CHECK(reply.body.find(scene.team_name) == std::string::npos);
  }
}

} // namespace

TEST_CASE("every route answers everybody by its policy, whatever they sign in with, as described") {
  LiveHub hub({}, without_limits());
  for (const auto credential : {Credential::api_token, Credential::access_token, Credential::cookie}) {
    CAPTURE(static_cast<int>(credential));
    for (std::size_t i = 0; i < k_askers; ++i) {
      const auto asker = static_cast<Asker>(i);
      // Who is signed in may do all that they may: only an API token is narrower.
      if (asker == Asker::read_only && credential != Credential::api_token) continue;
      CAPTURE(model::name_of(asker));
      const Scene reading(hub, asker, credential);
      for (const Route& route : routes()) {
        CAPTURE(model::name_of(route.method));
        CAPTURE(route.pattern);
        if (route.method == Method::get)
          check_cell(hub, route, reading);
        else
          check_cell(hub, route, Scene(hub, asker, credential));
      }
    }
  }
}

TEST_CASE("a cookie changes nothing on behalf of another site") {
  LiveHub hub({}, without_limits());
  const Scene scene(hub, Asker::owner, Credential::cookie);
  const std::string cookie = "Cookie: __Host-memsync=" + scene.token + "\r\n";
  const std::string path = "/api/v1/workspaces/" + scene.team.str();
  const auto rename = [&](const std::string& origin) {
    return hub.call("PATCH", path, "", R"({"name":"Stolen"})", cookie + origin);
  };
  CHECK(rename("").code() == "permission");
  CHECK(rename("Origin: null\r\n").code() == "permission");
  CHECK(rename("Origin: https://evil.example\r\n").code() == "permission");
  CHECK(hub.call("GET", path, "", "", cookie).json()["name"] == scene.team_name);
  CHECK(rename("Origin: " + hub.url() + "\r\n").status == 200);
}
