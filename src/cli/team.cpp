#include "cli/team.h"

#include "agent/display.h"
#include "cli/hub_session.h"
#include "cli/wording.h"
#include "tools/use_workspace.h"
#include "wire/presence_codec.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using net::client::InvitationRow;
using net::client::TeamCalls;
using net::client::TeamInfo;

namespace {

Result<wire::MemberInfo> find_member(const TeamInfo& team, const std::string& who) {
  std::vector<wire::MemberInfo> found;
  for (const wire::MemberInfo& member : team.members) {
    if (member.email == who || member.id.view() == who) return member;
    if (member.name == who) found.push_back(member);
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1)
    return Error{ErrorCode::validation,
                 fmt::format("several members are called {}: give an e-mail address", who)};
  return Error{ErrorCode::not_found, fmt::format("{} is no member of {}", who, team.name)};
}

Json to_json(const TeamInfo& team) {
  Json json = {{"id", team.id.view()},
               {"kind", model::name_of(team.kind)},
               {"name", team.name},
               {"role", model::name_of(team.role)},
               {"members", team.members.size()}};
  if (!team.slug.empty()) json["slug"] = team.slug;
  return json;
}

/// `active, claude-code/2.1`
Cell present_cell(const model::PresentMember& member) {
  const model::Presence& presence = member.presence;
  const std::string with =
      presence.client.empty() ? std::string(model::name_of(presence.kind)) : agent::show(presence.client);
  return {fmt::format("{}, {}", model::name_of(presence.state), with),
          presence.state == model::PresenceState::active ? Style::green : Style::dim};
}

Json to_json(const InvitationRow& row) {
  Json json = {{"id", row.id},
               {"email", row.email},
               {"role", row.role},
               {"expires_at", row.expires_at},
               {"status", row.status}};
  if (!row.token.empty()) json.update({{"token", row.token}, {"url", row.url}, {"mail", row.mail}});
  return json;
}

} // namespace

Result<> run_team_list(const Context& context, const TeamOptions&) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto teams, calls.teams());
  Json list = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const TeamInfo& team : teams) {
    list.push_back(to_json(team));
    rows.push_back({{agent::show(team.name), Style::bold},
                    {team.slug.empty() ? "-" : team.slug},
                    {std::string(model::name_of(team.kind))},
                    {std::string(model::name_of(team.role))},
                    {std::to_string(team.members.size())}});
  }
  context.show(Json{{"workspaces", std::move(list)}},
               format_table(context.terminal,
                            {{"NAME"}, {"SLUG"}, {"KIND"}, {"YOUR ROLE"}, {"MEMBERS", Align::right}}, rows));
  return {};
}

Result<> run_team_create(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, calls.create(options.name, options.slug));
  context.show(to_json(team),
               fmt::format("{} is made ({}). Next:\n  memsync team invite SOMEBODY@EXAMPLE.ORG "
                           "--team {}\n  memsync sync\n",
                           agent::show(team.name), team.slug, team.slug));
  return {};
}

Result<> run_team_rename(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY(calls.rename(team.id, options.name));
  context.show(Json{{"id", team.id.view()}, {"name", options.name}},
               fmt::format("{} is called {} now.\n", agent::show(team.name), agent::show(options.name)));
  return {};
}

Result<> run_team_delete(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  std::string typed = options.name;
  if (typed.empty()) {
    if (!context.json)
      context.write(fmt::format("This takes {} away from its {}. Type its name to go on: ",
                                agent::show(team.name), agent::count_of(team.members.size(), "member")));
    typed = context.read_line().value_or("");
  }
  if (typed != team.name)
    return Error{ErrorCode::validation,
                 fmt::format("nothing was deleted: that is not the name \"{}\"", agent::show(team.name))};
  TRY(calls.remove(team.id, typed));
  context.show(Json{{"deleted", team.id.view()}},
               fmt::format("{} is gone for everybody. What machines hold of it stays readable there.\n",
                           agent::show(team.name)));
  return {};
}

Result<> run_team_leave(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY(calls.leave(team.id));
  context.show(
      Json{{"left", team.id.view()}},
      fmt::format("You left {}: this machine deletes its copy with the next sync, and sets aside what was "
                  "not sent.\n",
                  agent::show(team.name)));
  return {};
}

