#pragma once

#include "agent/activity.h"
#include "agent/present.h"
#include "tools/answer.h"
#include "tools/arguments.h"

namespace memsync::tools {

struct ActivityArguments {
  enum class Format { rows, prompt_hook };

  std::optional<base::Timestamp> since;
  std::string user;
  std::optional<model::OperationKind> action;
  std::optional<std::string> document;
  bool only_unread = false, mark_read = false; // of notifications
  Format format = Format::rows;
  std::size_t limit = 20;
  std::string cursor;
  std::size_t token_budget = agent::k_default_answer_tokens;

  static base::Result<ActivityArguments> parse(const Arguments& in);
};

struct ActivityView {
  std::string at, age, user, reported_by, session, action, node, document, title, detail;
  std::string line; // the same as one sentence
};

struct NotificationView {
  std::string id, at, age, kind, workspace, actor, node, title, field, yours, now, conflict;
  std::string text; // the same as one sentence
  bool is_read = false;
};

struct ActivityResult {
  ActivityArguments::Format format = ActivityArguments::Format::rows;
  std::string workspace;
  std::vector<ActivityView> rows;              // newest first
  std::vector<NotificationView> notifications; // newest first, of all workspaces
  std::size_t unread = 0;                      // after what was marked read
  std::vector<agent::PresentView> present;     // in that workspace
  std::vector<replica::MemberRow> members;
  std::string next_cursor;
  agent::News::Look news; // of format prompt_hook
};

/// Marking what is shown as read writes: core thread. `news` is what the last call with format prompt_hook of
/// this process left off at.
base::Result<ActivityResult> team_activity(Session& session, agent::News& news,
                                           const ActivityArguments& arguments);
/// Format prompt_hook is the text that a UserPromptSubmit hook of the host understands, and nothing else.
mcp::ToolResult render(const ActivityResult& result);
Json to_json(const ActivityView& row);
Json to_json(const NotificationView& row);

} // namespace memsync::tools
