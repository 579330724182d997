#pragma once

#include <functional>

#include "tools/arguments.h"
#include "tools/conflict_view.h"

namespace memsync::tools {

struct SaveArguments {
  std::string document;
  std::optional<model::Strategy> strategy;
  std::chrono::seconds wait{10};

  static base::Result<SaveArguments> parse(const Arguments& in);
};

struct SaveResult {
  DocumentName document;
  bool is_acknowledged = false; // everything written before the call is in the hub's log, nothing refused
  std::size_t pending = 0;
  std::size_t rejected = 0; // of this document, and not settled yet
  ConflictList conflicts;
  std::string connection;
  std::optional<std::size_t> strategy_not_applied; // operations sent before, whose strategy is fixed
  std::string message;
};

/// Waits until the document's operations have left the outbox, a new conflict needs somebody, the hub
/// turns out to be unreachable, or the time is over; then calls `done`, once, on the core thread, perhaps
/// before this returns. Everything is on this machine's disk already. Core thread.
void save_document(Session& session, const SaveArguments& arguments, const mcp::CallContext& context,
                   std::function<void(base::Result<SaveResult>)> done);
mcp::ToolResult render(const SaveResult& result);

} // namespace memsync::tools
