#include <CLI/CLI.hpp>

#include "app/hub_program.h"

namespace memsync::app {

namespace {

struct InitOptions {
  std::string email, name, team;
};

hub::Answer<Output> init(HubProgram& program, const InitOptions& options) {
  TRY_ASSIGN(const auto store, program.create_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  TRY_ASSIGN(const auto made, admin.init(options.email, options.name, options.team));
  const std::string& data = program.data_folder();
  return Output{
      {{"user", made.user.view()}, {"workspace", made.workspace.view()}, {"token", made.token}},
      fmt::format("The hub is ready in {}.\n\n{}\nNext:\n\n"
                  "  memsync-hub serve --data {}\n"
                  "  memsync login --hub {} --token -      (paste the token; it is shown only now)\n"
                  "  memsync-hub invite --data {} --workspace {} --email SOMEBODY\n",
                  data,
                  render_pairs({{"owner", fmt::format("{} <{}>", options.name, options.email)},
                                {"team", fmt::format("{} ({})", options.team, made.workspace.view())},
                                {"token", made.token}}),
                  data, program.public_url(""), data, made.workspace.view())};
}

struct InviteOptions {
  std::string workspace, email, role = "member", public_url;
};

hub::Answer<Output> invite(HubProgram& program, const InviteOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  const auto role = *model::find_by_name<model::Role>(options.role);
  TRY_ASSIGN(const auto issued, admin.invite(options.workspace, options.email, role));
  const std::string hub_url = program.public_url(options.public_url);
  const std::string url = hub_url + "/invite/" + issued.token;
  const std::string expires = base::format_rfc3339(issued.invitation.expires_at);
  return Output{{{"token", issued.token}, {"url", url}, {"expires_at", expires}},
                fmt::format("Send this to {}; it works once, until {}:\n\n  {}\n\nOr have them run:\n\n"
                            "  memsync join --hub {} --invite {} --name \"THEIR NAME\"\n",
                            options.email, expires, url, hub_url, issued.token)};
}

} // namespace

void add_init_commands(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App& command = program.add_command(app, "init", "Make a hub: its first owner and their team",
                                          [&program, options] { return init(program, *options); });
  command.add_option("--owner-email", options->email, "E-mail address of the first owner")->required();
  command.add_option("--owner-name", options->name, "Name of the first owner")->required();
  command.add_option("--team", options->team, "Name of the first team")->required();

  const auto invitation = std::make_shared<InviteOptions>();
  CLI::App& invite_command =
      program.add_command(app, "invite", "Invite somebody to a workspace by e-mail address",
                          [&program, invitation] { return invite(program, *invitation); });
  invite_command.add_option("--workspace", invitation->workspace, "Id or name of the workspace")->required();
  invite_command.add_option("--email", invitation->email, "Whom to invite")->required();
  invite_command.add_option("--role", invitation->role, "owner, admin, member or viewer")
      ->check(CLI::IsMember({"owner", "admin", "member", "viewer"}))
      ->capture_default_str();
  invite_command.add_option("--public-url", invitation->public_url, "What the link begins with")
      ->envname("MEMSYNC_HUB_PUBLIC_URL");
}

} // namespace memsync::app
