#include "net/client/hub_calls.h"

#include "net/client/routes.h"
#include "wire/json_reader.h"

namespace memsync::net::client {

using base::Json;
using base::Result;

namespace {

/// The answer as JSON; the hub's refusal or the missing connection as Error.
Result<Json> read_answer(const base::Expected<Answer, NoAnswer>& answer) {
  if (!answer) return wire::to_error(problem_of(answer.error()));
  auto json = read_json(*answer);
  if (!json) return wire::to_error(json.error());
  return *std::move(json);
}

Result<Json> get(const HubAccess& access, const std::string& path) {
  Interrupter interrupter;
  return read_answer(Connection(access, {}, interrupter).get(path));
}

Result<Json> post(const HubAccess& access, const std::string& path, const Json& body) {
  Interrupter interrupter;
  return read_answer(Connection(access, {}, interrupter).post(path, base::dump_json(body)));
}

} // namespace

Result<HubCalls> HubCalls::make(HubAccess access) {
  TRY(check_access(access));
  return HubCalls(std::move(access));
}

Result<wire::Me> HubCalls::me() {
  TRY_ASSIGN(const Json json, get(access_, "/api/v1/me"));
  return wire::decode_me(json);
}

Result<HubHealth> HubCalls::health() {
  Interrupter interrupter;
  const auto answer = Connection(access_, {}, interrupter).get("/healthz");
  TRY_ASSIGN(const Json json, read_answer(answer));
  wire::ObjectReader reader(json, "health");
  HubHealth health;
  health.version = reader.optional_text("version").value_or("");
  health.hub_time = answer->head.hub_time;
  return health;
}

Result<wire::WorkspaceDigest> HubCalls::digest(const model::WorkspaceId& workspace) {
  TRY_ASSIGN(const Json json, get(access_, fmt::format("/api/v1/workspaces/{}/digest", workspace.view())));
  return wire::decode_workspace_digest(json);
}

Result<wire::InvitationAccepted> HubCalls::accept_invitation(std::string_view token, std::string_view name) {
  TRY_ASSIGN(const Json json,
             post(access_, fmt::format("/api/v1/invitations/{}/accept", escape_segment(token)),
                  Json{{"name", name}}));
  return wire::decode_invitation_accepted(json);
}

Result<Invitation> HubCalls::create_invitation(const model::WorkspaceId& workspace, std::string_view email,
                                               model::Role role) {
  TRY_ASSIGN(const Json json, post(access_, fmt::format("/api/v1/teams/{}/invite", workspace.view()),
                                   Json{{"email", email}, {"role", model::name_of(role)}}));
  wire::ObjectReader reader(json, "invitation");
  Invitation invitation;
  invitation.token = reader.text("token");
  invitation.url = reader.optional_text("url").value_or("");
  invitation.expires_at = reader.optional_text("expires_at").value_or("");
  TRY(reader.result());
  return invitation;
}

} // namespace memsync::net::client
