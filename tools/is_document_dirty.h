#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct DirtyArguments {
  std::optional<std::string> document;

  static base::Result<DirtyArguments> parse(const Arguments& in);
};

struct DirtyRow {
  DocumentName name;
  std::size_t pending = 0, rejected = 0, conflicts = 0;
};

struct DirtyResult {
  std::optional<DocumentName> document; // the one asked about
  std::size_t pending = 0, rejected = 0, conflicts = 0;
  /// Without a document: those with pending or rejected operations or open conflicts.
  std::vector<DirtyRow> rows;
  std::size_t more = 0;
};

/// Of one document, or of every workspace of this machine.
base::Result<DirtyResult> is_document_dirty(Session& session, const DirtyArguments& arguments);
mcp::ToolResult render(const DirtyResult& result);
Json to_json(const DirtyRow& row);

} // namespace memsync::tools
