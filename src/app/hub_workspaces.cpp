#include <CLI/CLI.hpp>

#include "app/hub_program.h"
#include "hub/accounts.h"

namespace memsync::app {

namespace {

constexpr const char* k_workspace_help = "Id, slug or name of the workspace";

struct WorkspaceOptions {
  std::string workspace, email, name, role, confirm, invitation;
};

hub::Answer<Output> list_workspaces(HubProgram& program) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto workspaces, hub::Admin(program.clock(), program.random(), *store).workspaces());
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::Workspace& workspace : workspaces) {
    const std::string kind(model::name_of(workspace.kind));
    list.push_back({{"id", workspace.id.view()}, {"kind", kind}, {"name", workspace.name}});
    if (!workspace.slug.empty()) list.back()["slug"] = workspace.slug;
    rows.push_back({workspace.id.str(), kind, workspace.slug.empty() ? "-" : workspace.slug, workspace.name});
  }
  return Output{{{"workspaces", std::move(list)}}, render_table({"ID", "KIND", "SLUG", "NAME"}, rows)};
}

hub::Answer<Output> create_workspace(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  TRY_ASSIGN(const auto made, admin.create_workspace(options.email, options.name));
  return Output{{{"workspace", made.id.view()}, {"name", made.name}, {"slug", made.slug}},
                fmt::format("{} is made, owned by {}.\n\n{}", made.name, options.email,
                            render_pairs({{"workspace", made.id.str()}, {"slug", made.slug}}))};
}

hub::Answer<Output> rename_workspace(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY(hub::Admin(program.clock(), program.random(), *store)
          .rename_workspace(options.workspace, options.name));
  return Output{{{"name", options.name}}, fmt::format("It is called {} now.\n", options.name)};
}

hub::Answer<Output> delete_workspace(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY(hub::Admin(program.clock(), program.random(), *store)
          .delete_workspace(options.workspace, options.confirm));
  return Output{
      {{"deleted", options.workspace}},
      fmt::format("{} is gone for everybody in it; what their machines hold stays readable there.\n",
                  options.confirm)};
}

hub::Answer<Output> list_invitations(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto invitations,
             hub::Admin(program.clock(), program.random(), *store).invitations(options.workspace));
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::Invitation& each : invitations) {
    const std::string role(model::name_of(each.role)), expires = base::format_rfc3339(each.expires_at);
    const std::string state(hub::status_of(each, program.clock().now()));
    list.push_back({{"id", each.id.view()},
                    {"email", each.email},
                    {"role", role},
                    {"expires_at", expires},
                    {"state", state}});
    rows.push_back({each.id.str(), each.email, role, expires, state});
  }
  return Output{{{"invitations", std::move(list)}},
                render_table({"ID", "E-MAIL", "ROLE", "EXPIRES", "STATE"}, rows)};
}

hub::Answer<Output> revoke_invitation(HubProgram& program, const WorkspaceOptions& options) {
  const auto id = hub::InvitationId::parse(options.invitation);
  if (!id)
    return base::Error{
        base::ErrorCode::validation,
        fmt::format("--id {}: that is no invitation's id, see 'memsync-hub workspace invitations'",
                    options.invitation)};
  TRY_ASSIGN(const auto store, program.open_store());
  TRY(hub::Admin(program.clock(), program.random(), *store).revoke_invitation(options.workspace, *id));
  return Output{{{"id", id->view()}}, "The invitation works no more.\n"};
}

hub::Answer<Output> list_members(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto members,
             hub::Admin(program.clock(), program.random(), *store).members(options.workspace));
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const wire::MemberInfo& member : members) {
    list.push_back(wire::encode_member(member));
    rows.push_back({member.id.str(), member.email, member.name, std::string(model::name_of(member.role))});
  }
  return Output{{{"members", std::move(list)}}, render_table({"ID", "E-MAIL", "NAME", "ROLE"}, rows)};
}

hub::Answer<Output> remove_member(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY(hub::Admin(program.clock(), program.random(), *store).remove_member(options.workspace, options.email));
  return Output{{{"workspace", options.workspace}, {"email", options.email}},
                fmt::format("{} is no longer a member; their streams end within a second.\n", options.email)};
}

hub::Answer<Output> set_role(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  const auto role = *model::find_by_name<model::Role>(options.role);
  TRY(hub::Admin(program.clock(), program.random(), *store)
          .change_role(options.workspace, options.email, role));
  return Output{{{"workspace", options.workspace}, {"email", options.email}, {"role", options.role}},
                fmt::format("{} is now {}.\n", options.email, options.role)};
}

void add_invitation_commands(HubProgram& program, CLI::App& workspace,
                             const std::shared_ptr<WorkspaceOptions>& options) {
  CLI::App& invitations =
      program.add_command(workspace, "invitations", "Who was invited, and what became of it",
                          [&program, options] { return list_invitations(program, *options); });
  invitations.add_option("--workspace", options->workspace, k_workspace_help)->required();
  CLI::App& revoke =
      program.add_command(workspace, "revoke-invitation", "Take an invitation back",
                          [&program, options] { return revoke_invitation(program, *options); });
  revoke.add_option("--workspace", options->workspace, k_workspace_help)->required();
  revoke.add_option("--id", options->invitation, "Id of the invitation")->required();
}

} // namespace

void add_workspace_commands(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<WorkspaceOptions>();
  CLI::App* workspace =
      app.add_subcommand("workspace", "Workspaces and their members")->require_subcommand(1);
  const auto add_workspace = [&](CLI::App& command) {
    command.add_option("--workspace", options->workspace, k_workspace_help)->required();
  };
  const auto add_email = [&](CLI::App& command, const char* name, const char* description) {
    command.add_option(name, options->email, description)->required();
  };
  program.add_command(*workspace, "list", "Every workspace", [&program] { return list_workspaces(program); });
  CLI::App& create = program.add_command(*workspace, "create", "Make a team",
                                         [&program, options] { return create_workspace(program, *options); });
  add_email(create, "--owner-email", "E-mail address of its owner");
  create.add_option("--name", options->name, "Name of the team")->required();
  CLI::App& rename = program.add_command(*workspace, "rename", "Give a team another name",
                                         [&program, options] { return rename_workspace(program, *options); });
  add_workspace(rename);
  rename.add_option("--name", options->name, "The new name")->required();
  CLI::App& destroy =
      program.add_command(*workspace, "delete", "Take a team away from everybody in it",
                          [&program, options] { return delete_workspace(program, *options); });
  add_workspace(destroy);
  destroy.add_option("--confirm", options->confirm, "The exact name of the team")->required();
  CLI::App& members = program.add_command(*workspace, "members", "Who is in a workspace",
                                          [&program, options] { return list_members(program, *options); });
  add_workspace(members);
  CLI::App& remove = program.add_command(*workspace, "remove-member", "Take somebody out of a workspace",
                                         [&program, options] { return remove_member(program, *options); });
  add_workspace(remove);
  add_email(remove, "--email", "Whom to take out");
  CLI::App& role = program.add_command(*workspace, "set-role", "Change what somebody may do",
                                       [&program, options] { return set_role(program, *options); });
  add_workspace(role);
  add_email(role, "--email", "Whose role");
  role.add_option("--role", options->role, "owner, admin, member or viewer")
      ->check(CLI::IsMember({"owner", "admin", "member", "viewer"}))
      ->required();
  add_invitation_commands(program, *workspace, options);
}

} // namespace memsync::app
