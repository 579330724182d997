#include "cli/token.h"

#include "agent/display.h"
#include "cli/hub_session.h"

namespace memsync::cli {

using net::client::TeamCalls;
using net::client::TokenRow;

namespace {

Json to_json(const TokenRow& row) {
  Json json = {{"id", row.id},
               {"name", row.name},
               {"scopes", row.scopes},
               {"workspaces", row.workspaces},
               {"created_at", row.created_at}};
  for (const auto& [name, text] :
       {std::pair("last_used_at", row.last_used_at), std::pair("expires_at", row.expires_at),
        std::pair("revoked_at", row.revoked_at), std::pair("token", row.secret)})
    if (!text.empty()) json[name] = text;
  return json;
}

std::string state_of(const TokenRow& row) {
  if (!row.revoked_at.empty()) return "revoked";
  return row.expires_at.empty() ? "valid" : "until " + row.expires_at;
}

} // namespace

Result<> run_token_list(const Context& context) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto tokens, calls.tokens());
  Json list = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const TokenRow& row : tokens) {
    list.push_back(to_json(row));
    rows.push_back({{row.id},
                    {agent::show(row.name), Style::bold},
                    {row.last_used_at.empty() ? "never" : row.last_used_at},
                    {state_of(row)}});
  }
  context.show(Json{{"tokens", std::move(list)}},
               format_table(context.terminal, {{"ID"}, {"NAME"}, {"LAST USED"}, {"STATE"}}, rows));
  return {};
}

Result<> run_token_create(const Context& context, const TokenOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TeamCalls::TokenWish wish{options.name, "", options.scopes, {}};
  if (options.is_read_only) wish.scopes = {"memory.read", "team.read"};
  TRY_ASSIGN(wish.expires_at, read_expiry(options.expires));
  for (const std::string& named : options.workspaces) {
    TRY_ASSIGN(const auto workspace, choose_workspace(calls, named));
    wish.workspaces.push_back(workspace.id.str());
  }
  TRY_ASSIGN(const auto made, calls.create_token(wish));
  context.show(to_json(made), fmt::format("The token, shown only now:\n\n  {}\n\nEnd it with:\n\n"
                                          "  memsync token revoke {}\n",
                                          made.secret, made.id));
  return {};
}

Result<> run_token_revoke(const Context& context, const TokenOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY(name_missing(calls.revoke_token(options.id),
                   fmt::format("there is no token {}: `memsync token list` lists them", options.id)));
  context.show(Json{{"revoked", options.id}}, "The token works no more.\n");
  return {};
}

} // namespace memsync::cli
