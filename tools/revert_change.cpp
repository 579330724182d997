#include "tools/revert_change.h"

#include "agent/status.h"
#include "model/limits.h"
#include "model/permissions.h"
#include "tools/compensate.h"

namespace memsync::tools {

namespace {

using replica::ChangeRow;
using replica::Editor;

// More than this at once is not a mistake to undo but a restore from a backup.
constexpr std::size_t k_max_changes = 5'000;
// A step is at most one operation; a transaction takes 500.
constexpr std::size_t k_steps_per_transaction = 400;

struct RevertTarget {
  replica::WorkspaceRow workspace;
  std::vector<ChangeRow> rows; // newest first
  model::CompensationPlan plan;
};

base::Result<std::vector<ChangeRow>> load_rows(replica::Reader& reader,
                                               const replica::WorkspaceRow& workspace,
                                               replica::Reader::HistoryQuery query) {
  query.limit = k_max_changes + 1;
  TRY_ASSIGN(auto page, reader.history(workspace, query));
  if (page.rows.size() > k_max_changes)
    return base::Error{base::ErrorCode::too_large,
                       fmt::format("more than {} changes: take a later `since`", k_max_changes)};
  return std::move(page.rows);
}

/// Undoing what somebody else wrote, all at once, needs the right to delete anybody's memory.
base::Result<> check_authors(replica::Reader& reader, const RevertTarget& target,
                             const RevertArguments& arguments) {
  std::vector<std::string> authors;
  for (const auto& row : target.rows)
    if (std::find(authors.begin(), authors.end(), row.author) == authors.end()) authors.push_back(row.author);
  if (arguments.author.empty() && authors.size() > 1)
    return base::invalid(
        fmt::format("this session id was reported by {}: name the author, too", fmt::join(authors, ", ")));
  const bool is_own = authors.empty() || authors.front() == reader.account().name;
  const bool is_local = target.workspace.kind == model::WorkspaceKind::local;
  if (!is_own && !is_local && !model::allows(target.workspace.role, model::Permission::memory_delete))
    return base::Error{
        base::ErrorCode::permission,
        fmt::format("reverting what {} wrote needs the permission memory.delete", authors.front())};
  return {};
}

/// Only what came after the point.
void go_after(replica::Reader::HistoryQuery& query, const ChangePoint& point) {
  if (point.sequence) query.from = model::Sequence{point.sequence->value + 1};
  if (point.time) query.since = *point.time + std::chrono::milliseconds(1);
}

model::WrittenChange written_change(const ChangeRow& row) {
  return {row.sequence, row.kind, row.status,    {},           row.node, row.title,
          row.field,    row.lost, row.old_value, row.new_value};
}

base::Result<RevertTarget> find_target(Session& session, replica::Reader& reader,
                                       const RevertArguments& arguments) {
  RevertTarget target;
  replica::Reader::HistoryQuery query;
  if (arguments.change) {
    TRY_ASSIGN(const auto named, locate_change(session, reader, *arguments.change));
    target.workspace = named.workspace;
    query.from = query.to = named.sequence;
  } else if (arguments.node) {
    TRY_ASSIGN(const auto node,
               agent::locate_node(session, reader, *arguments.node, replica::Reader::Deleted::included));
    target.workspace = reader.workspace(node.workspace);
    query.node = node.node.id;
    go_after(query, arguments.to);
  } else if (arguments.document) {
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
    target.workspace = reader.workspace(document.workspace);
    query.document = document.id;
    go_after(query, arguments.to);
  } else {
    TRY_ASSIGN(const auto current, session.choose_workspace(reader, std::nullopt));
    target.workspace = current.workspace;
    query.author = arguments.author;
    query.session = arguments.session;
    query.since = arguments.since;
  }
  TRY_ASSIGN(target.rows, load_rows(reader, target.workspace, query));
  if (arguments.change && target.rows.empty())
    return base::Error{base::ErrorCode::not_found,
                       fmt::format("no change {} in \"{}\"; get_history shows them",
                                   agent::show(*arguments.change), agent::show(target.workspace.name))};
  const bool goes_to_a_point = arguments.node || arguments.document;
  if (!arguments.change && !goes_to_a_point) TRY(check_authors(reader, target, arguments));
  std::vector<model::WrittenChange> changes;
  for (const ChangeRow& row : target.rows) changes.push_back(written_change(row));
  target.plan = model::plan_compensation(changes, goes_to_a_point);
  return target;
}

base::Result<> take_back_slice(Editor& editor, const std::vector<model::StepBack>& steps, std::size_t first,
                               RevertResult& result) {
  const std::size_t last = std::min(first + k_steps_per_transaction, steps.size());
  for (std::size_t i = first; i < last; ++i) {
    const auto& step = steps[i];
    TRY_ASSIGN(const UndoneStep undone, take_back(editor, step));
    const auto node = editor.short_id(editor.workspace(), step.node);
    const std::string field = step.kind == model::StepBack::Kind::set_register
                                  ? std::string(model::name_of(step.field))
                                  : std::string();
    if (undone.is_done) {
      result.operations.push_back({undone.op, node, agent::show(step.title), field});
    } else if (!undone.reason.empty()) {
      result.skipped.push_back({node, agent::show(step.title), field, undone.reason});
    }
  }
  result.pending = editor.pending_count(editor.workspace());
  result.version = editor.finish().version;
  return {};
}

} // namespace

base::Result<RevertArguments> RevertArguments::parse(const Arguments& in) {
  RevertArguments arguments;
  arguments.change = in.text("change");
  arguments.author = in.text("author").value_or("");
  arguments.session = in.text("session").value_or("");
  TRY_ASSIGN(arguments.since, in.time("since"));
  arguments.node = in.text("node");
  arguments.document = in.text("document");
  const bool is_by_author = !arguments.author.empty() || !arguments.session.empty();
  const bool goes_to_a_point = arguments.node || arguments.document;
  const int ways = (arguments.change ? 1 : 0) + (is_by_author ? 1 : 0) + (arguments.node ? 1 : 0) +
                   (arguments.document ? 1 : 0);
  if (ways != 1)
    return base::invalid(
        "give `change`, or `author`/`session` with `since`, or `node` or `document` with `to`");
  if (is_by_author && !arguments.since)
    return base::invalid("since: from when on? Give an age (2h, 1d), a date or RFC 3339");
  if (!is_by_author && arguments.since) return base::invalid("since: goes with `author` or `session`");
  const auto to = in.text("to");
  if (to.has_value() != goes_to_a_point) return base::invalid("`to` goes with `node` or `document`");
  if (to) {
    TRY_ASSIGN(arguments.to, parse_change_point("to", *to, in.now(), WholeDay::its_begin));
  }
  return arguments;
}

base::Result<RevertResult> revert_change(Session& session, const RevertArguments& arguments) {
  TRY_ASSIGN(const RevertTarget target, session.replica().read([&](replica::Reader& reader) {
    return find_target(session, reader, arguments);
  }));
  RevertResult result;
  const auto& steps = target.plan.steps;
  for (std::size_t first = 0; first == 0 || first < steps.size(); first += k_steps_per_transaction) {
    TRY_ASSIGN(result, session.edit(target.workspace.id, std::nullopt, std::nullopt,
                                    [&](Editor& editor) -> base::Result<RevertResult> {
                                      RevertResult next = result;
                                      TRY(take_back_slice(editor, steps, first, next));
                                      return next;
                                    }));
  }
  return session.replica().read([&](replica::Reader& reader) -> base::Result<RevertResult> {
    for (const auto& [row, reason] : target.plan.impossible)
      result.skipped.push_back({row.node.is_empty() ? "" : reader.short_id(target.workspace, row.node),
                                agent::show(row.title), std::string(model::name_of(row.kind)), reason});
    result.message =
        fmt::format("{} taken back, {} left alone. {}", result.operations.size(), result.skipped.size(),
                    agent::describe_pending(session, reader, target.workspace, result.pending));
    return std::move(result);
  });
}

Json to_json(const Compensation& compensation) {
  Json json = {{"op", compensation.op}, {"node", compensation.node}, {"title", compensation.title}};
  set_if(json, "field", compensation.field);
  return json;
}

Json to_json(const Skipped& skipped) {
  Json json = {{"node", skipped.node}, {"title", skipped.title}, {"reason", skipped.reason}};
  set_if(json, "field", skipped.field);
  return json;
}

mcp::ToolResult render(const RevertResult& result) {
  // Everything was done; the list shows as much of it as an answer may cost.
  auto operations = result.operations;
  auto skipped = result.skipped;
  const std::size_t hidden = cut_to_budget(operations, agent::k_default_answer_tokens / 2) +
                             cut_to_budget(skipped, agent::k_default_answer_tokens / 2);
  std::string message = result.message;
  if (hidden > 0) message += fmt::format(" {} more not listed.", hidden);
  Json json = {{"operations", to_json_list(operations)},
               {"skipped", to_json_list(skipped)},
               {"version", result.version},
               {"pending", result.pending},
               {"message", message}};
  std::string text = message + "\n";
  for (const auto& each : operations)
    text += fmt::format("- {} {} of \"{}\" [{}]\n", each.op, each.field, each.title, each.node);
  for (const auto& each : skipped)
    text +=
        fmt::format("- left alone: {} of \"{}\" [{}]: {}\n", each.field, each.title, each.node, each.reason);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
