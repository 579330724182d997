#pragma once

#include "cli/settings.h"
#include "mcp/server.h"

namespace memsync::app {

/// Pushes what teammates do into a running session (notifications/claude/channel), which only the legacy era
/// has.
enum class ChannelUse { none, push };

/// How memsync introduces itself to a client.
mcp::ServerConfig describe_server(const cli::Settings& settings, ChannelUse channel);

} // namespace memsync::app
