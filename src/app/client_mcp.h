#pragma once

#include <string>

#include "app/client_server.h"

namespace memsync::app {

struct McpOptions {
  std::string trace_path; // file for both directions of the protocol; empty: none
  ChannelUse channel = ChannelUse::none;
};

/// `memsync mcp`: serves the Model Context Protocol on stdin and stdout until the input ends, a signal
/// comes or the parent is gone. Returns the exit code.
int run_mcp(const cli::Settings& settings, const McpOptions& options);

} // namespace memsync::app
