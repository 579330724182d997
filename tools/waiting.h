#pragma once

#include <chrono>
#include <functional>

#include "agent/session.h"
#include "mcp/tool.h"

namespace memsync::tools {

/// The latest instant to answer a call that may wait for `limit`: the host's own deadline, which may move
/// nearer, comes first.
std::function<base::Instant()> deadline_of(agent::Session& session, const mcp::CallContext& context,
                                           std::chrono::seconds limit);

} // namespace memsync::tools
