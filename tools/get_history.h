#pragma once

#include "tools/answer.h"
#include "tools/arguments.h"
#include "tools/change_point.h"

namespace memsync::tools {

struct HistoryArguments {
  enum class View { changes, diff, blame };

  std::optional<std::string> document, node;
  std::string author, session;
  View view = View::changes;
  std::optional<base::Timestamp> since;
  ChangePoint from, to;
  std::size_t limit = 20;
  std::string cursor;

  static base::Result<HistoryArguments> parse(const Arguments& in);
};

struct ChangeView {
  std::string id; // empty: not in the log yet
  std::string at, age, author, reported_by, session, op, node, title, field;
  Json old_value = nullptr, new_value = nullptr; // null: not known or never set
  bool is_lost = false;
  std::string status;
};

struct HistoryResult {
  HistoryArguments::View view = HistoryArguments::View::changes;
  std::vector<ChangeView> changes; // newest first; diff and blame: one per field
  std::string diff;                // of the content
  std::string next_cursor;
  std::size_t pending = 0; // operations the history does not have yet
};

/// What the hub's log says happened, as far as this replica saw it; and everything in the local workspace.
base::Result<HistoryResult> get_history(Session& session, const HistoryArguments& arguments);
mcp::ToolResult render(const HistoryResult& result);
Json to_json(const ChangeView& change);

} // namespace memsync::tools
