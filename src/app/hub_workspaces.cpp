#include <CLI/CLI.hpp>

#include "app/hub_program.h"

namespace memsync::app {

namespace {

struct WorkspaceOptions {
  std::string workspace, email, name, role;
};

hub::Answer<Output> list_workspaces(HubProgram& program) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto workspaces, hub::Admin(program.clock(), program.random(), *store).workspaces());
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::Workspace& workspace : workspaces) {
    const std::string kind(model::name_of(workspace.kind));
    list.push_back({{"id", workspace.id.view()}, {"kind", kind}, {"name", workspace.name}});
    rows.push_back({workspace.id.str(), kind, workspace.name});
  }
  return Output{{{"workspaces", std::move(list)}}, render_table({"ID", "KIND", "NAME"}, rows)};
}

hub::Answer<Output> create_workspace(HubProgram& program, const WorkspaceOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  TRY_ASSIGN(const auto made, admin.create_workspace(options.email, options.name));
  return Output{{{"workspace", made.id.view()}, {"name", made.name}},
                fmt::format("{} is made, owned by {}.\n\n{}", made.name, options.email,
                            render_pairs({{"workspace", made.id.str()}}))};
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

} // namespace

void add_workspace_commands(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<WorkspaceOptions>();
  CLI::App* workspace =
      app.add_subcommand("workspace", "Workspaces and their members")->require_subcommand(1);
  const auto add_workspace = [&](CLI::App& command) {
    command.add_option("--workspace", options->workspace, "Id or name of the workspace")->required();
  };
  const auto add_email = [&](CLI::App& command, const char* name, const char* description) {
    command.add_option(name, options->email, description)->required();
  };
  program.add_command(*workspace, "list", "Every workspace", [&program] { return list_workspaces(program); });
  CLI::App& create = program.add_command(*workspace, "create", "Make a team",
                                         [&program, options] { return create_workspace(program, *options); });
  add_email(create, "--owner-email", "E-mail address of its owner");
  create.add_option("--name", options->name, "Name of the team")->required();
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
}

} // namespace memsync::app
