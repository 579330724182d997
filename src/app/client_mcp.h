#pragma once

#include "cli/settings.h"

namespace memsync::app {

/// `memsync mcp`: serves the Model Context Protocol on stdin and stdout until the input ends, a signal
/// comes or the parent is gone. Returns the exit code.
int run_mcp(const cli::Settings& settings);

} // namespace memsync::app
