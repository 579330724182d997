#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct ResolveArguments {
  std::optional<std::string> conflict;
  std::optional<model::Resolution> resolution;
  std::optional<std::string> value; // text for texts, JSON for other fields

  static base::Result<ResolveArguments> parse(const Arguments& in);
};

struct ConflictView {
  ConflictName name;
  std::string workspace;
  Json base = nullptr, local = nullptr, server = nullptr, proposed = nullptr;
  std::string local_author, server_author;
};

struct AppliedResolution {
  ConflictName conflict;
  std::string resolution;
  Json value = nullptr;
};

struct ResolveResult {
  std::vector<ConflictView> open; // what is still open, in all workspaces
  std::size_t more = 0;
  std::optional<AppliedResolution> applied;
  std::string message;
};

/// Lists the open conflicts without `conflict`, else settles that one and lists what is left. Core thread.
base::Result<ResolveResult> resolve_conflict(Session& session, const ResolveArguments& arguments);
mcp::ToolResult render(const ResolveResult& result);
Json to_json(const ConflictView& view);

} // namespace memsync::tools
