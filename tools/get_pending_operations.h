#pragma once

#include "tools/arguments.h"
#include "tools/conflict_view.h"

namespace memsync::tools {

struct PendingArguments {
  std::optional<std::string> document;
  std::size_t limit = 20;
  std::string cursor;
  std::size_t token_budget = agent::k_default_answer_tokens;

  static base::Result<PendingArguments> parse(const Arguments& in);
};

/// "<replica>-<n>", as people see and give it.
std::string pending_id(const model::ReplicaId& replica, std::uint64_t n);

struct PendingOperation {
  std::string id; // pending_id
  std::string type, workspace, document, node, title;
  std::vector<std::string> fields;
  std::string base, at, state, reason;
};

struct PendingResult {
  std::vector<PendingOperation> operations;
  std::size_t total = 0, rejected = 0;
  std::string next_cursor;
  ConflictList conflicts; // open ones: they hold no change back, but wait for somebody, too
};

/// In the order they will be sent; the rejected ones come with them.
base::Result<PendingResult> get_pending_operations(Session& session, const PendingArguments& arguments);
mcp::ToolResult render(const PendingResult& result);
Json to_json(const PendingOperation& operation);

} // namespace memsync::tools
