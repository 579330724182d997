#include <fmt/format.h>

#include "model/limits.h"
#include "model/number.h"
#include "replica/editor.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using model::Operation;
using model::OperationKind;
using model::Permission;
using storage::Statement;

Result<> Editor::check_role(const Operation& operation) {
  if (workspace_.kind != model::WorkspaceKind::local && !workspace_.is_known_to_hub)
    return Error{
        ErrorCode::permission,
        fmt::format("the hub no longer knows {}: it can be read here, but not changed; copy what you "
                    "need to another workspace",
                    workspace_.name)};
  Permission needed = model::permission_for(operation.kind);
  if (operation.kind == OperationKind::remove && model::allows(workspace_.role, needed) &&
      !model::allows(workspace_.role, Permission::memory_delete) &&
      !is_all_by(operation.target_node(), user_))
    needed = Permission::memory_delete;
  if (model::allows(workspace_.role, needed)) return {};
  return Error{ErrorCode::permission,
               fmt::format("your role in {} is {}, which lacks {}{}", workspace_.name,
                           model::name_of(workspace_.role), model::name_of(needed),
                           needed == Permission::memory_delete ? ": somebody else wrote part of this" : "")};
}

bool Editor::is_all_by(const NodeId& root, const model::UserId& user) {
  Statement foreign = txn_.prepare(
      "WITH RECURSIVE tree (id) AS (SELECT ?2 UNION ALL SELECT node.id FROM tree JOIN node "
      "ON node.space = ?1 AND node.parent = tree.id AND node.deleted = 0) "
      "SELECT 1 FROM tree JOIN node ON node.space = ?1 AND node.id = tree.id WHERE author <> ?3 LIMIT 1");
  foreign.bind_all(workspace_.space.value, root, user.view());
  return !foreign.step();
}

std::size_t Editor::subtree_size(const NodeId& root) {
  Statement nodes = txn_.prepare(
      "WITH RECURSIVE tree (id) AS (SELECT ?2 UNION ALL SELECT node.id FROM tree JOIN node "
      "ON node.space = ?1 AND node.parent = tree.id AND node.deleted = 0) SELECT count(*) FROM tree");
  nodes.bind_all(workspace_.space.value, root);
  return nodes.step() ? static_cast<std::size_t>(nodes.column_int64(0)) : 0;
}

Result<> Editor::check_room(const model::DocumentId& document, std::size_t more) {
  Statement size = txn_.prepare("SELECT nodes FROM document_size WHERE space = ?1 AND document = ?2");
  size.bind_all(workspace_.space.value, document);
  const auto nodes = size.step() ? static_cast<std::size_t>(size.column_int64(0)) : 0;
  if (nodes + more <= model::limits::k_document_nodes) return {};
  return Error{ErrorCode::too_large,
               fmt::format("document {} has {} nodes, the limit is {}: use another document", document.view(),
                           nodes, model::limits::k_document_nodes)};
}

Result<std::optional<Editor::Seen>> Editor::seen() {
  if (!context_.base_version) return std::optional<Seen>();
  const std::string_view text = *context_.base_version;
  const auto plus = text.find('+');
  const auto cursor = model::Cursor::parse(text.substr(0, plus));
  const auto n = plus == std::string_view::npos ? std::nullopt : model::parse_u64(text.substr(plus + 1));
  if (!cursor || !n)
    return Error{ErrorCode::validation,
                 fmt::format("base_version \"{}\" is not the version of a read", text)};
  return std::optional(Seen{*cursor, *n});
}

/// A change is seen when it is at or below the cursor the reader had, or one of this store's operations
/// that were there, or one of this edit.
bool Editor::has_seen(const Seen& seen, const model::Stamp& stamp) {
  const auto is_known = [&](std::uint64_t n) { return n <= seen.n || n >= first_n_; };
  if (stamp.sequence.is_provisional())
    return is_known(stamp.sequence.value - model::Sequence::k_first_provisional);
  const bool is_same_log = seen.cursor.epoch == workspace_.cursor.epoch;
  if (is_same_log && stamp.sequence <= seen.cursor.sequence) return true;
  if (stamp.replica != workspace_.replica) return false;
  Statement own = txn_.prepare("SELECT n FROM log WHERE workspace = ?1 AND sequence = ?2 AND replica = ?3");
  own.bind_all(workspace_.key.value, stamp.sequence.value, stamp.replica);
  return own.step() && is_known(own.column_u64(0));
}

Result<> Editor::check_unchanged(const Operation& operation) {
  TRY_ASSIGN(const std::optional<Seen> base, seen());
  if (!base) return {};
  if (operation.kind == OperationKind::create || operation.kind == OperationKind::unrelate) return {};
  std::vector<NodeId> nodes{node_of(overlay_.state(), operation)};
  if (operation.kind == OperationKind::relate) nodes.push_back(operation.to);
  for (const NodeId& id : nodes) {
    const auto node = overlay_.state().find_node(id);
    if (!node) continue; // applying the operation says so
    std::string changed;
    model::for_each_register(*node, [&](model::Field field, const auto& reg) {
      if (reg.stamp == model::Stamp{} || has_seen(*base, reg.stamp)) return;
      changed += fmt::format("{}{}", changed.empty() ? "" : ", ", model::name_of(field));
    });
    if (!changed.empty())
      return Error{ErrorCode::stale, fmt::format("node {} changed since version {} ({}): read it again",
                                                 id.view(), *context_.base_version, changed)};
  }
  return {};
}

} // namespace memsync::replica
