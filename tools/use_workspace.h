#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct WorkspaceArguments {
  std::optional<std::string> workspace;
  bool remember_for_project = false;

  static base::Result<WorkspaceArguments> parse(const Arguments& in);
};

struct WorkspaceView {
  std::string id, name, kind, role, strategy;
  std::size_t pending = 0;
  bool is_current = false;
};

struct WorkspaceResult {
  WorkspaceView current;
  std::string reason; // why it is the current one
  std::vector<WorkspaceView> workspaces;
  std::string message;
};

/// Switches this process when a workspace is named; binds the project to it on request. Core thread.
base::Result<WorkspaceResult> use_workspace(Session& session, const WorkspaceArguments& arguments);
mcp::ToolResult render(const WorkspaceResult& result);
Json to_json(const WorkspaceView& view);

} // namespace memsync::tools
