#pragma once

#include <map>

#include "mcp/server.h"
#include "replica/replica.h"

namespace memsync::app {

/// Tells clients which of the resources they subscribed to have changed. Core thread.
class Subscribers {
 public:
  /// Both must outlive it.
  Subscribers(replica::Replica& replica, mcp::Server& server) : replica_(replica), server_(server) {}

  /// Looks what entered the logs since the last look; the first look only takes note of where they stand.
  void look();

 private:
  replica::Replica& replica_;
  mcp::Server& server_;
  std::map<model::WorkspaceId, model::Cursor> seen_;
};

} // namespace memsync::app
