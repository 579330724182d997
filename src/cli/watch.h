#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct WatchOptions {
  std::string workspace;  // empty: all
  std::size_t recent = 5; // lines of what happened before
};

/// `memsync watch`: one line for every change as it arrives, until Ctrl-C; under --json one object per line.
/// Fails, without a message, once nobody gets what it prints.
Result<> run_watch(const Context& context, const WatchOptions& options);

} // namespace memsync::cli
