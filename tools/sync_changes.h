#pragma once

#include <functional>

#include "tools/arguments.h"
#include "tools/conflict_view.h"

namespace memsync::tools {

struct SyncArguments {
  std::optional<std::string> workspace; // none: all that the hub knows
  std::optional<model::Strategy> strategy;
  std::chrono::seconds wait{10};

  static base::Result<SyncArguments> parse(const Arguments& in);
};

struct SyncResult {
  std::string workspace; // the one asked for, or the current one
  std::uint64_t pushed = 0, pulled = 0, merged = 0;
  ConflictList conflicts;
  std::size_t pending = 0, rejected = 0;
  std::string cursor, connection;
  bool is_settled = false;
  std::optional<std::size_t> strategy_not_applied;
  std::string message;
};

/// Asks for a sync and waits until it is done, the hub turns out to be unreachable, or the time is over;
/// `done` as in save_document. Core thread.
void sync_changes(Session& session, const SyncArguments& arguments, const mcp::CallContext& context,
                  std::function<void(base::Result<SyncResult>)> done);
mcp::ToolResult render(const SyncResult& result);

} // namespace memsync::tools
