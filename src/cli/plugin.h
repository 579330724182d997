#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"

namespace memsync::cli {

/// The files of the plugin for Claude Code by their path below its folder: the manifest and a marketplace of
/// one, the server, the hooks that bring news, slash commands, and a launcher that starts `program`, or the
/// memsync on the PATH where that is not there. Nothing in them names another folder than `program`: the
/// host copies the plugin and knows its place as ${CLAUDE_PLUGIN_ROOT}.
std::vector<std::pair<std::string, std::string>> plugin_files(const std::string& program);

/// `memsync init --plugin`: writes them to the folder; files that are there already and differ are replaced
/// only when confirmed. Says how to install it.
Result<bool> run_init_plugin(const Context& context, const std::string& folder, const std::string& program,
                             bool is_confirmed, bool is_dry_run);

} // namespace memsync::cli
