#include "agent/locate.h"

#include <algorithm>

#include "agent/display.h"

namespace memsync::agent {

namespace {

/// Where to look for `name`, in order.
base::Result<std::vector<replica::WorkspaceRow>> places(Session& session, replica::Reader& reader,
                                                        std::string_view name) {
  TRY_ASSIGN(auto scope, session.reading_scope(reader, std::nullopt));
  if (!is_id_like(name)) return scope;
  for (auto& row : reader.workspaces()) {
    const bool is_known =
        std::any_of(scope.begin(), scope.end(), [&](const auto& known) { return known.id == row.id; });
    if (!is_known) scope.push_back(std::move(row));
  }
  return scope;
}

/// The first find that succeeds or fails otherwise than with `not_found`, else the first failure.
template <class Find>
auto locate(Session& session, replica::Reader& reader, std::string_view name, Find find)
    -> std::invoke_result_t<Find, const replica::WorkspaceRow&> {
  TRY_ASSIGN(const auto scope, places(session, reader, name));
  std::optional<base::Error> missing;
  for (const auto& workspace : scope) {
    auto found = find(workspace);
    if (found || found.error().code != base::ErrorCode::not_found) return found;
    if (!missing) missing = found.error();
  }
  return *std::move(missing);
}

} // namespace

bool is_id_like(std::string_view name) {
  return name.size() >= model::k_min_prefix && name.size() <= model::NodeId::k_length &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return base::normalize_crockford(c).has_value(); });
}

base::Result<replica::DocumentRow> locate_document(Session& session, replica::Reader& reader,
                                                   std::string_view name) {
  auto found = locate(session, reader, name,
                      [&](const auto& workspace) { return reader.resolve_document(workspace, name); });
  if (found) session.note_place(found->workspace, found->id);
  return found;
}

base::Result<replica::NodeRow> locate_node(Session& session, replica::Reader& reader, std::string_view name,
                                           replica::Reader::Deleted deleted) {
  auto found = locate(session, reader, name,
                      [&](const auto& workspace) { return reader.resolve_node(workspace, name, deleted); });
  if (found) session.note_place(found->workspace, found->document, found->node.id);
  return found;
}

base::Result<LocatedConflict> locate_conflict(Session& session, replica::Reader& reader,
                                              std::string_view name) {
  return locate(session, reader, name,
                [&](const replica::WorkspaceRow& workspace) -> base::Result<LocatedConflict> {
                  TRY_ASSIGN(model::Conflict conflict, reader.resolve_conflict_id(workspace, name));
                  return LocatedConflict{workspace, std::move(conflict)};
                });
}

DocumentName name_document(replica::Reader& reader, const replica::WorkspaceRow& workspace,
                           const model::DocumentId& id) {
  const auto root = reader.find_node(workspace, id);
  return {reader.short_id(workspace, id), root ? show(root->node.title.value) : std::string(),
          workspace.name};
}

} // namespace memsync::agent
