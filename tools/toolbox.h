#pragma once

#include "agent/session.h"
#include "mcp/tool.h"

namespace memsync::tools {

/// Adds all tools of the contract in the order of tools/list. `session` must outlive the registry's use.
/// Read-only tools may be called on any thread if the session has readers for it, the others on the core
/// thread. The functions behind the tools are in the header of each tool.
base::Result<> add_tools(mcp::ToolRegistry& registry, agent::Session& session);

} // namespace memsync::tools
