#include "app/client_team_commands.h"

#include "app/client_action.h"
#include "cli/team.h"
#include "cli/token.h"

namespace memsync::app {

namespace {

using Options = std::shared_ptr<cli::TeamOptions>;

CLI::App* add(CLI::App& team, const char* name, const char* description, const Options& options,
              Action& chosen, base::Result<> (*run)(const cli::Context&, const cli::TeamOptions&)) {
  CLI::App* command = team.add_subcommand(name, description);
  on_parsed(command, chosen, options, run);
  return command;
}

void add_team_option(CLI::App* command, const Options& options) {
  command->add_option("--team", options->team, "its id, slug or name; not needed when there is one");
}

void add_role_option(CLI::App* command, const char* name, const Options& options) {
  command->add_option(name, options->role, "owner, admin, member or viewer")
      ->check(CLI::IsMember({"owner", "admin", "member", "viewer"}));
}

void add_workspace_commands(CLI::App& team, const Options& options, Action& chosen) {
  add(team, "list", "Your workspaces, personal and teams", options, chosen, &cli::run_team_list);
  CLI::App* create = add(team, "create", "Make a team, owned by you", options, chosen, &cli::run_team_create);
  create->add_option("name", options->name, "what people call it")->required();
  create->add_option("--slug", options->slug, "its short name for commands; else made of the name");
  CLI::App* rename = add(team, "rename", "Give a team another name", options, chosen, &cli::run_team_rename);
  rename->add_option("name", options->name, "the new one")->required();
  add_team_option(rename, options);
  CLI::App* destroy =
      add(team, "delete", "Take a team away from everybody in it", options, chosen, &cli::run_team_delete);
  destroy->add_option("--team", options->team, "its id, slug or name")->required();
  destroy->add_option("--confirm", options->name, "its exact name; without it you are asked to type it");
  add_team_option(add(team, "leave", "Leave a team", options, chosen, &cli::run_team_leave), options);
  add(team, "switch", "Use a workspace for this folder's project from now on", options, chosen,
      &cli::run_team_switch)
      ->add_option("name", options->team, "name or id")
      ->required();
}

void add_member_commands(CLI::App& team, const Options& options, Action& chosen) {
  add_team_option(add(team, "members", "Who is in a team", options, chosen, &cli::run_team_members), options);
  CLI::App* role = add(team, "role", "Change what somebody may do", options, chosen, &cli::run_team_role);
  role->add_option("who", options->email, "e-mail address or name")->required();
  add_role_option(role, "role", options);
  role->get_option("role")->required();
  add_team_option(role, options);
  CLI::App* remove =
      add(team, "remove", "Take somebody out of a team", options, chosen, &cli::run_team_remove);
  remove->add_option("who", options->email, "e-mail address or name")->required();
  add_team_option(remove, options);
}

void add_invitation_commands(CLI::App& team, const Options& options, Action& chosen) {
  CLI::App* invite =
      add(team, "invite", "Invite somebody by e-mail address", options, chosen, &cli::run_team_invite);
  invite->add_option("email", options->email, "whom")->required();
  add_role_option(invite, "--role", options);
  invite->add_option("--expires", options->expires, "like 3d or 2030-01-31; else in 7 days, at most in 30");
  add_team_option(invite, options);
  add_team_option(add(team, "invitations", "Who was invited, and what became of it", options, chosen,
                      &cli::run_team_invitations),
                  options);
  CLI::App* revoke = add(team, "revoke", "Take an invitation back", options, chosen, &cli::run_team_revoke);
  revoke->add_option("id", options->id, "its id, see `memsync team invitations`")->required();
  add_team_option(revoke, options);
}

void add_token_commands(CLI::App& app, Action& chosen) {
  CLI::App* token = app.add_subcommand("token", "Your API tokens")->require_subcommand(1);
  const auto options = std::make_shared<cli::TokenOptions>();
  on_parsed(token->add_subcommand("list", "What they are called and when they were last used"), chosen,
            &cli::run_token_list);
  CLI::App* create = token->add_subcommand("create", "Make one, never wider than this machine's own");
  create->add_option("name", options->name, "what it is for")->required();
  const auto scopes = create->add_option("--scope", options->scopes, "only this permission; may be repeated");
  create->add_flag("--read-only", options->is_read_only, "it reads and changes nothing")->excludes(scopes);
  create->add_option("--workspace", options->workspaces, "only in this one; may be repeated");
  create->add_option("--expires", options->expires, "like 90d or 2030-01-31; else never");
  on_parsed(create, chosen, options, &cli::run_token_create);
  CLI::App* revoke = token->add_subcommand("revoke", "End one at once");
  revoke->add_option("id", options->id, "its id, see `memsync token list`")->required();
  on_parsed(revoke, chosen, options, &cli::run_token_revoke);
}

} // namespace

void add_team_commands(CLI::App& app, Action& chosen) {
  CLI::App* team = app.add_subcommand("team", "Teams, their members and invitations")->require_subcommand(1);
  const auto options = std::make_shared<cli::TeamOptions>();
  add_workspace_commands(*team, options, chosen);
  add_member_commands(*team, options, chosen);
  add_invitation_commands(*team, options, chosen);
  add_token_commands(app, chosen);
}

} // namespace memsync::app
