#include "net/server/account_json.h"
#include "net/server/dispatcher.h"
#include "net/server/handlers.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Json;

namespace {

Response without_cache(int status, std::string content_type, std::string body) {
  return {status,
          std::move(content_type),
          std::move(body),
          {{"Cache-Control", "no-store"}, {"Referrer-Policy", "no-referrer"}}};
}

} // namespace

hub::Answer<Response> invite(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<model::WorkspaceId>("id"));
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "invitation");
  const std::string email = reader.text("email");
  const auto role = reader.optional_name<model::Role>("role").value_or(model::Role::member);
  const base::Timestamp now = call.hub.clock().now();
  std::optional<base::Timestamp> expires_at;
  if (const auto text = reader.optional_text("expires_at")) {
    expires_at = base::parse_time(*text, now);
    if (!expires_at) reader.fail("expires_at", "must be a time such as 2030-01-31T00:00:00Z");
  }
  TRY(reader.result());
  TRY_ASSIGN(const auto issued, call.hub.invite(call.caller(), workspace, email, role, expires_at));
  const std::string url = call.dispatcher.public_url() + "/invite/" + issued.token;
  const auto mailing = call.hub.mail_invitation(call.caller(), issued.invitation, url);
  Json body = to_json(issued.invitation, now);
  body["token"] = issued.token;
  body["url"] = url;
  body["mail"] = mailing == hub::Hub::Mailing::queued ? "queued" : "off";
  return without_cache(201, "application/json", base::dump_json(body));
}

hub::Answer<Response> list_invitations(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<model::WorkspaceId>("id"));
  TRY_ASSIGN(const auto rows, call.hub.invitations(call.caller(), workspace));
  return Response::json(list_json("invitations", rows, call.hub.clock().now()));
}

hub::Answer<Response> revoke_invitation(Call& call) {
  TRY_ASSIGN(const auto workspace, call.request.id<model::WorkspaceId>("id"));
  TRY_ASSIGN(const auto invitation, call.request.id<hub::InvitationId>("invitation"));
  TRY(call.hub.revoke_invitation(call.caller(), workspace, invitation));
  return Response::empty();
}

hub::Answer<Response> show_invitation(Call& call) {
  TRY_ASSIGN(const auto info,
             call.hub.invitation_info(call.request.arguments["token"], call.request.address));
  return without_cache(200, "application/json", base::dump_json(to_json(info)));
}

hub::Answer<Response> accept_invitation(Call& call) {
  std::string name;
  if (!call.request.body.empty()) {
    TRY_ASSIGN(const auto json, call.request.json());
    wire::ObjectReader reader(json, "acceptance");
    name = reader.optional_text("name").value_or("");
    TRY(reader.result());
  }
  TRY_ASSIGN(const auto accepted, call.hub.accept_invitation(call.request.arguments["token"], std::move(name),
                                                             call.principal, call.request.address));
  return without_cache(200, "application/json", wire::encode(accepted));
}

hub::Answer<Response> explain_invitation(Call& call) {
  const std::string& token = call.request.arguments["token"];
  TRY_ASSIGN(const auto info, call.hub.invitation_info(token, call.request.address));
  return without_cache(
      200, "text/plain; charset=utf-8",
      fmt::format("{} invites {} to share memory in \"{}\".\n\nAccept it in a terminal:\n\n"
                  "    memsync join --hub {} --invite {} --name \"Your Name\"\n\n"
                  "The invitation is valid until {} and works once.\n",
                  info.invited_by, info.email, info.workspace_name, call.dispatcher.public_url(), token,
                  base::format_rfc3339(info.expires_at)));
}

} // namespace memsync::net::server
