#pragma once

#include "agent/document_view.h"
#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct ReadArguments {
  std::optional<std::string> document;
  std::vector<std::string> nodes;
  agent::ViewOptions options;

  static base::Result<ReadArguments> parse(const Arguments& in);
};

base::Result<agent::DocumentView> read_document(Session& session, const ReadArguments& arguments);
mcp::ToolResult render(const agent::DocumentView& view);

} // namespace memsync::tools
