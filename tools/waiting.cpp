#include "tools/waiting.h"

namespace memsync::tools {

std::function<base::Instant()> deadline_of(agent::Session& session, const mcp::CallContext& context,
                                           std::chrono::seconds limit) {
  return [latest = session.instant() + limit, host = context.deadline] { return std::min(latest, host()); };
}

} // namespace memsync::tools
