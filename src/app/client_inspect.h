#pragma once

#include <string>

#include "cli/command.h"

namespace memsync::app {

struct InspectOptions {
  std::string name; // of a tool, prompt or resource template to show whole; empty: a list of everything
};

/// `memsync inspect [NAME]`: what a client sees of the server, by asking a server of this process for it: how
/// it introduces itself in both eras, instructions, tools with their cost in tokens, resources and prompts.
/// With --json the answers as they are. Touches no network. Fails with `not_found` for an unknown name.
cli::Result<> run_inspect(const cli::Context& context, const InspectOptions& options);

} // namespace memsync::app
