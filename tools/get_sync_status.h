#pragma once

#include "agent/status.h"
#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct StatusArguments {
  static base::Result<StatusArguments> parse(const Arguments&) { return StatusArguments{}; }
};

base::Result<agent::Status> get_sync_status(Session& session, const StatusArguments& arguments);
mcp::ToolResult render(const agent::Status& status);

} // namespace memsync::tools
