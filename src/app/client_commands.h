#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <memory>

#include "app/client_process.h"
#include "cli/command.h"

namespace memsync::app {

/// What the options of the command line select: returns the exit code.
using Action = std::function<int(cli::Context& context)>;

/// Adds every subcommand to `app`; parsing sets `chosen` to what is to be done.
void add_commands(CLI::App& app, Action& chosen);

} // namespace memsync::app
