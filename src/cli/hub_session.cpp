#include "cli/hub_session.h"

#include "agent/display.h"
#include "base/expiry.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using base::Result;
using net::client::TeamCalls;
using net::client::TeamInfo;

namespace {

Result<TeamInfo> choose(const std::vector<TeamInfo>& candidates, const std::string& named) {
  std::vector<TeamInfo> found;
  std::string known;
  for (const TeamInfo& team : candidates) {
    if (named == team.id.view() || (!named.empty() && named == team.slug)) return team;
    if (named.empty() || named == team.name) found.push_back(team);
    known += fmt::format("{}{}", known.empty() ? "" : ", ",
                         agent::show(team.slug.empty() ? team.name : team.slug));
  }
  if (found.size() == 1) return found.front();
  if (candidates.empty())
    return Error{ErrorCode::not_found, "you are in no team: `memsync team create NAME` makes one"};
  if (found.empty())
    return Error{ErrorCode::not_found,
                 fmt::format("nothing of yours is called {}; there is {}", named, known)};
  return Error{ErrorCode::validation, fmt::format("which one? Name one of {}", known)};
}

} // namespace

Result<TeamCalls> call_hub(const Settings& settings) {
  TRY_ASSIGN(const auto access, find_access(settings));
  if (!access) return Error{ErrorCode::validation, "sign in first: memsync login --hub https://..."};
  return TeamCalls::make(*access);
}

Result<TeamInfo> choose_workspace(TeamCalls& calls, const std::string& named) {
  TRY_ASSIGN(const auto all, calls.teams());
  return choose(all, named);
}

Result<TeamInfo> choose_team(TeamCalls& calls, const std::string& named) {
  TRY_ASSIGN(auto all, calls.teams());
  std::erase_if(all, [](const TeamInfo& each) { return each.kind != model::WorkspaceKind::team; });
  return choose(all, named);
}

Result<> name_missing(Result<> result, std::string message) {
  if (result || result.error().code != ErrorCode::not_found) return result;
  return Error{ErrorCode::not_found, std::move(message)};
}

Result<std::string> read_expiry(const std::string& text) {
  if (text.empty()) return std::string();
  base::SystemClock clock;
  const auto time = base::parse_expiry(text, clock.now());
  if (time) return base::format_rfc3339(*time);
  return Error{ErrorCode::validation,
               fmt::format("\"{}\" is no time to come: give one such as 3d, 90d or 2030-01-31", text)};
}

} // namespace memsync::cli
