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

Result<> send(const HubAccess& access, const std::string& method, const std::string& path, const Json& body) {
  Interrupter interrupter;
  const auto answer =
      Connection(access, {}, interrupter).send(method, path, body.is_null() ? "" : base::dump_json(body));
  if (!answer) return wire::to_error(problem_of(answer.error()));
  if (answer->head.status == 204) return {};
  const auto json = read_json(*answer);
  if (!json) return wire::to_error(json.error());
  return {};
}

DeviceAnswer parse_device_answer(std::string_view status) {
  if (status == "allowed") return DeviceAnswer::allowed;
  return status == "denied" ? DeviceAnswer::denied : DeviceAnswer::waiting;
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

Result<DeviceSignIn> HubCalls::begin_device(std::string_view client) {
  TRY_ASSIGN(const Json json, post(access_, "/api/v1/auth/device", Json{{"client", client}}));
  wire::ObjectReader reader(json, "device");
  DeviceSignIn begun;
  begun.device_code = reader.text("device_code");
  begun.user_code = reader.text("user_code");
  begun.page = reader.text("verification_uri");
  begun.page_with_code = reader.optional_text("verification_uri_complete").value_or(begun.page);
  begun.lifetime = std::chrono::seconds(reader.optional_int("expires_in").value_or(600));
  begun.interval =
      std::chrono::seconds(std::max<std::int64_t>(1, reader.optional_int("interval").value_or(5)));
  TRY(reader.result());
  return begun;
}

Result<DeviceState> HubCalls::ask_device(std::string_view device_code) {
  TRY_ASSIGN(const Json json, post(access_, "/api/v1/auth/device/token", Json{{"device_code", device_code}}));
  wire::ObjectReader reader(json, "device");
  DeviceState state{parse_device_answer(reader.text("status")), reader.optional_text("token").value_or("")};
  TRY(reader.result());
  return state;
}

Result<> HubCalls::log_out() { return send(access_, "POST", "/api/v1/auth/logout", nullptr); }

Result<> HubCalls::set_password(std::string_view current, std::string_view next) {
  Json body = {{"new", next}};
  if (!current.empty()) body["current"] = current;
  return send(access_, "POST", "/api/v1/auth/password", body);
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
