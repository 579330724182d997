#pragma once

#include <string>

#include "cli/settings.h"
#include "net/client/team_calls.h"

namespace memsync::cli {

/// Talks to the hub this memory is signed in to; `validation` when there is none.
base::Result<net::client::TeamCalls> call_hub(const Settings& settings);

/// One of the caller's workspaces by id, slug or name. Failures name those there are.
base::Result<net::client::TeamInfo> choose_workspace(net::client::TeamCalls& calls, const std::string& named);
/// The same among teams; without a name the only one.
base::Result<net::client::TeamInfo> choose_team(net::client::TeamCalls& calls, const std::string& named);

/// `result`, whose `not_found` says `message`: the hub speaks of addresses, people of what they named.
base::Result<> name_missing(base::Result<> result, std::string message);

/// "3d" from now or a date, as RFC 3339; empty for empty text, `validation` for what is no time to come.
base::Result<std::string> read_expiry(const std::string& text);

} // namespace memsync::cli
