#pragma once

#include "tools/arguments.h"
#include "tools/conflict_view.h"
#include "tools/edit_operation.h"

namespace memsync::tools {

struct EditArguments {
  std::optional<std::string> document; // as named by the caller
  std::optional<std::string> title;    // of the document to make without `document`
  std::vector<EditOperation> operations;
  std::optional<std::string> base_version;
  std::optional<model::Strategy> strategy;

  static base::Result<EditArguments> parse(const Arguments& in);
};

struct CreatedItem {
  std::string id, op;
  std::size_t index = 0; // of the operation
  std::string ref, title;
};
struct SimilarCreated {
  std::size_t index = 0;
  SimilarName similar;
};

struct EditResult {
  DocumentName document;
  std::vector<CreatedItem> created;
  std::size_t applied = 0;
  ConflictList conflicts;              // open ones of the document
  std::vector<SimilarCreated> similar; // to what was created
  std::string version;
  std::size_t pending = 0;
  std::string message;
};

/// Applies the operations in order in one transaction: all or none. Failures name the operation
/// ("operations[2] (move): ..."); `stale` names what changed since base_version. Core thread.
base::Result<EditResult> edit_document(Session& session, const EditArguments& arguments);
mcp::ToolResult render(const EditResult& result);

} // namespace memsync::tools
