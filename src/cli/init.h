#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct InitOptions {
  std::string client; // name of a host, or "all"; empty: all that are installed
  bool is_confirmed = false;
  bool is_dry_run = false;
  bool wants_plugin = false; // write a plugin instead, see cli/plugin.h
  std::string folder;        // of the plugin; empty: claude-plugin in MEMSYNC_HOME
};

/// `memsync init`: registers `memsync mcp` in the configuration of agent hosts. Shows each change first,
/// keeps a copy of the file beside it, changes nothing else in it, and does nothing where it is registered
/// already. A file that cannot be understood is left alone, with advice. True when nothing was left to
/// advice.
Result<bool> run_init(const Context& context, const InitOptions& options);

} // namespace memsync::cli
