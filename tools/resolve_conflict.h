#pragma once

#include "tools/arguments.h"
#include "tools/conflict_view.h"

namespace memsync::tools {

struct ResolveArguments {
  std::optional<std::string> conflict;
  std::optional<model::Resolution> resolution;
  std::optional<std::string> value; // text for texts, JSON for other fields
  ConflictRoom room = k_room_for_subject;
  std::optional<std::string> workspace; // of what is listed, not an agent's to choose; nothing: all

  static base::Result<ResolveArguments> parse(const Arguments& in);
};

struct AppliedResolution {
  ConflictName conflict;
  std::string resolution;
  Json value = nullptr;
};

struct ResolveResult {
  ConflictList open; // what is still open
  std::optional<AppliedResolution> applied;
  std::string settled; // what was settled and how far it is saved; empty: nothing
  std::string message; // that, and how many are open
};

/// Lists the open conflicts without `conflict`, else settles that one and lists what is left. Core thread.
base::Result<ResolveResult> resolve_conflict(Session& session, const ResolveArguments& arguments);
mcp::ToolResult render(const ResolveResult& result);

} // namespace memsync::tools
