#include "net/client/team_calls.h"

#include "net/client/routes.h"
#include "wire/json_reader.h"
#include "wire/presence_codec.h"

namespace memsync::net::client {

using base::Json;
using base::Result;
using wire::ObjectReader;

namespace {

constexpr const char* k_choices_path = "/api/v1/notifications/preferences";

std::string team_path(const model::WorkspaceId& team, std::string_view rest) {
  return fmt::format("/api/v1/teams/{}{}", team.view(), rest);
}

Result<wire::MemberInfo> decode_member(const Json& json) {
  ObjectReader reader(json, "member");
  wire::MemberInfo member{reader.id<model::UserId>("id"), reader.text("name"), reader.text("email"),
                          reader.name<model::Role>("role")};
  TRY(reader.result());
  return member;
}

Result<TeamInfo> decode_team(const Json& json) {
  ObjectReader reader(json, "workspace");
  TeamInfo team;
  team.id = reader.id<model::WorkspaceId>("id");
  team.kind = reader.name<model::WorkspaceKind>("kind");
  team.name = reader.text("name");
  team.slug = reader.optional_text("slug").value_or("");
  team.role = reader.name<model::Role>("role");
  reader.list("members", team.members, &decode_member);
  TRY(reader.result());
  return team;
}

Result<InvitationRow> decode_invitation(const Json& json) {
  ObjectReader reader(json, "invitation");
  InvitationRow row{reader.text("id"),
                    reader.text("email"),
                    reader.text("role"),
                    reader.text("expires_at"),
                    reader.text("status"),
                    reader.optional_text("token").value_or(""),
                    reader.optional_text("url").value_or(""),
                    reader.optional_text("mail").value_or("")};
  TRY(reader.result());
  return row;
}

Result<std::string> decode_text(const Json& json) {
  if (!json.is_string()) return base::Error{base::ErrorCode::validation, "the list must hold strings"};
  return json.get<std::string>();
}

Result<TokenRow> decode_token(const Json& json) {
  ObjectReader reader(json, "token");
  TokenRow row;
  row.id = reader.text("id");
  row.name = reader.text("name");
  row.created_at = reader.text("created_at");
  row.last_used_at = reader.optional_text("last_used_at").value_or("");
  row.expires_at = reader.optional_text("expires_at").value_or("");
  row.revoked_at = reader.optional_text("revoked_at").value_or("");
  reader.list("scopes", row.scopes, &decode_text);
  reader.list("workspaces", row.workspaces, &decode_text);
  row.secret = reader.optional_text("token").value_or("");
  TRY(reader.result());
  return row;
}

/// Kinds of a newer hub are left out.
Result<NotificationChoices> decode_choices(const Json& json) {
  NotificationChoices choices;
  for (const auto& [name, wanted] : json.items())
    if (const auto kind = model::find_by_name<model::NotificationKind>(name); kind && wanted.is_boolean())
      choices[*kind] = wanted.get<bool>();
  return choices;
}

template <class T>
Result<std::vector<T>> decode_list(const Json& json, const char* name, Result<T> (*decode)(const Json&)) {
  ObjectReader reader(json, "answer");
  std::vector<T> rows;
  reader.list(name, rows, decode);
  TRY(reader.result());
  return rows;
}

} // namespace

Result<TeamCalls> TeamCalls::make(HubAccess access) {
  TRY(check_access(access));
  return TeamCalls(std::move(access));
}

/// The answer; null for one without a body.
Result<Json> TeamCalls::call(const std::string& method, const std::string& path, const Json& body) {
  Interrupter interrupter;
  Connection connection(access_, {}, interrupter);
  const auto answer = connection.send(method, path, body.is_null() ? "" : base::dump_json(body));
  if (!answer) return wire::to_error(problem_of(answer.error()));
  if (answer->head.status == 204) return Json();
  auto json = read_json(*answer);
  if (!json) return wire::to_error(json.error());
  return *std::move(json);
}

Result<std::vector<TeamInfo>> TeamCalls::teams() {
  TRY_ASSIGN(const Json json, call("GET", "/api/v1/workspaces", nullptr));
  return decode_list(json, "workspaces", &decode_team);
}

Result<TeamInfo> TeamCalls::create(std::string_view name, std::string_view slug) {
  Json body = {{"name", name}};
  if (!slug.empty()) body["slug"] = slug;
  TRY_ASSIGN(const Json json, call("POST", "/api/v1/workspaces", body));
  return decode_team(json);
}

Result<std::vector<model::PresentMember>> TeamCalls::present(const model::WorkspaceId& team) {
  const std::string path = fmt::format("/api/v1/presence/online?workspace_id={}", team.view());
  TRY_ASSIGN(const Json json, call("GET", path, nullptr));
  return decode_list(json, "present", &wire::decode_present);
}

Result<> TeamCalls::rename(const model::WorkspaceId& team, std::string_view name) {
  TRY(call("PATCH", workspace_path(team), Json{{"name", name}}));
  return {};
}

Result<> TeamCalls::remove(const model::WorkspaceId& team, std::string_view confirmed_name) {
  TRY(call("DELETE", workspace_path(team, "?confirm=" + escape_segment(confirmed_name)), nullptr));
  return {};
}

Result<> TeamCalls::leave(const model::WorkspaceId& team) {
  TRY(call("POST", workspace_path(team, "/leave"), nullptr));
  return {};
}

Result<> TeamCalls::set_role(const model::WorkspaceId& team, const model::UserId& user,
                             std::string_view role) {
  TRY(call("PATCH", workspace_path(team, "/members/" + user.str()), Json{{"role", role}}));
  return {};
}

Result<> TeamCalls::remove_member(const model::WorkspaceId& team, const model::UserId& user) {
  TRY(call("DELETE", workspace_path(team, "/members/" + user.str()), nullptr));
  return {};
}

Result<InvitationRow> TeamCalls::invite(const model::WorkspaceId& team, std::string_view email,
                                        std::string_view role, std::string_view expires_at) {
  Json body = {{"email", email}, {"role", role}};
  if (!expires_at.empty()) body["expires_at"] = expires_at;
  TRY_ASSIGN(const Json json, call("POST", team_path(team, "/invite"), body));
  return decode_invitation(json);
}

Result<std::vector<InvitationRow>> TeamCalls::invitations(const model::WorkspaceId& team) {
  TRY_ASSIGN(const Json json, call("GET", team_path(team, "/invitations"), nullptr));
  return decode_list(json, "invitations", &decode_invitation);
}

Result<> TeamCalls::revoke_invitation(const model::WorkspaceId& team, std::string_view id) {
  TRY(call("DELETE", team_path(team, "/invitations/" + escape_segment(id)), nullptr));
  return {};
}

Result<std::vector<TokenRow>> TeamCalls::tokens() {
  TRY_ASSIGN(const Json json, call("GET", "/api/v1/tokens", nullptr));
  return decode_list(json, "tokens", &decode_token);
}

Result<TokenRow> TeamCalls::create_token(const TokenWish& wish) {
  Json body = {{"name", wish.name}};
  if (!wish.scopes.empty()) body["scopes"] = wish.scopes;
  if (!wish.workspaces.empty()) body["workspaces"] = wish.workspaces;
  if (!wish.expires_at.empty()) body["expires_at"] = wish.expires_at;
  TRY_ASSIGN(const Json json, call("POST", "/api/v1/tokens", body));
  return decode_token(json);
}

Result<> TeamCalls::revoke_token(std::string_view id) {
  TRY(call("DELETE", "/api/v1/tokens/" + escape_segment(id), nullptr));
  return {};
}

Result<NotificationChoices> TeamCalls::notification_choices() {
  TRY_ASSIGN(const Json json, call("GET", k_choices_path, nullptr));
  return decode_choices(json);
}

Result<NotificationChoices> TeamCalls::choose_notifications(const NotificationChoices& wanted) {
  Json body = Json::object();
  for (const auto& [kind, is_wanted] : wanted) body[std::string(model::name_of(kind))] = is_wanted;
  TRY_ASSIGN(const Json json, call("PUT", k_choices_path, body));
  return decode_choices(json);
}

} // namespace memsync::net::client