Result<> run_team_switch(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  if (!bench->session.project())
    return Error{ErrorCode::validation,
                 "a workspace is switched for a project: run this inside its git repository"};
  tools::WorkspaceArguments arguments;
  arguments.workspace = options.team;
  arguments.remember_for_project = true;
  TRY_ASSIGN(const auto result, tools::use_workspace(bench->session, arguments));
  const auto rendered = tools::render(result);
  context.show(rendered.structured, for_people(rendered.text) + "\n");
  return {};
}

Result<> run_team_members(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY_ASSIGN(const auto present, calls.present(team.id));
  Json list = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const wire::MemberInfo& member : team.members) {
    Json sessions = Json::array();
    Cell now;
    for (const model::PresentMember& each : present) {
      if (each.user != member.id) continue;
      if (sessions.empty()) now = present_cell(each);
      sessions.push_back(wire::encode_present(each));
    }
    list.push_back(wire::encode_member(member));
    list.back()["present"] = std::move(sessions);
    rows.push_back({{agent::show(member.name), Style::bold},
                    {agent::show(member.email)},
                    {std::string(model::name_of(member.role))},
                    std::move(now)});
  }
  context.show(Json{{"team", to_json(team)}, {"members", std::move(list)}},
               format_table(context.terminal, {{"NAME"}, {"E-MAIL"}, {"ROLE"}, {"NOW"}}, rows));
  return {};
}

Result<> run_team_role(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY_ASSIGN(const auto member, find_member(team, options.email));
  TRY(calls.set_role(team.id, member.id, options.role));
  context.show(
      Json{{"user", member.id.view()}, {"role", options.role}},
      fmt::format("{} is {} of {} now.\n", agent::show(member.name), options.role, agent::show(team.name)));
  return {};
}

Result<> run_team_remove(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY_ASSIGN(const auto member, find_member(team, options.email));
  TRY(calls.remove_member(team.id, member.id));
  context.show(Json{{"removed", member.id.view()}},
               fmt::format("{} is no longer in {}; their machines delete their copies.\n",
                           agent::show(member.name), agent::show(team.name)));
  return {};
}

Result<> run_team_invite(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY_ASSIGN(const auto expires_at, read_expiry(options.expires));
  TRY_ASSIGN(const auto made, calls.invite(team.id, options.email, options.role, expires_at));
  const char* const mailed =
      made.mail == "queued" ? "A mail is on its way; in case it gets lost, send" : "Send";
  context.show(to_json(made),
               fmt::format("{} this to {}; it works once, until {}:\n\n  {}\n\nOr have them run:\n\n"
                           "  memsync join --hub {} --invite {} --name \"THEIR NAME\"\n",
                           mailed, agent::show(made.email), made.expires_at, made.url, context.settings.hub,
                           made.token));
  return {};
}

Result<> run_team_invitations(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY_ASSIGN(const auto invitations, calls.invitations(team.id));
  Json list = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const InvitationRow& row : invitations) {
    list.push_back(to_json(row));
    rows.push_back({{row.id}, {agent::show(row.email)}, {row.role}, {row.expires_at}, {row.status}});
  }
  context.show(Json{{"invitations", std::move(list)}},
               rows.empty() ? "Nobody was invited.\n"
                            : format_table(context.terminal,
                                           {{"ID"}, {"E-MAIL"}, {"ROLE"}, {"EXPIRES"}, {"STATUS"}}, rows));
  return {};
}

Result<> run_team_revoke(const Context& context, const TeamOptions& options) {
  TRY_ASSIGN(TeamCalls calls, call_hub(context.settings));
  TRY_ASSIGN(const auto team, choose_team(calls, options.team));
  TRY(name_missing(calls.revoke_invitation(team.id, options.id),
                   fmt::format("there is no invitation {} to {}: `memsync team invitations` lists them",
                               options.id, agent::show(team.name))));
  context.show(Json{{"revoked", options.id}}, "The invitation works no more.\n");
  return {};
}

} // namespace memsync::cli
