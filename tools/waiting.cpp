#include "tools/waiting.h"

namespace memsync::tools {

bool is_known_offline(agent::SyncControl& sync) {
  const auto report = sync.report();
  return report.has_synced && std::holds_alternative<replica::Offline>(report.connection);
}

std::function<base::Instant()> deadline_of(agent::Session& session, const mcp::CallContext& context,
                                           std::chrono::seconds limit) {
  return [latest = session.instant() + limit, host = context.deadline] { return std::min(latest, host()); };
}

} // namespace memsync::tools
