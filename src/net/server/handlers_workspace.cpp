#include "net/server/account_json.h"
#include "net/server/handlers.h"
#include "wire/json_reader.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using model::UserId;
using model::WorkspaceId;

namespace {

Json to_json(const hub::WorkspaceDetails& workspace) {
  Json json = wire::encode_workspace(workspace);
  json["created_at"] = base::format_rfc3339(workspace.created_at);
  if (!workspace.slug.empty()) json["slug"] = workspace.slug;
  return json;
}

Response workspace_response(int status, const hub::WorkspaceDetails& workspace) {
  return {status, "application/json", base::dump_json(to_json(workspace)), {}};
}

Result<hub::WorkspaceChange> read_workspace_change(const Request& request) {
  TRY_ASSIGN(const auto json, request.json());
  wire::ObjectReader reader(json, "workspace");
  hub::WorkspaceChange change{reader.optional_text("name"), reader.optional_name<model::Strategy>("strategy"),
                              reader.optional_text("slug")};
  if (!change.name && !change.strategy && !change.slug) reader.fail("", "needs name, slug or strategy");
  TRY(reader.result());
  return change;
}

} // namespace

hub::Answer<Response> list_workspaces(Call& call) {
  TRY_ASSIGN(const auto workspaces, call.hub.workspaces(call.caller()));
  Json list = Json::array();
  for (const auto& workspace : workspaces) list.push_back(to_json(workspace));
  return Response::json(base::dump_json({{"workspaces", std::move(list)}}));
}

hub::Answer<Response> create_workspace(Call& call) {
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "workspace");
  std::string name = reader.text("name");
  const auto slug = reader.optional_text("slug");
  TRY(reader.result());
  TRY_ASSIGN(const auto workspace, call.hub.create_workspace(call.caller(), std::move(name), slug));
  return workspace_response(201, workspace);
}

hub::Answer<Response> show_workspace(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto workspace, call.hub.workspace(call.caller(), id));
  return workspace_response(200, workspace);
}

hub::Answer<Response> change_workspace(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto change, read_workspace_change(call.request));
  TRY_ASSIGN(const auto workspace, call.hub.change_workspace(call.caller(), id, change));
  return workspace_response(200, workspace);
}

hub::Answer<Response> delete_workspace(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY(call.hub.delete_workspace(call.caller(), id, call.request.target.find("confirm").value_or("")));
  return Response::empty();
}

hub::Answer<Response> list_members(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto members, call.hub.members(call.caller(), id));
  Json list = Json::array();
  for (const auto& member : members) list.push_back(wire::encode_member(member));
  return Response::json(base::dump_json({{"members", std::move(list)}}));
}

hub::Answer<Response> change_role(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto user, call.request.id<UserId>("user"));
  TRY_ASSIGN(const auto json, call.request.json());
  wire::ObjectReader reader(json, "member");
  const auto role = reader.name<model::Role>("role");
  TRY(reader.result());
  TRY(call.hub.change_role(call.caller(), id, user, role));
  return Response::empty();
}

hub::Answer<Response> remove_member(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  TRY_ASSIGN(const auto user, call.request.id<UserId>("user"));
  TRY(call.hub.remove_member(call.caller(), id, user));
  return Response::empty();
}

hub::Answer<Response> leave_workspace(Call& call) {
  TRY_ASSIGN(const auto id, call.request.id<WorkspaceId>("id"));
  if (!call.request.body.empty()) TRY(call.request.json());
  TRY(call.hub.leave(call.caller(), id));
  return Response::empty();
}

} // namespace memsync::net::server
