#include "agent/prompts.h"

#include "agent/activity.h"
#include "agent/document_view.h"
#include "agent/status.h"

namespace memsync::agent {

namespace {

constexpr std::size_t k_catch_up_rows = 100;
constexpr std::size_t k_conflicts = 20;
constexpr std::size_t k_linked = 10, k_linked_tokens = 2'000;

std::vector<wire::Prompt> all_prompts() {
  return {{"catch_up",
           "Catch up",
           "What the team did since you were here",
           {{"since", "Since", "2h, 3d, 2026-11-20; default: one day", false}}},
          {"resolve_conflicts",
           "Resolve conflicts",
           "Settle the open conflicts one by one",
           {{"document", "Document", "only of this one: id, prefix or exact title", false}}},
          {"handoff",
           "Hand over",
           "A document or task with its linked memories and open conflicts, for the next person's agent",
           {{"document", "Document", "id, prefix or exact title; or a task's id", true}}}};
}

std::string argument(const mcp::Arguments& arguments, std::string_view name) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::string() : found->second;
}

base::Result<std::string> catch_up(Session& session, replica::Reader& reader,
                                   const mcp::Arguments& arguments) {
  const auto since = argument(arguments, "since");
  const auto from = base::parse_time(since.empty() ? "1d" : since, session.now());
  if (!from)
    return base::Error{base::ErrorCode::validation, "since: use an age (2h, 3d) or a date (2026-11-20)"};
  TRY_ASSIGN(const auto current, session.choose_workspace(reader, std::nullopt));
  replica::Reader::HistoryQuery query;
  query.since = from;
  query.limit = k_catch_up_rows;
  TRY_ASSIGN(const auto page, reader.activity(current.workspace, query));
  std::string text = fmt::format(
      "Summarise for me what happened in the shared memory \"{}\" since {}: what was decided, solved "
      "and left open, and what concerns what we are working on. Use read_document for details. {}\n\n",
      show(current.workspace.name), base::format_age(*from, session.now()), k_notice);
  for (const auto& row : page.rows) text += fmt::format("| {}\n", describe(row, session.now()));
  if (page.rows.empty()) text += "Nothing happened.\n";
  if (!page.next_cursor.empty()) text += "There is more: team_activity pages through it.\n";
  return text;
}

std::string conflict_text(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                          const model::Conflict& conflict) {
  const auto row = reader.find_node(workspace, conflict.node);
  return fmt::format("conflict {} in {} of \"{}\" [{}]\n", conflict.id.view().substr(0, 10),
                     model::name_of(conflict.field), row ? show(row->node.title.value) : "",
                     reader.short_id(workspace, conflict.node)) +
         quote(
             fmt::format("base: {}\nlocal, by {}: {}\nserver, by {}: {}\nproposed: {}", conflict.base,
                         reader.user_name(conflict.local_stamp.author), conflict.local,
                         reader.user_name(conflict.server_stamp.author), conflict.server, conflict.proposed),
             "  ");
}

std::string conflicts_text(replica::Reader& reader, const std::vector<replica::WorkspaceRow>& workspaces,
                           std::optional<model::DocumentId> document) {
  std::string text;
  std::size_t shown = 0, more = 0;
  for (const auto& workspace : workspaces)
    for (const auto& conflict : reader.open_conflicts(workspace, document)) {
      if (shown++ < k_conflicts) {
        text += conflict_text(reader, workspace, conflict);
      } else {
        ++more;
      }
    }
  if (more > 0) text += fmt::format("{} more: resolve_conflict lists them\n", more);
  return text;
}

base::Result<std::string> resolve_conflicts(Session& session, replica::Reader& reader,
                                            const mcp::Arguments& arguments) {
  auto workspaces = reader.workspaces();
  std::optional<model::DocumentId> only;
  if (const auto name = argument(arguments, "document"); !name.empty()) {
    TRY_ASSIGN(const auto document, locate_document(session, reader, name));
    workspaces = {reader.workspace(document.workspace)};
    only = document.id;
  }
  const auto conflicts = conflicts_text(reader, workspaces, only);
  if (conflicts.empty())
    return fmt::format("There are no open conflicts in {}. Tell me so.",
                       only ? "that document" : "the shared memory");
  return fmt::format(
      "Settle these conflicts of the shared memory with me, one by one. For each, explain both "
      "versions in a sentence, recommend keep_local, keep_server, merge or a custom value, ask me, and "
      "then call resolve_conflict. {}\n\n{}",
      k_notice, conflicts);
}

/// What the nodes of a document are linked with elsewhere; empty without links.
base::Result<std::string> linked_text(Session& session, replica::Reader& reader, const DocumentView& view) {
  const auto workspace = reader.workspace(view.document->workspace);
  std::vector<std::string> names{view.name.id}, linked;
  for (const auto& node : view.nodes) names.push_back(node.id);
  for (const auto& name : names) {
    TRY_ASSIGN(const auto row, reader.resolve_node(workspace, name));
    for (const auto& each : reader.relationships(workspace, row.node.id)) {
      const bool is_outgoing = each.relationship.from == row.node.id;
      const auto other =
          reader.find_node(workspace, is_outgoing ? each.relationship.to : each.relationship.from);
      if (!other || other->document == row.document || linked.size() == k_linked) continue;
      std::string id = reader.short_id(workspace, other->node.id);
      if (std::find(linked.begin(), linked.end(), id) == linked.end()) linked.push_back(std::move(id));
    }
  }
  if (linked.empty()) return std::string();
  ViewOptions options;
  options.token_budget = k_linked_tokens;
  TRY_ASSIGN(const auto found, view_nodes(session, reader, linked, options));
  return "Linked memories:\n" + to_text(found);
}

/// The task that is handed over, nothing when the argument names a document.
base::Result<std::optional<replica::NodeRow>> find_task(Session& session, replica::Reader& reader,
                                                        const std::string& name) {
  const auto document = locate_document(session, reader, name);
  if (document) return std::optional<replica::NodeRow>();
  auto node = locate_node(session, reader, name);
  if (!node) return document.error(); // it names the near matches
  return std::optional(*std::move(node));
}

base::Result<std::string> handoff(Session& session, replica::Reader& reader,
                                  const mcp::Arguments& arguments) {
  std::string name = argument(arguments, "document");
  TRY_ASSIGN(const auto task, find_task(session, reader, name));
  std::string task_text;
  if (task) {
    TRY_ASSIGN(const auto view, view_nodes(session, reader, {name}, {}));
    task_text = fmt::format("The task:\n{}\nThe document it is in:\n", to_text(view));
    name = task->document.str();
  }
  TRY_ASSIGN(const auto document, locate_document(session, reader, name));
  TRY_ASSIGN(const auto view, view_document(session, reader, document, {}));
  TRY_ASSIGN(const auto linked, linked_text(session, reader, view));
  const auto workspace = reader.workspace(document.workspace);
  const auto conflicts = conflicts_text(reader, {workspace}, document.id);
  return fmt::format(
      "Take over the work described below. First tell me in a few sentences where it stands and what "
      "is next; check with search_memories what else is known. {}\n\n{}{}\n{}{}{}\n",
      k_notice, task_text, to_text(view), linked, conflicts.empty() ? "No open conflicts.\n" : conflicts,
      describe_pending(session, reader, workspace, document.pending));
}

} // namespace

