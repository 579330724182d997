#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct TeamOptions {
  std::string team;  // id, slug or name; empty: the only one
  std::string name;  // a new name, or the confirmation of a deletion
  std::string slug;  // of a new team; empty: made of its name
  std::string email; // whom
  std::string role = "member";
  std::string expires; // "3d", a date; empty: the hub's default
  std::string id;      // of an invitation
};

/// The commands of `memsync team`: what its hub would do for whoever is signed in here. Each fails with the
/// hub's reason, `validation` when no hub or no single team is meant, `offline` when it cannot be reached.
Result<> run_team_list(const Context& context, const TeamOptions& options);
Result<> run_team_create(const Context& context, const TeamOptions& options);
Result<> run_team_rename(const Context& context, const TeamOptions& options);
/// Asks for the name to be typed when it was not given.
Result<> run_team_delete(const Context& context, const TeamOptions& options);
Result<> run_team_leave(const Context& context, const TeamOptions& options);
/// The workspace for work in this folder's project from now on (`use_workspace`).
Result<> run_team_switch(const Context& context, const TeamOptions& options);
Result<> run_team_members(const Context& context, const TeamOptions& options);
Result<> run_team_role(const Context& context, const TeamOptions& options);
Result<> run_team_remove(const Context& context, const TeamOptions& options);
Result<> run_team_invite(const Context& context, const TeamOptions& options);
Result<> run_team_invitations(const Context& context, const TeamOptions& options);
Result<> run_team_revoke(const Context& context, const TeamOptions& options);

} // namespace memsync::cli
