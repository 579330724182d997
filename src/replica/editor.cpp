#include "replica/editor.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "model/limits.h"
#include "model/sibling_key.h"
#include "replica/names.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using model::Operation;
using model::OperationKind;
using storage::Statement;

namespace {

/// An operation on a text says which text its author saw, so that a merge finds its base.
void set_base_text(model::FieldChanges& fields, std::string_view visible) {
  if (fields.content && fields.content->base_text_hash == base::Hash128{})
    fields.content->base_text_hash = base::Hash128::of(visible);
}

Error no_node(std::string_view what, const NodeId& id) {
  return {ErrorCode::not_found, fmt::format("{} {} does not exist or was deleted", what, id.view())};
}

} // namespace

model::DocumentId project_document_id(const model::WorkspaceId& workspace,
                                      std::string_view project_identity) {
  const base::Sha256 digest = base::sha256(fmt::format("{}project:{}", workspace.view(), project_identity));
  std::array<std::uint8_t, model::DocumentId::k_length> digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t bit = 5 * i;
    const auto pair = static_cast<unsigned>(digest[bit / 8] << 8 | digest[bit / 8 + 1]);
    digits[i] = static_cast<std::uint8_t>(pair >> (11 - bit % 8) & 31u);
  }
  return model::DocumentId::from_bytes(digits);
}

Editor::Editor(storage::WriteTxn& txn, base::Timestamp now, base::Random& random, WorkspaceRow workspace,
               Context context)
    : Reader(txn, now),
      write_(txn),
      random_(random),
      workspace_(std::move(workspace)),
      context_(std::move(context)),
      user_(account().user),
      overlay_(txn, workspace_, user_),
      tx_(model::TxId::random(random)),
      first_n_(workspace_.next_n) {
  if (workspace_.kind == model::WorkspaceKind::local) overlay_.state().write_confirmed(true);
  receipt_.workspace = workspace_.id;
}

WriteReceipt Editor::finish() {
  receipt_.version = fmt::format("{}+{}", workspace_.cursor.str(), workspace_.next_n - 1);
  return std::move(receipt_);
}

Operation Editor::draft(OperationKind kind, const NodeId& node) {
  Operation operation;
  operation.kind = kind;
  operation.target = model::id_cast<model::ItemId>(node);
  operation.document = document_of(node);
  return operation;
}

model::DocumentId Editor::document_of(const NodeId& node) {
  Statement row = txn_.prepare("SELECT document FROM node WHERE space = ?1 AND id = ?2");
  row.bind_all(workspace_.space.value, node);
  return row.step() ? row.column_id<model::DocumentId>(0) : model::DocumentId{};
}

Result<> Editor::check_visible(const NodeId& node) {
  if (is_visible(workspace_, node)) return {};
  if (!overlay_.state().find_link(node))
    return Error{ErrorCode::not_found,
                 fmt::format("there is no node {} in {}", node.view(), workspace_.name)};
  return Error{ErrorCode::not_found,
               fmt::format("node {} was deleted, or a node above it: restore it first", node.view())};
}

Result<std::string> Editor::key_for(const Position& position) {
  // Documents have no order among each other.
  if (position.parent.is_empty()) return model::key_between({}, {}, random_);
  if (!is_visible(workspace_, position.parent)) return no_node("parent", position.parent);
  std::string before, after;
  if (!position.after) {
    Statement last = txn_.prepare(
        "SELECT sibling_key FROM node WHERE space = ?1 AND parent = ?2 ORDER BY sibling_key DESC, id DESC "
        "LIMIT 1");
    last.bind_all(workspace_.space.value, position.parent);
    if (last.step()) before = last.column_text(0);
    return model::key_between(before, {}, random_);
  }
  {
    Statement sibling = txn_.prepare(
        "SELECT sibling_key FROM node WHERE space = ?1 AND id = ?2 AND parent = ?3 AND deleted = 0");
    sibling.bind_all(workspace_.space.value, *position.after, position.parent);
    if (!sibling.step())
      return Error{ErrorCode::not_found, fmt::format("node {} is no child of {}: \"after\" names a sibling",
                                                     position.after->view(), position.parent.view())};
    before = sibling.column_text(0);
  }
  Statement next = txn_.prepare(
      "SELECT sibling_key FROM node WHERE space = ?1 AND parent = ?2 AND (sibling_key, id) > (?3, ?4) "
      "ORDER BY sibling_key, id LIMIT 1");
  next.bind_all(workspace_.space.value, position.parent, before, *position.after);
  if (next.step()) after = next.column_text(0);
  return model::key_between(before, after, random_);
}

