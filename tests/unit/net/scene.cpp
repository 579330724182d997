#include "tests/unit/net/scene.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "hub/access_token.h"
#include "hub/accounts.h"
#include "hub/password.h"
#include "hub/secret.h"
#include "tests/unit/net/openapi_answer.h"
#include "tests/unit/net/test_socket.h"

namespace memsync::tests {

using base::Json;
using hub::Work;
using model::Role;
using net::server::BodyKind;
using net::server::Route;

namespace {

hub::PermissionSet reading() {
  return hub::PermissionSet().add(model::Permission::memory_read).add(model::Permission::team_read);
}

std::optional<Role> role_of(Asker asker) {
  switch (asker) {
    case Asker::viewer: return Role::viewer;
    case Asker::removed:
    case Asker::member: return Role::member;
    case Asker::admin: return Role::admin;
    case Asker::owner:
    case Asker::expired:
    case Asker::revoked:
    case Asker::read_only: return Role::owner;
    case Asker::anonymous:
    case Asker::other_team:
    case Asker::invited: return std::nullopt;
  }
  return std::nullopt;
}

template <class T>
T must(hub::Answer<T> answer) {
  if (!answer) FAIL(answer.error().detail);
  return *std::move(answer);
}

hub::User add_user(Work& work, base::Random& random) {
  const std::string email = model::UserId::random(random).str() + "@example.org";
  return must(hub::create_user(work, email, "Somebody"));
}

std::string add_token(Work& work, const model::UserId& user, Asker asker) {
  hub::Token token{hub::TokenId::random(work.random), user, "token", {}, {}, work.now, {}, {}, {}};
  token.scopes = asker == Asker::read_only ? reading() : hub::PermissionSet::all();
  if (asker == Asker::expired) token.expires_at = work.now - std::chrono::seconds(1);
  std::string secret = hub::make_secret(hub::SecretKind::token, work.random);
  work.txn.put_token(token, *hub::parse_secret(hub::SecretKind::token, secret));
  if (asker == Asker::revoked) work.txn.revoke_token(token.id, work.now);
  return secret;
}

/// A session with the secret, and its id.
hub::SessionId add_session(Work& work, const model::UserId& user, hub::SessionKind kind,
                           const hub::SecretHash& secret, Asker asker) {
  const base::Timestamp begun = work.now - std::chrono::hours(1);
  const bool is_over = asker == Asker::expired;
  hub::Session session{hub::SessionId::random(work.random),
                       user,
                       kind,
                       "test",
                       begun,
                       work.now,
                       is_over ? begun : work.now + std::chrono::hours(1),
                       {}};
  work.txn.add_session(session, secret);
  if (asker == Asker::revoked) work.txn.end_session(session.id, work.now);
  return session.id;
}

std::string add_secret(Work& work, const model::UserId& user, Asker asker, Credential credential) {
  if (credential == Credential::api_token) return add_token(work, user, asker);
  if (credential == Credential::cookie) {
    std::string secret = hub::make_secret(hub::SecretKind::browser, work.random);
    add_session(work, user, hub::SessionKind::browser, *hub::parse_secret(hub::SecretKind::browser, secret),
                asker);
    return secret;
  }
  const std::string refresh = hub::make_secret(hub::SecretKind::refresh, work.random);
  const auto session = add_session(work, user, hub::SessionKind::tokens,
                                   *hub::parse_secret(hub::SecretKind::refresh, refresh), Asker::owner);
  if (asker == Asker::revoked) work.txn.end_session(session, work.now);
  auto key = work.txn.newest_signing_key();
  if (!key) work.txn.add_signing_key(*(key = hub::make_signing_key(work.random, work.now)));
  const auto lifetime = std::chrono::minutes(asker == Asker::expired ? -1 : 15);
  return hub::sign_access_token(*key, {user, session, work.now, work.now + lifetime});
}

std::string bearer_of(const Scene& scene) {
  return scene.credential == Credential::cookie ? std::string() : scene.token;
}

/// The headers that a browser adds on a page of the hub.
std::string cookie_of(const LiveHub& hub, const Scene& scene) {
  std::string headers = fmt::format("Origin: {}\r\n", hub.url());
  if (scene.credential == Credential::cookie && !scene.token.empty())
    headers += fmt::format("Cookie: theme=dark; __Host-memsync={}\r\n", scene.token);
  return headers;
}

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._~").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string form_of(const Json& fields) {
  std::string text;
  for (const auto& [name, value] : fields.items())
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name,
                        escape(value.is_string() ? value.get<std::string>() : value.dump()));
  return text;
}

/// What {name} behind the path segment `before` stands for.
std::optional<std::string> known_parameter(const Scene& scene, std::string_view before,
                                           std::string_view name) {
  if (before == "workspaces" || before == "workspace" || before == "teams") return scene.team.str();
  if (before == "nodes" || before == "documents" || before == "room") return scene.node.str();
  if (before == "blame") return scene.node.str();
  if (before == "users") return scene.owner.user.str();
  if (name == "from") return "1";
  if (name == "to") return "2";
  if (before == "conflicts") return scene.conflict.str();
  if (before == "members") return scene.bystander.str();
  if (before == "tokens") return scene.own_token.str();
  if (before == "sessions") return scene.session.str();
  if (before == "invitations" && name == "invitation") return scene.invitation.str();
  if (before == "invitations" || before == "invite") return scene.invitation_secret;
  return std::nullopt;
}

