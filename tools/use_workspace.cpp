#include "tools/use_workspace.h"

namespace memsync::tools {

namespace {

WorkspaceView make_view(replica::Reader& reader, const replica::WorkspaceRow& row,
                        const model::WorkspaceId& current) {
  constexpr std::size_t k_shown = 10;
  return {std::string(row.id.view().substr(0, k_shown)),
          agent::show(row.name),
          std::string(model::name_of(row.kind)),
          std::string(model::name_of(row.role)),
          std::string(model::name_of(row.strategy)),
          reader.pending_count(row),
          row.id == current};
}

} // namespace

base::Result<WorkspaceArguments> WorkspaceArguments::parse(const Arguments& in) {
  return WorkspaceArguments{in.text("workspace"), in.flag("remember_for_project").value_or(false)};
}

base::Result<WorkspaceResult> use_workspace(Session& session, const WorkspaceArguments& arguments) {
  if (arguments.remember_for_project && !session.project())
    return base::Error{base::ErrorCode::validation,
                       "remember_for_project: this process was not started inside a git repository"};
  TRY_ASSIGN(const Session::Chosen chosen, session.replica().read([&](replica::Reader& reader) {
    return session.choose_workspace(reader, arguments.workspace);
  }));
  if (arguments.remember_for_project)
    TRY(session.replica().bind_project(session.project()->identity, chosen.workspace.id));
  if (arguments.workspace) session.use_workspace(chosen.workspace.id);
  return session.replica().read([&](replica::Reader& reader) -> base::Result<WorkspaceResult> {
    TRY_ASSIGN(const Session::Chosen current, session.choose_workspace(reader, std::nullopt));
    WorkspaceResult result;
    for (const auto& row : reader.workspaces()) {
      result.workspaces.push_back(make_view(reader, row, current.workspace.id));
      if (result.workspaces.back().is_current) result.current = result.workspaces.back();
    }
    result.reason = agent::explain(current.reason);
    result.message =
        fmt::format("Working in \"{}\" ({}): {}.", result.current.name, result.current.kind, result.reason);
    if (arguments.remember_for_project)
      result.message += fmt::format(" Remembered for project {}.", agent::show(session.project()->name));
    if (result.current.role == "viewer") result.message += " You can read there, not write.";
    return result;
  });
}

Json to_json(const WorkspaceView& view) {
  Json json = {{"id", view.id},     {"name", view.name},         {"kind", view.kind},
               {"role", view.role}, {"strategy", view.strategy}, {"pending", view.pending}};
  if (view.is_current) json["current"] = true;
  return json;
}

mcp::ToolResult render(const WorkspaceResult& result) {
  Json json = {{"current", to_json(result.current)},
               {"reason", result.reason},
               {"workspaces", to_json_list(result.workspaces)},
               {"message", result.message}};
  std::string text = result.message + "\n";
  for (const auto& view : result.workspaces)
    text += fmt::format("{} {} [{}] {}, {}, {} pending\n", view.is_current ? "*" : "-", view.name, view.id,
                        view.kind, view.role, view.pending);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
