#pragma once

#include <map>
#include <set>
#include <string>

#include "agent/display.h"
#include "agent/session.h"

namespace memsync::agent {

/// What a person did, in the past tense: "created", "commented on".
std::string_view verb_of(model::OperationKind kind);

/// "Anna completed "Fix the login", 2 minutes ago (reported by claude-code/2.1)": one line of shown text.
std::string describe(const replica::ActivityRow& row, base::Timestamp now);

/// "claude-code/2.1, session 4f2a" as the author's replica claimed it; empty when it claimed nothing.
std::string reported_by(std::string_view client, std::string_view session);

/// What this person was told by the hub and has not read, once, and what teammates (and this person's other
/// sessions) did since the last look, each newest first; of what was done the first look begins where the
/// last `memsync digest` ended, or only notes where the workspace stands. One News belongs to one consumer.
/// Any thread, one at a time.
class News {
 public:
  explicit News(Session& session) : session_(session) {}

  struct Look {
    std::vector<std::string> lines; // at most `limit`
    std::size_t more = 0;           // beyond them, counted up to 50
  };
  /// Of the current workspace.
  base::Result<Look> take(replica::Reader& reader, std::size_t limit);

 private:
  base::Result<> take_notifications(replica::Reader& reader, std::size_t limit, Look& look);
  base::Result<> take_activity(replica::Reader& reader, std::size_t limit, Look& look);

  Session& session_;
  std::map<model::WorkspaceId, model::Cursor> seen_;
  std::set<model::NotificationId> told_; // of those that are unread
};

} // namespace memsync::agent
