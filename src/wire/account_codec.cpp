#include "wire/hub_messages.h"
#include "wire/json_reader.h"

namespace memsync::wire {

using base::Json;
using base::Result;
using namespace model;

namespace {

Result<MemberInfo> decode_member(const Json& json) {
  ObjectReader reader(json, "member");
  MemberInfo member;
  member.id = reader.id<UserId>("id");
  member.name = reader.text("name");
  member.email = reader.optional_text("email").value_or("");
  member.role = reader.name<Role>("role");
  TRY(reader.result());
  return member;
}

Result<MemberInfo> decode_former(const Json& json) {
  ObjectReader reader(json, "former member");
  MemberInfo member;
  member.id = reader.id<UserId>("id");
  member.name = reader.text("name");
  TRY(reader.result());
  return member;
}

Result<WorkspaceInfo> decode_workspace(const Json& json) {
  ObjectReader reader(json, "workspace");
  WorkspaceInfo workspace;
  workspace.id = reader.id<WorkspaceId>("id");
  workspace.kind = reader.name<WorkspaceKind>("kind");
  workspace.name = reader.text("name");
  workspace.role = reader.name<Role>("role");
  workspace.strategy = reader.optional_name<Strategy>("strategy").value_or(Strategy::merge);
  reader.list("members", workspace.members, &decode_member);
  if (reader.find("former_members")) reader.list("former_members", workspace.former, &decode_former);
  TRY(reader.result());
  return workspace;
}

} // namespace

Json encode_member(const MemberInfo& member) {
  return {{"id", member.id.view()},
          {"name", member.name},
          {"email", member.email},
          {"role", name_of(member.role)}};
}

Json encode_workspace(const WorkspaceInfo& workspace) {
  Json members = Json::array();
  for (const MemberInfo& member : workspace.members) members.push_back(encode_member(member));
  Json json = {{"id", workspace.id.view()},
               {"kind", name_of(workspace.kind)},
               {"name", workspace.name},
               {"role", name_of(workspace.role)},
               {"strategy", name_of(workspace.strategy)},
               {"members", std::move(members)}};
  if (workspace.former.empty()) return json;
  Json former = Json::array();
  for (const MemberInfo& member : workspace.former)
    former.push_back({{"id", member.id.view()}, {"name", member.name}});
  json["former_members"] = std::move(former);
  return json;
}

std::string encode(const Me& me) {
  Json workspaces = Json::array();
  for (const WorkspaceInfo& workspace : me.workspaces) workspaces.push_back(encode_workspace(workspace));
  return base::dump_json({{"id", me.id.view()},
                          {"name", me.name},
                          {"email", me.email},
                          {"epoch", number_text(me.epoch.value)},
                          {"workspaces", std::move(workspaces)}});
}

Result<Me> decode_me(const Json& json) {
  ObjectReader reader(json, "me");
  Me me;
  me.id = reader.id<UserId>("id");
  me.name = reader.text("name");
  me.email = reader.optional_text("email").value_or("");
  me.epoch = Epoch{reader.u64("epoch")};
  reader.list("workspaces", me.workspaces, &decode_workspace);
  TRY(reader.result());
  return me;
}

std::string encode(const InvitationAccepted& accepted) {
  return base::dump_json(
      {{"user", {{"id", accepted.user.view()}, {"name", accepted.name}, {"email", accepted.email}}},
       {"workspace",
        {{"id", accepted.workspace.view()},
         {"name", accepted.workspace_name},
         {"role", name_of(accepted.role)}}},
       {"token", accepted.token}});
}

Result<InvitationAccepted> decode_invitation_accepted(const Json& json) {
  ObjectReader reader(json, "invitation");
  const Json* user = reader.find("user");
  const Json* workspace = reader.find("workspace");
  if (!user || !workspace) reader.fail("", "needs user and workspace");
  TRY(reader.result());
  InvitationAccepted accepted;
  accepted.token = reader.text("token");
  ObjectReader person(*user, "user");
  accepted.user = person.id<UserId>("id");
  accepted.name = person.text("name");
  accepted.email = person.text("email");
  ObjectReader place(*workspace, "workspace");
  accepted.workspace = place.id<WorkspaceId>("id");
  accepted.workspace_name = place.text("name");
  accepted.role = place.name<Role>("role");
  TRY(reader.result());
  TRY(person.result());
  TRY(place.result());
  return accepted;
}

} // namespace memsync::wire
