#include <CLI/CLI.hpp>

#include "app/hub_mail.h"
#include "app/hub_program.h"
#include "hub/invitation_mail.h"

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
  std::string workspace, email, role = "member", expires, public_url;
  MailOptions mail;
};

/// What became of the mail, for people; empty when none was wanted.
std::string mail_it(hub::Mailer* mailer, const hub::Invitation& invitation, const std::string& workspace,
                    const std::string& url) {
  if (!mailer) return "";
  const auto sent = mailer->send(hub::invitation_mail(invitation, "", workspace, url));
  return sent ? "sent" : "failed: " + sent.error().message;
}

hub::Answer<Output> invite(HubProgram& program, const InviteOptions& options) {
  TRY_ASSIGN(const auto mailer, make_mailer(options.mail, program.clock(), program.random()));
  TRY_ASSIGN(const auto expires_at, read_expiry(options.expires, program.clock().now()));
  TRY_ASSIGN(const auto store, program.open_store());
  hub::Admin admin(program.clock(), program.random(), *store);
  const auto role = *model::find_by_name<model::Role>(options.role);
  TRY_ASSIGN(const auto issued, admin.invite(options.workspace, options.email, role, expires_at));
  const std::string hub_url = program.public_url(options.public_url);
  const std::string url = hub_url + "/invite/" + issued.token;
  const std::string expires = base::format_rfc3339(issued.invitation.expires_at);
  const std::string mail = mail_it(mailer.get(), issued.invitation, options.workspace, url);
  base::Json json = {{"token", issued.token}, {"url", url}, {"expires_at", expires}};
  if (!mail.empty()) json["mail"] = mail;
  return Output{std::move(json),
                fmt::format("{}Send this to {}; it works once, until {}:\n\n  {}\n\nOr have them run:\n\n"
                            "  memsync join --hub {} --invite {} --name \"THEIR NAME\"\n",
                            mail.empty() ? "" : fmt::format("The mail was {}.\n\n", mail), options.email,
                            expires, url, hub_url, issued.token)};
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
  invite_command.add_option("--workspace", invitation->workspace, "Id, slug or name of the workspace")
      ->required();
  invite_command.add_option("--email", invitation->email, "Whom to invite")->required();
  invite_command.add_option("--role", invitation->role, "owner, admin, member or viewer")
      ->check(CLI::IsMember({"owner", "admin", "member", "viewer"}))
      ->capture_default_str();
  invite_command.add_option("--expires", invitation->expires,
                            "When it ends, such as 3d or 2030-01-31; default: in 7 days, at most in 30");
  add_mail_options(invite_command, invitation->mail);
  invite_command.add_option("--public-url", invitation->public_url, "What the link begins with")
      ->envname("MEMSYNC_HUB_PUBLIC_URL");
}

} // namespace memsync::app