Prompts::Prompts(Session& session) : session_(session), prompts_(all_prompts()) {}

mcp::Outcome<wire::PromptResult> Prompts::get(std::string_view name, const mcp::Arguments& arguments,
                                              const mcp::CallContext&) {
  const auto text = session_.read([&](replica::Reader& reader) -> base::Result<std::string> {
    if (name == "catch_up") return catch_up(session_, reader, arguments);
    if (name == "resolve_conflicts") return resolve_conflicts(session_, reader, arguments);
    return handoff(session_, reader, arguments);
  });
  if (!text) {
    const bool is_callers =
        text.error().code == base::ErrorCode::not_found || text.error().code == base::ErrorCode::validation;
    return wire::RpcError{
        is_callers ? wire::RpcErrorCode::invalid_params : wire::RpcErrorCode::internal_error,
        text.error().message, nullptr};
  }
  wire::PromptResult result;
  for (const auto& prompt : prompts_)
    if (prompt.name == name) result.description = prompt.description;
  result.messages.push_back({wire::Role::user, {{"type", "text"}, {"text", *text}}});
  return result;
}

wire::RpcResult<wire::CompletionResult> Prompts::complete(std::string_view prompt,
                                                          std::string_view argument_name,
                                                          std::string_view prefix, const mcp::Arguments&) {
  for (const auto& known : prompts_) {
    if (known.name != prompt) continue;
    const bool has_argument = std::any_of(known.arguments.begin(), known.arguments.end(),
                                          [&](const auto& each) { return each.name == argument_name; });
    if (!has_argument)
      return wire::invalid_params(fmt::format("{} has no argument {}", prompt, show(argument_name)));
    std::vector<std::string> values;
    if (argument_name == "since") {
      for (const char* age : {"2h", "1d", "3d", "1w"})
        if (std::string_view(age).starts_with(prefix)) values.emplace_back(age);
      return wire::CompletionResult{values, std::nullopt};
    }
    const auto titles = session_.read([&](replica::Reader& reader) -> base::Result<std::vector<std::string>> {
      TRY_ASSIGN(const auto scope, session_.reading_scope(reader, std::nullopt));
      TRY_ASSIGN(const auto page, reader.documents(scope, prefix, wire::CompletionResult::k_most_values, ""));
      std::vector<std::string> found;
      for (const auto& row : page.rows) found.push_back(row.title);
      return found;
    });
    if (!titles) return wire::invalid_params(titles.error().message);
    return wire::CompletionResult{*titles, std::nullopt};
  }
  return wire::invalid_params(fmt::format("Unknown prompt: {}", show(prompt)));
}

} // namespace memsync::agent
