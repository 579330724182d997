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
  std::size_t token_budget = agent::k_default_answer_tokens;
  std::string cursor;

  static base::Result<HistoryArguments> parse(const Arguments& in);
};

struct ChangeView {
  std::string id; // empty: not in the log yet
  std::string at, age, author, reported_by, session, project, op, node, title, field;
  Json old_value = nullptr, new_value = nullptr; // null: not known or never set
  bool is_lost = false;
  std::string status;
};

/// A paragraph of the content, and the change that wrote it last.
struct ParagraphView {
  std::size_t line = 0;
  std::string text;
  std::optional<ChangeView> writer; // nothing: written before the history here begins
};

struct HistoryResult {
  HistoryArguments::View view = HistoryArguments::View::changes;
  std::vector<ChangeView> changes;       // newest first; diff and blame: one per field
  std::string diff;                      // of the content
  std::vector<ParagraphView> paragraphs; // of the content; blame only
  std::size_t paragraphs_left_out = 0;
  std::string next_cursor;
  std::size_t pending = 0; // operations the history does not have yet
  /// Entries of the hub's log whose history this replica lacks, since it began with a snapshot; 0: complete.
  std::uint64_t missing = 0;
  model::WorkspaceId workspace;
  bool is_offline = false;
};

/// What the hub's log says happened, as far as this replica knows; and everything in the local workspace.
base::Result<HistoryResult> get_history(Session& session, const HistoryArguments& arguments);
/// The same after what is missing was fetched from the hub, as far as that goes in ten seconds.
void get_whole_history(Session& session, const HistoryArguments& arguments, const mcp::CallContext& context,
                       std::function<void(base::Result<HistoryResult>)> done);
mcp::ToolResult render(const HistoryResult& result);
Json to_json(const ChangeView& change);
Json to_json(const ParagraphView& paragraph);

} // namespace memsync::tools