std::optional<std::string> known_query(LiveHub& hub, const Scene& scene, std::string_view name) {
  if (name == "workspace_id") return scene.team.str();
  if (name == "confirm") return scene.team_name;
  if (name == "after") return hub.cursor_at(0);
  return std::nullopt;
}

/// The body that a route with a required one takes.
std::optional<Json> known_body(LiveHub& hub, const Route& route, const Scene& scene) {
  const std::string_view pattern = route.pattern;
  if (pattern.ends_with("/login") || pattern.ends_with("/sign-in"))
    return Json{{"email", scene.caller_email}, {"password", k_password}};
  if (pattern.ends_with("/auth/refresh")) return Json{{"refresh_token", scene.refresh_token}};
  if (pattern.ends_with("/auth/password"))
    return Json{{"current", k_password}, {"new", "another long password"}};
  if (pattern.ends_with("/device/decide")) return Json{{"code", scene.user_code}, {"decision", "deny"}};
  if (pattern.ends_with("/device/token")) return Json{{"device_code", scene.device_code}};
  if (pattern == "/api/v1/tokens") return Json{{"name", "reader"}, {"scopes", {"memory.read"}}};
  if (pattern == "/api/v1/workspaces") return Json{{"name", "Another"}};
  if (pattern == "/api/v1/workspaces/{id}") return Json{{"name", "Renamed"}};
  if (pattern.ends_with("/members/{user}")) return Json{{"role", "viewer"}};
  if (pattern.ends_with("/invite")) return Json{{"email", "somebody@example.org"}, {"role", "viewer"}};
  if (pattern.ends_with("/nodes/{id}")) return Json{{"title", "Renamed"}};
  if (pattern.ends_with("/comments")) return Json{{"text", "a comment"}};
  if (pattern.ends_with("/revert")) return Json{{"change", "2"}}; // of the content, which anybody may write
  if (pattern.ends_with("/resolve")) return Json{{"resolution", "keep_server"}};
  if (pattern.ends_with("/mark-read")) return Json{{"all", true}};
  if (pattern.ends_with("/heartbeat")) return Json{{"reporter", "test"}, {"sessions", Json::array()}};
  if (pattern.ends_with("/preferences")) return Json{{"mentioned", true}};
  if (pattern.ends_with("/push")) return Json::parse(hub.push_body(1));
  if (pattern.ends_with("/snapshot"))
    return Json{{"proto", 1}, {"replica", "00000000000000000000000000"}, {"outstanding", Json::array()}};
  return std::nullopt;
}

/// A session that belongs to the caller, when they may have one.
std::string snapshot_session(LiveHub& hub, const Scene& scene) {
  const Reply opened = hub.call(
      "POST", fmt::format("/api/v1/workspaces/{}/snapshot", scene.team.view()), bearer_of(scene),
      R"({"proto":1,"replica":"00000000000000000000000000","outstanding":[]})", cookie_of(hub, scene));
  return opened.status == 200 ? opened.json().value("session", "") : "none";
}

Example first_example(const Route& route, LiveHub& hub, const Scene& scene) {
  Example example{"request", {}, {}, {}, {}};
  std::string_view rest = route.pattern.substr(1);
  std::string_view before;
  while (!rest.empty()) {
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    if (segment.starts_with('{')) {
      const std::string name(segment.substr(1, segment.size() - 2));
      const auto value =
          before == "snapshot" ? snapshot_session(hub, scene) : known_parameter(scene, before, name);
      if (!value)
        FAIL(fmt::format("{}: say in known_parameter() what {{{}}} stands for", route.pattern, name));
      else
        example.path[name] = *value;
    }
    before = segment;
  }
  for (const std::string& name : required_of(route, "query")) {
    const auto value = known_query(hub, scene, name);
    if (!value)
      FAIL(fmt::format("{}: say in known_query() what '{}' stands for", route.pattern, name));
    else
      example.query[name] = *value;
  }
  for (const std::string& name : required_of(route, "header")) {
    if (name != "If-Match") FAIL(fmt::format("{}: say here what a right {} is", route.pattern, name));
    example.headers[name] = "*";
  }
  if (route.body != BodyKind::none) example.body = known_body(hub, route, scene);
  if (route.body == BodyKind::json) {
    if (!example.body) FAIL(fmt::format("{}: say in known_body() what a right body is", route.pattern));
  }
  return example;
}

} // namespace

hub::HubOptions without_limits() {
  hub::HubOptions options;
  const hub::RateRule unlimited{1e9, 1e9};
  options.push_requests = options.push_operations = options.stream_opens = options.invitation_tries =
      options.socket_opens = options.socket_messages = options.presence_reports = unlimited;
  options.sign_in = {unlimited, unlimited, unlimited};
  options.devices = {unlimited, unlimited, unlimited};
  return options;
}

