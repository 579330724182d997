#include "tools/get_pending_operations.h"

#include "model/limits.h"
#include "model/permissions.h"

namespace memsync::tools {

namespace {

/// The node an operation is about: for comment and relate the node they hang on.
model::NodeId subject_of(const model::Operation& operation) {
  switch (operation.kind) {
    case model::OperationKind::comment: return operation.node;
    case model::OperationKind::relate:
    case model::OperationKind::unrelate: return operation.from;
    case model::OperationKind::resolve: return operation.node;
    case model::OperationKind::create:
    case model::OperationKind::update:
    case model::OperationKind::remove:
    case model::OperationKind::restore:
    case model::OperationKind::move:
    case model::OperationKind::complete:
    case model::OperationKind::reopen:
    case model::OperationKind::assign: return operation.target_node();
  }
  return {};
}

std::vector<std::string> fields_of(const model::Operation& operation) {
  auto set = operation.fields.fields();
  if (operation.place) set.add(model::Field::place);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < model::k_field_count; ++i) {
    const auto field = static_cast<model::Field>(i);
    if (set.has(field)) names.emplace_back(model::name_of(field));
  }
  return names;
}

/// A note that the hub refused is in no document: then the operation has its title.
std::string title_of(const replica::PendingRow& row) {
  if (row.node_title.empty()) return agent::show(row.operation.fields.title.value_or(""));
  return agent::show(row.node_title);
}

std::string document_of(const replica::PendingRow& row) {
  if (!row.document_title.empty()) return agent::show(row.document_title);
  const auto& operation = row.operation;
  const bool is_document = operation.target_node().view() == operation.document.view();
  if (is_document && operation.fields.title) return agent::show(*operation.fields.title);
  return std::string(operation.document.view().substr(0, 10));
}

std::string reason_of(const replica::PendingRow& row) {
  if (row.state != replica::PendingState::rejected || !row.reason.starts_with("permission:"))
    return agent::show(row.reason);
  if (row.operation.kind == model::OperationKind::remove)
    return "permission: this needs memory.delete, or memory.delete_own where all of it is one's own";
  return fmt::format("permission: this needs {}, which your role did not have",
                     model::name_of(model::permission_for(row.operation.kind)));
}

PendingOperation make_operation(replica::Reader& reader, const replica::PendingRow& row) {
  const auto workspace = reader.workspace(row.workspace);
  const auto& operation = row.operation;
  const auto node = subject_of(operation);
  PendingOperation result;
  result.id = pending_id(row.replica, operation.n);
  result.type = model::name_of(operation.kind);
  result.workspace = agent::show(workspace.name);
  result.document = document_of(row);
  if (!node.is_empty()) result.node = reader.short_id(workspace, node);
  result.title = title_of(row);
  result.fields = fields_of(operation);
  result.base = std::to_string(operation.base.value);
  result.at = base::format_rfc3339(row.at);
  result.state = replica::name_of(row.state);
  result.reason = reason_of(row);
  return result;
}

std::string summarize(const PendingResult& result) {
  std::string text = result.total == 0
                         ? "Nothing is waiting for the hub."
                         : fmt::format("{} waiting for the hub.", agent::count_of(result.total, "operation"));
  if (result.rejected > 0)
    text += fmt::format(
        " The hub refused {} for good; they are kept: `memsync pending --retry`, --export or "
        "--discard decides.",
        result.rejected);
  if (result.conflicts.size() > 0)
    text +=
        fmt::format(" {} for a decision: see resolve_conflict.",
                    result.conflicts.size() == 1 ? "1 conflict waits"
                                                 : fmt::format("{} conflicts wait", result.conflicts.size()));
  if (!result.next_cursor.empty()) text += " More: pass next_cursor as cursor.";
  return text;
}

} // namespace

std::string pending_id(const model::ReplicaId& replica, std::uint64_t n) {
  constexpr std::size_t k_shown = 6;
  return fmt::format("{}-{}", replica.view().substr(0, k_shown), n);
}

base::Result<PendingArguments> PendingArguments::parse(const Arguments& in) {
  return PendingArguments{in.text("document"), in.number_or("limit", model::limits::k_default_rows),
                          in.text("cursor").value_or(""),
                          in.number_or("token_budget", agent::k_default_answer_tokens)};
}

base::Result<PendingResult> get_pending_operations(Session& session, const PendingArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<PendingResult> {
    std::vector<replica::WorkspaceRow> workspaces = reader.workspaces();
    std::optional<model::DocumentId> document;
    if (arguments.document) {
      TRY_ASSIGN(const auto row, agent::locate_document(session, reader, *arguments.document));
      document = row.id;
      workspaces = {reader.workspace(row.workspace)};
    }
    TRY_ASSIGN(auto page, reader.pending(workspaces, document, arguments.limit, arguments.cursor));
    PendingResult result;
    for (const auto& row : page.rows) result.operations.push_back(make_operation(reader, row));
    ConflictRoom beside = k_room_beside;
    beside.tokens = std::min(beside.tokens, arguments.token_budget / 4);
    if (cut_to_budget(result.operations, arguments.token_budget - beside.tokens) > 0) {
      // Again, so that the cursor stands behind what is shown.
      TRY_ASSIGN(page, reader.pending(workspaces, document, result.operations.size(), arguments.cursor));
    }
    result.total = page.total;
    result.rejected = page.rejected;
    result.next_cursor = page.next_cursor;
    result.conflicts = list_conflicts(reader, workspaces, document, beside, session.now());
    return result;
  });
}

Json to_json(const PendingOperation& operation) {
  Json json = {{"id", operation.id},
               {"type", operation.type},
               {"workspace", operation.workspace},
               {"document", operation.document},
               {"node", operation.node},
               {"fields", operation.fields},
               {"base", operation.base},
               {"at", operation.at},
               {"state", operation.state}};
  set_if(json, "title", operation.title);
  set_if(json, "reason", operation.reason);
  return json;
}

mcp::ToolResult render(const PendingResult& result) {
  Json json = {{"operations", to_json_list(result.operations)},
               {"total", result.total},
               {"rejected", result.rejected},
               {"message", summarize(result)}};
  add_conflicts(json, result.conflicts);
  set_if(json, "next_cursor", result.next_cursor);
  std::string text = summarize(result) + "\n";
  for (const auto& operation : result.operations)
    text += fmt::format("- {} {} {} \"{}\" [{}] {}{}{}\n", operation.id, operation.state, operation.type,
                        operation.title, operation.node, fmt::join(operation.fields, ","),
                        operation.reason.empty() ? "" : ": ", operation.reason);
  text += to_text(result.conflicts);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
