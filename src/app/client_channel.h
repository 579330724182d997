#pragma once

#include "agent/activity.h"
#include "mcp/server.h"

namespace memsync::app {

/// Tells a session of Claude Code what teammates do while it runs: experimental capability "claude/channel",
/// notification "notifications/claude/channel" {content, meta: texts by name}. It only makes news faster:
/// what it does not tell is in team_activity. Core thread.
class Channel {
 public:
  /// Both must outlive it.
  Channel(agent::Session& session, mcp::Server& server);

  /// Something may have happened.
  void look() { is_due_ = true; }
  /// Tells what is due, at most once in two seconds; when to be called again at the latest.
  base::Instant turn();

 private:
  void tell();

  agent::Session& session_;
  mcp::Server& server_;
  agent::News news_;
  bool is_due_ = false;
  base::Instant quiet_until_{};
};

} // namespace memsync::app
