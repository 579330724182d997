#include "tools/get_sync_status.h"

namespace memsync::tools {

base::Result<agent::Status> get_sync_status(Session& session, const StatusArguments&) {
  return agent::load_status(session);
}

mcp::ToolResult render(const agent::Status& status) {
  return {agent::to_json(status), agent::to_text(status), {}, false};
}

} // namespace memsync::tools
