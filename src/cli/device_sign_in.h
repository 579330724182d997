#pragma once

#include <optional>

#include "cli/command.h"
#include "net/client/connection.h"

namespace memsync::cli {

/// Shows a code and the address of the hub's page, and waits until somebody who is signed in there has
/// allowed it: the token then. `permission` when it was denied, `not_found` after ten minutes, `cancelled` on
/// Ctrl-C. `access` has no token.
Result<std::string> sign_in_by_browser(const Context& context, const net::client::HubAccess& access);

/// A line from stdin that is not shown while it is typed; nothing at the end of the input.
std::optional<std::string> read_secret(const Context& context, std::string_view prompt);

} // namespace memsync::cli
