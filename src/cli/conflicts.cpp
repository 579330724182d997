#include "cli/conflicts.h"

namespace memsync::cli {

namespace {

std::string describe_side(const tools::ConflictSide& side) {
  return side.age.empty() ? side.author : fmt::format("{}, {}", side.author, side.age);
}

std::string describe_elsewhere(const OpenConflicts& open) {
  if (open.elsewhere == 0) return {};
  return fmt::format("{} in other workspaces: --workspace NAME shows them.\n",
                     agent::count_of(open.elsewhere, "open conflict"));
}

std::string describe_rows(const Context& context, const OpenConflicts& open) {
  std::vector<std::vector<Cell>> rows;
  for (const tools::ConflictView& view : open.found.open.rows)
    rows.push_back({{view.name.id, Style::dim},
                    {view.name.kind == "field" ? view.name.field : view.name.kind},
                    {describe_side(view.local), Style::cyan},
                    {describe_side(view.server), Style::cyan},
                    {view.name.title, Style::bold}});
  return format_table(context.terminal, {{"CONFLICT"}, {"OVER"}, {"LOCAL"}, {"SERVER"}, {"TITLE"}}, rows);
}

} // namespace

Result<OpenConflicts> find_open_conflicts(Workbench& bench, const std::string& workspace) {
  OpenConflicts open;
  tools::ResolveArguments arguments;
  TRY_ASSIGN(const auto chosen, bench.session.read([&](replica::Reader& reader) {
    return bench.session.choose_workspace(
        reader, workspace.empty() ? std::nullopt : std::optional<std::string>(workspace));
  }));
  open.workspace = agent::show(chosen.workspace.name);
  arguments.workspace = std::string(chosen.workspace.id.view());
  arguments.room = tools::k_room_unlimited;
  TRY_ASSIGN(open.found, tools::resolve_conflict(bench.session, arguments));
  TRY_ASSIGN(const std::size_t all, bench.session.read([](replica::Reader& reader) -> Result<std::size_t> {
    std::size_t count = 0;
    for (const auto& row : reader.workspaces()) count += reader.open_conflicts(row, std::nullopt).size();
    return count;
  }));
  open.elsewhere = all - open.found.open.size();
  return open;
}

void show_conflicts(const Context& context, const OpenConflicts& open) {
  std::string text = describe_rows(context, open);
  text += text.empty() ? fmt::format("No open conflicts in {}.\n", open.workspace)
                       : "\nThe server's value stands until somebody decides: `memsync resolve CONFLICT`.\n";
  context.show(tools::render(open.found).structured, text + describe_elsewhere(open));
}

Result<> run_conflicts(const Context& context, const ConflictsOptions& options) {
  TRY_ASSIGN(Workbench* const bench, context.open());
  TRY_ASSIGN(const OpenConflicts open, find_open_conflicts(*bench, options.workspace));
  show_conflicts(context, open);
  return {};
}

} // namespace memsync::cli