Result<NodeId> Editor::create(const model::FieldChanges& fields, const Position& position,
                              std::optional<NodeId> id) {
  const NodeId node = id.value_or(NodeId::random(random_));
  Operation operation = draft(OperationKind::create, node);
  operation.fields = fields;
  set_base_text(operation.fields, {});
  TRY_ASSIGN(auto key, key_for(position));
  operation.place = model::Place{position.parent, std::move(key)};
  operation.document = position.parent.is_empty() ? node : document_of(position.parent);
  TRY(check_room(operation.document, 1));
  TRY(commit(std::move(operation)));
  return node;
}

Result<model::DocumentId> Editor::ensure_document(std::string_view title) {
  // By title only: a title may look like the prefix of another document's id.
  std::vector<model::DocumentId> titled;
  {
    Statement row = txn_.prepare(
        "SELECT id FROM node WHERE space = ?1 AND title = ?2 AND parent = '' AND deleted = 0 LIMIT 2");
    row.bind_all(workspace_.space.value, title);
    while (row.step()) titled.push_back(row.column_id<model::DocumentId>(0));
  }
  if (titled.size() == 1) return titled.front();
  if (titled.size() > 1) return resolve_document(workspace_, title).error(); // it lists them
  model::FieldChanges fields;
  fields.kind = model::NodeKind::note;
  fields.title = title;
  return create(fields, {});
}

Result<model::DocumentId> Editor::ensure_project_document(std::string_view project_identity,
                                                          std::string_view title) {
  const model::DocumentId id = project_document_id(workspace_.id, project_identity);
  if (is_visible(workspace_, id)) return id;
  if (overlay_.state().find_link(id)) {
    TRY(restore(id));
    return id;
  }
  model::FieldChanges fields;
  fields.kind = model::NodeKind::note;
  fields.title = title;
  return create(fields, {}, id);
}

Result<> Editor::update(const NodeId& node, const model::FieldChanges& fields) {
  TRY(check_visible(node));
  Operation operation = draft(OperationKind::update, node);
  operation.fields = fields;
  if (fields.content)
    set_base_text(operation.fields, overlay_.state().find_node(node).value_or(model::Node{}).content.value);
  return commit(std::move(operation));
}

Result<> Editor::set_tags(const NodeId& node, const std::vector<std::string>& tags) {
  TRY(check_visible(node));
  const std::vector<std::string> now = overlay_.state().find_node(node).value_or(model::Node{}).tags.value;
  model::SetChange change = model::set_change(now, tags);
  if (change.add.empty() && change.remove.empty()) return {};
  const std::size_t size = now.size() + change.add.size() - change.remove.size();
  if (size > model::limits::k_tags && size > now.size())
    return Error{ErrorCode::too_large, fmt::format("at most {} tags", model::limits::k_tags)};
  Operation operation = draft(OperationKind::update, node);
  operation.fields.tags = std::move(change);
  return commit(std::move(operation));
}

Result<> Editor::remove(const NodeId& node) {
  TRY(check_visible(node));
  return commit(draft(OperationKind::remove, node));
}

Result<> Editor::restore(const NodeId& node) {
  if (is_visible(workspace_, node)) return {};
  const auto link = overlay_.state().find_link(node);
  if (!link) return check_visible(node);
  if (link->deleted) return commit(draft(OperationKind::restore, node));
  NodeId hider = link->parent;
  for (auto above = overlay_.state().find_link(hider); above && !above->deleted;
       above = overlay_.state().find_link(hider))
    hider = above->parent;
  return Error{ErrorCode::validation,
               fmt::format("node {} itself was not deleted, but {} above it: restore that", node.view(),
                           hider.view())};
}

