#pragma once

#include "app/client_commands.h"

namespace memsync::app {

/// `memsync team` and `memsync token`.
void add_team_commands(CLI::App& app, Action& chosen);

} // namespace memsync::app