Scene::Scene(LiveHub& hub, Asker who, Credential shown) : asker(who), credential(shown) {
  static const std::string password_hash = *hub::hash_password(k_password);
  base::SystemRandom random;
  const auto made = hub.store().write([&](hub::StoreTxn& txn) -> hub::Answer<> {
    Work work{txn, random, hub.clock().now(), {}};
    const hub::User head = add_user(work, random);
    owner = {head.id, add_token(work, head.id, Asker::owner)};
    team_name = "Team " + model::UserId::random(random).str();
    team = must(hub::create_workspace(work, head.id, model::WorkspaceKind::team, team_name)).id;
    bystander = add_user(work, random).id;
    txn.put_member(team, {bystander, Role::member, work.now, false});
    const hub::User somebody = add_user(work, random);
    other_team = must(hub::create_workspace(work, somebody.id, model::WorkspaceKind::team, team_name)).id;
    if (asker != Asker::anonymous) {
      caller = somebody.id;
      token = add_secret(work, caller, asker, credential);
    }
    caller_email = somebody.email;
    if (const auto role = role_of(asker))
      txn.put_member(team, {somebody.id, *role, work.now, asker == Asker::removed});
    const bool is_inside = role_of(asker) && asker != Asker::removed;
    const auto issued = must(hub::issue_invitation(
        work, team, is_inside ? "new-" + somebody.email : somebody.email, Role::viewer));
    invitation = issued.invitation.id;
    invitation_secret = issued.token;
    hub::TokenRequest narrow;
    narrow.name = "another";
    narrow.scopes = reading();
    own_token = must(hub::issue_token(work, somebody.id, narrow)).token.id;
    txn.set_password_hash(somebody.id, password_hash);
    refresh_token = hub::make_secret(hub::SecretKind::refresh, random);
    session = add_session(work, somebody.id, hub::SessionKind::tokens,
                          *hub::parse_secret(hub::SecretKind::refresh, refresh_token), Asker::owner);
    device_code = hub::make_secret(hub::SecretKind::device, random);
    user_code = "BCDF-";
    for (int i = 0; i < 4; ++i) user_code += "GHJKLMNPQRSTVWXZ"[random.below(16)];
    while (txn.find_device(user_code)) user_code.back() = "GHJKLMNPQRSTVWXZ"[random.below(16)];
    txn.add_device({user_code,
                    "terminal",
                    "127.0.0.1",
                    hub::DeviceState::waiting,
                    {},
                    work.now,
                    work.now + std::chrono::minutes(10)},
                   *hub::parse_secret(hub::SecretKind::device, device_code));
    return {};
  });
  REQUIRE(made);
  const std::string body = hub.push_body(1);
  const Reply pushed =
      hub.call("POST", fmt::format("/api/v1/workspaces/{}/push", team.view()), owner.token, body);
  REQUIRE(pushed.status == 200);
  node = *model::NodeId::parse(Json::parse(body)["ops"][0]["target"].get<std::string>());
  conflict = hub.open_conflict(owner, team, node);
}

std::vector<Example> examples_of(const Route& route, LiveHub& hub, const Scene& scene) {
  std::vector<Example> examples{first_example(route, hub, scene)};
  Example& first = examples.front();
  if (route.pattern.ends_with("/accept")) first.body = Json{{"name", "Somebody New"}};
  if (route.pattern.ends_with("/pull")) {
    examples.push_back(first);
    examples.back().door = "long poll";
    examples.back().query["wait"] = "25"; // there is something to read: it answers at once
  }
  if (route.pattern.ends_with("/diff/{from}/{to}")) {
    first.query["node_id"] = scene.node.str();
    examples.push_back(first);
    examples.back().door = "document";
    examples.back().query.erase("node_id");
    examples.back().query["document_id"] = scene.node.str();
  }
  if (route.pattern.ends_with("/stream")) {
    examples.push_back(first);
    examples.back().door = "stream of operations";
    examples.back().query["view"] = "ops";
  }
  return examples;
}

std::string target_of(const Route& route, const Example& example) {
  std::string target(route.pattern);
  for (const auto& [name, value] : example.path) {
    const std::string hole = "{" + name + "}";
    target.replace(target.find(hole), hole.size(), escape(value));
  }
  char joint = '?';
  for (const auto& [name, value] : example.query)
    target += fmt::format("{}{}={}", std::exchange(joint, '&'), name, escape(value));
  return target;
}

Reply send(LiveHub& hub, const Route& route, const Example& example, const Scene& scene) {
  const bool is_form = route.body == BodyKind::form;
  std::string body;
  if (example.body) body = is_form ? form_of(*example.body) : example.body->dump();
  std::string headers = cookie_of(hub, scene);
  for (const auto& [name, value] : example.headers) headers += fmt::format("{}: {}\r\n", name, value);
  if (route.pattern.starts_with("/ws/")) headers += k_upgrade_headers;
  return hub.call(std::string(model::name_of(route.method)), target_of(route, example), bearer_of(scene),
                  body, headers, is_form ? "application/x-www-form-urlencoded" : "application/json");
}

} // namespace memsync::tests