Result<> Editor::move(const NodeId& node, const Position& position) {
  TRY(check_visible(node));
  if (model::is_below(overlay_.state(), position.parent, node))
    return Error{ErrorCode::validation,
                 fmt::format("node {} cannot move below itself ({})", node.view(), position.parent.view())};
  if (position.after == node)
    return Error{ErrorCode::validation, fmt::format("node {} cannot come after itself", node.view())};
  Operation operation = draft(OperationKind::move, node);
  TRY_ASSIGN(auto key, key_for(position));
  operation.place = model::Place{position.parent, std::move(key)};
  const model::DocumentId target = position.parent.is_empty() ? node : document_of(position.parent);
  if (target != operation.document) TRY(check_room(target, subtree_size(node)));
  return commit(std::move(operation));
}

Result<> Editor::complete(const NodeId& node, bool completed) {
  TRY(check_visible(node));
  return commit(draft(completed ? OperationKind::complete : OperationKind::reopen, node));
}

Result<> Editor::assign(const NodeId& node, const model::UserId& user) {
  TRY(check_visible(node));
  const std::vector<MemberRow> all = members(workspace_);
  const bool is_member =
      std::any_of(all.begin(), all.end(), [&](const MemberRow& m) { return m.user == user; });
  if (!user.is_empty() && !all.empty() && !is_member)
    return Error{ErrorCode::validation, fmt::format("{} is no member of {}: nothing can be assigned to them",
                                                    user.view(), workspace_.name)};
  Operation operation = draft(OperationKind::assign, node);
  operation.fields.assignee = user;
  return commit(std::move(operation));
}

Result<model::RelationshipId> Editor::relate(const NodeId& from, const NodeId& to, std::string_view type) {
  TRY(check_visible(from));
  TRY(check_visible(to));
  {
    Statement known = txn_.prepare(
        "SELECT id FROM relationship WHERE space = ?1 AND from_node = ?2 AND to_node = ?3 AND type = ?4 AND "
        "deleted = 0");
    known.bind_all(workspace_.space.value, from, to, type);
    if (known.step()) return known.column_id<model::RelationshipId>(0);
  }
  const auto id = model::RelationshipId::random(random_);
  Operation operation = draft(OperationKind::relate, from);
  operation.target = model::id_cast<model::ItemId>(id);
  operation.relationship_type = type;
  operation.from = from;
  operation.to = to;
  TRY(commit(std::move(operation)));
  return id;
}

Result<> Editor::unrelate(const NodeId& from, const NodeId& to, std::string_view type) {
  std::vector<model::RelationshipId> ids;
  {
    Statement known = txn_.prepare(
        "SELECT id, type FROM relationship WHERE space = ?1 AND from_node = ?2 AND to_node = ?3 AND deleted "
        "= 0");
    known.bind_all(workspace_.space.value, from, to);
    while (known.step())
      if (equals_ignoring_case(known.column_text(1), type))
        ids.push_back(known.column_id<model::RelationshipId>(0));
  }
  if (ids.empty())
    return Error{ErrorCode::not_found,
                 fmt::format("node {} has no relationship {} to {}", from.view(), type, to.view())};
  for (const model::RelationshipId& id : ids) {
    Operation operation = draft(OperationKind::unrelate, from);
    operation.target = model::id_cast<model::ItemId>(id);
    TRY(commit(std::move(operation)));
  }
  return {};
}

Result<model::CommentId> Editor::comment(const NodeId& node, std::string_view text) {
  TRY(check_visible(node));
  const auto id = model::CommentId::random(random_);
  Operation operation = draft(OperationKind::comment, node);
  operation.target = model::id_cast<model::ItemId>(id);
  operation.node = node;
  operation.text = text;
  TRY(commit(std::move(operation)));
  return id;
}

Result<> Editor::resolve(const model::ConflictId& id, model::Resolution resolution, std::string_view value) {
  const auto conflict = overlay_.state().find_conflict(id);
  if (!conflict)
    return Error{ErrorCode::not_found, fmt::format("there is no conflict {}: list the open ones", id.view())};
  if (conflict->resolved)
    return Error{ErrorCode::not_found, fmt::format("conflict {} was resolved already", id.view())};
  Operation operation = draft(OperationKind::resolve, conflict->node);
  operation.target = model::id_cast<model::ItemId>(id);
  operation.resolution = resolution;
  if (resolution == model::Resolution::custom) operation.text = value;
  return commit(std::move(operation));
}

} // namespace memsync::replica
