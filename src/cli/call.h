#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct CallOptions {
  std::string tool;
  std::string arguments; // a JSON object; "-": read from stdin; empty: {}
};

/// `memsync call TOOL '{...}'`: prints the tool's structured result, always as JSON. True when the tool
/// succeeded; its error is printed as {"error": {code, message}} otherwise.
Result<bool> run_call(const Context& context, const CallOptions& options);

/// `memsync tools`: what an agent can call.
Result<> run_tools(const Context& context);

} // namespace memsync::cli
