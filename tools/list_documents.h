#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct ListArguments {
  std::optional<std::string> workspace;
  std::string query; // words of the title
  std::size_t limit = 20;
  std::size_t token_budget = agent::k_default_answer_tokens;
  std::string cursor;

  static base::Result<ListArguments> parse(const Arguments& in);
};

struct DocumentListRow {
  DocumentName name;
  std::size_t nodes = 0, pending = 0, conflicts = 0;
  bool is_dirty = false;
  std::string updated_at, age, updated_by;
};

struct ListResult {
  std::vector<DocumentListRow> rows;
  std::string next_cursor;
};

/// Newest first, of the current, personal and local workspaces unless one is named.
base::Result<ListResult> list_documents(Session& session, const ListArguments& arguments);
mcp::ToolResult render(const ListResult& result);
Json to_json(const DocumentListRow& row);

} // namespace memsync::tools
