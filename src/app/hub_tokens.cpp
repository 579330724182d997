#include <CLI/CLI.hpp>

#include "app/hub_program.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;

namespace {

struct TokenOptions {
  std::string email, name = "command line", expires, id;
  std::vector<std::string> scopes, workspaces;
};

base::Result<hub::TokenRequest> to_request(const TokenOptions& options, base::Timestamp now) {
  hub::TokenRequest request;
  request.name = options.name;
  if (!options.scopes.empty()) request.scopes = hub::PermissionSet();
  for (const std::string& name : options.scopes) {
    const auto permission = model::find_by_name<model::Permission>(name);
    if (!permission)
      return Error{ErrorCode::validation,
                   fmt::format("--scope {}: no such permission; the permissions are {}", name,
                               fmt::join(model::EnumNames<model::Permission>::names, ", "))};
    request.scopes.add(*permission);
  }
  for (const std::string& text : options.workspaces) {
    const auto id = model::WorkspaceId::parse(text);
    if (!id)
      return Error{ErrorCode::validation,
                   fmt::format("--workspace {}: give an id, see 'memsync-hub workspace list'", text)};
    request.workspaces.push_back(*id);
  }
  TRY_ASSIGN(request.expires_at, read_expiry(options.expires, now));
  return request;
}

std::string state_of(const hub::Token& token, base::Timestamp now) {
  if (token.revoked_at) return "revoked";
  if (!token.expires_at) return "valid";
  if (*token.expires_at <= now) return "expired";
  return "valid until " + base::format_rfc3339(*token.expires_at);
}

hub::Answer<Output> create_token(HubProgram& program, const TokenOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto request, to_request(options, program.clock().now()));
  hub::Admin admin(program.clock(), program.random(), *store);
  TRY_ASSIGN(const auto issued, admin.create_token(options.email, request));
  base::Json json = {{"id", issued.token.id.view()}, {"token", issued.secret}};
  if (issued.token.expires_at) json["expires_at"] = base::format_rfc3339(*issued.token.expires_at);
  return Output{std::move(json),
                fmt::format("A token for {}, shown only now:\n\n  {}\n\nRevoke it with:\n\n"
                            "  memsync-hub token revoke --data {} --id {}\n",
                            options.email, issued.secret, program.data_folder(), issued.token.id.view())};
}

hub::Answer<Output> list_tokens(HubProgram& program, const TokenOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto tokens, hub::Admin(program.clock(), program.random(), *store).tokens(options.email));
  base::Json list = base::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const hub::Token& token : tokens) {
    const std::string since = base::format_rfc3339(token.created_at);
    const std::string state = state_of(token, program.clock().now());
    const std::string used = token.used_at ? base::format_rfc3339(*token.used_at) : "never";
    list.push_back({{"id", token.id.view()}, {"name", token.name}, {"created_at", since}, {"state", state}});
    if (token.used_at) list.back()["last_used_at"] = used;
    rows.push_back({token.id.str(), token.name, since, used, state});
  }
  return Output{{{"tokens", std::move(list)}},
                render_table({"ID", "NAME", "CREATED", "LAST USED", "STATE"}, rows)};
}

hub::Answer<Output> revoke_token(HubProgram& program, const TokenOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  const auto id = hub::TokenId::parse(options.id);
  if (!id)
    return Error{ErrorCode::validation,
                 fmt::format("--id {}: that is no token id, see 'memsync-hub token list'", options.id)};
  TRY(hub::Admin(program.clock(), program.random(), *store).revoke_token(*id));
  return Output{{{"id", id->view()}}, "The token is revoked; its streams end within a second.\n"};
}

} // namespace

void add_token_commands(HubProgram& program, CLI::App& app) {
  const auto options = std::make_shared<TokenOptions>();
  CLI::App* token = app.add_subcommand("token", "Tokens, with which programs sign in")->require_subcommand(1);
  CLI::App& create = program.add_command(*token, "create", "Make a token for somebody",
                                         [&program, options] { return create_token(program, *options); });
  create.add_option("--email", options->email, "Whose token")->required();
  create.add_option("--name", options->name, "What it is for")->capture_default_str();
  create.add_option("--scope", options->scopes, "Only this permission, such as memory.read; may be repeated");
  create.add_option("--workspace", options->workspaces, "Only in this workspace (id); may be repeated");
  create.add_option("--expires", options->expires, "When it ends, such as 90d or 2030-01-31; default: never");
  CLI::App& list = program.add_command(*token, "list", "Somebody's tokens",
                                       [&program, options] { return list_tokens(program, *options); });
  list.add_option("--email", options->email, "Whose tokens")->required();
  CLI::App& revoke = program.add_command(*token, "revoke", "End a token at once",
                                         [&program, options] { return revoke_token(program, *options); });
  revoke.add_option("--id", options->id, "Id of the token")->required();
}

} // namespace memsync::app
