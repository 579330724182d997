#include "tools/save_document.h"

#include "agent/status.h"
#include "tools/waiting.h"

namespace memsync::tools {

namespace {

/// What is being saved, as it was when the call came.
struct Save {
  replica::WorkspaceRow workspace;
  model::DocumentId document;
  DocumentName name;
  model::Hlc latest; // what is later was written since
  std::size_t pending = 0, conflicts = 0;
  std::optional<std::size_t> strategy_not_applied;
};

base::Result<Save> load(Session& session, const SaveArguments& arguments) {
  return session.replica().read([&](replica::Reader& reader) -> base::Result<Save> {
    TRY_ASSIGN(const auto document, agent::locate_document(session, reader, arguments.document));
    Save save;
    save.workspace = reader.workspace(document.workspace);
    save.document = document.id;
    save.name = agent::name_document(reader, save.workspace, document.id);
    save.latest = reader.clock();
    save.pending = document.pending;
    save.conflicts = document.conflicts;
    return save;
  });
}

base::Result<Save> begin(Session& session, const SaveArguments& arguments) {
  TRY_ASSIGN(Save save, load(session, arguments));
  if (!arguments.strategy) return save;
  TRY_ASSIGN(save.strategy_not_applied,
             session.edit(save.workspace.id, std::nullopt, std::nullopt, [&](replica::Editor& editor) {
               return editor.apply_strategy(save.document, *arguments.strategy);
             }));
  return save;
}

/// False after the hub has refused to create it.
bool exists(replica::Reader& reader, const replica::WorkspaceRow& workspace, const Save& save) {
  return reader.find_node(workspace, save.document).has_value();
}

/// The hub has the operations, or somebody must act first. An unreadable store ends the wait, too.
bool is_over(Session& session, const Save& save, const mcp::CallContext& context) {
  if (context.cancelled.stop_requested() || agent::is_known_offline(session.sync().report())) return true;
  const auto over = session.replica().read([&](replica::Reader& reader) -> base::Result<bool> {
    if (!reader.is_pending(save.workspace, save.document, save.latest)) return true;
    if (!exists(reader, save.workspace, save)) return true;
    const auto document = reader.document(save.workspace, save.document);
    const auto done = save.pending - std::min(save.pending, document.pending);
    context.progress({static_cast<double>(done), static_cast<double>(save.pending), "waiting for the hub"});
    return document.conflicts > save.conflicts;
  });
  return !over || *over;
}

std::string describe_refused(Session& session, replica::Reader& reader, const SaveResult& result,
                             const Save& save) {
  std::string text = fmt::format(
      "The hub refused {} of this document, kept on this machine only: see get_pending_operations.",
      agent::count_of(result.rejected, "change"));
  if (result.pending > 0)
    text += " " + agent::describe_pending(session, reader, save.workspace, result.pending);
  return text;
}

std::string describe(Session& session, replica::Reader& reader, const SaveResult& result, const Save& save) {
  if (save.workspace.kind == model::WorkspaceKind::local)
    return "Saved on this machine. The workspace `local` is never shared.";
  if (result.rejected > 0) return describe_refused(session, reader, result, save);
  if (result.is_acknowledged && result.pending == 0) return "Saved: the hub has every change.";
  if (result.is_acknowledged)
    return fmt::format("Saved: the hub has everything written before this call; {} since.",
                       agent::count_of(result.pending, "change"));
  if (result.conflicts.size() > save.conflicts)
    return "Saved on this machine; a new conflict waits for a decision: see resolve_conflict.";
  return agent::describe_pending(session, reader, save.workspace, result.pending);
}

base::Result<SaveResult> finish(Session& session, const Save& save) {
  return session.replica().read([&](replica::Reader& reader) -> base::Result<SaveResult> {
    const auto workspace = reader.find_workspace(save.workspace.id);
    if (!workspace)
      return base::Error{base::ErrorCode::removed, "you were removed from this workspace while saving"};
    SaveResult result;
    result.document = exists(reader, *workspace, save)
                          ? agent::name_document(reader, *workspace, save.document)
                          : save.name;
    result.pending = reader.pending_count(*workspace, save.document);
    result.rejected = reader.rejected_count(*workspace, save.document);
    result.conflicts = list_conflicts(reader, {*workspace}, save.document, k_room_beside, session.now());
    result.connection = agent::connection_name(session, reader);
    const bool is_shared = workspace->kind != model::WorkspaceKind::local && workspace->is_known_to_hub;
    result.is_acknowledged =
        is_shared && result.rejected == 0 && !reader.is_pending(*workspace, save.document, save.latest);
    result.strategy_not_applied = save.strategy_not_applied;
    result.message = describe(session, reader, result, save);
    return result;
  });
}

} // namespace

base::Result<SaveArguments> SaveArguments::parse(const Arguments& in) {
  SaveArguments arguments;
  arguments.document = in.text("document").value_or("");
  arguments.strategy = in.choice<model::Strategy>("strategy");
  arguments.wait = std::chrono::seconds(in.number_or("wait_seconds", 10));
  return arguments;
}

void save_document(Session& session, const SaveArguments& arguments, const mcp::CallContext& context,
                   std::function<void(base::Result<SaveResult>)> done) {
  const auto save = begin(session, arguments);
  if (!save) return done(save.error());
  if (save->pending == 0) return done(finish(session, *save));
  session.sync().request_sync();
  session.sync().when_settled(
      [&session, save = *save, context] { return is_over(session, save, context); },
      deadline_of(session, context, arguments.wait),
      [&session, save = *save, done = std::move(done)] { done(finish(session, save)); });
}

mcp::ToolResult render(const SaveResult& result) {
  Json json = {{"document", to_json(result.document)},
               {"saved", true},
               {"acknowledged", result.is_acknowledged},
               {"dirty", result.pending > 0},
               {"pending", result.pending},
               {"rejected", result.rejected},
               {"connection", result.connection},
               {"message", result.message}};
  add_conflicts(json, result.conflicts);
  if (result.strategy_not_applied) json["strategy_not_applied"] = *result.strategy_not_applied;
  return {std::move(json),
          fmt::format("\"{}\" [{}]: {}\n{}", result.document.title, result.document.id, result.message,
                      to_text(result.conflicts)),
          {},
          false};
}

} // namespace memsync::tools
