#include <algorithm>

#include "hub/backends/sqlite_txn.h"
#include "model/register_text.h"
#include "storage/database_error.h"
#include "storage/row_hash.h"
#include "wire/effect_codec.h"

namespace memsync::hub {

using storage::Statement;

base::Hash128 hash_of_row(std::string_view place, std::string_view text) {
  return storage::row_hash({place, text});
}

void check_row(std::string_view what, std::string_view id, std::string_view text, const base::Hash128& hash) {
  if (hash != hash_of_row(id, text)) fail_corrupt(what, id);
}

namespace {

/// The item in the columns hash and state of the current row.
template <class T>
T decode_row(const Statement& row, std::string_view what, std::string_view id, int hash, int state,
             base::Result<T> (*decode)(const base::Json&)) {
  const std::string_view text = row.column_text(state);
  check_row(what, id, text, row.column_hash(hash));
  const auto json = base::parse_json(text);
  if (!json) fail_corrupt(what, id);
  auto item = decode(*json);
  if (!item) fail_corrupt(what, id);
  return *std::move(item);
}

model::Node decode_node_row(const Statement& row, std::string_view id, int hash, int state) {
  return decode_row(row, "node", id, hash, state, &wire::decode_effect).node;
}

template <class T>
std::string text_of(const T& item, void (*append)(std::string&, const T&)) {
  std::string text;
  append(text, item);
  return text;
}

} // namespace

std::optional<model::Node> SqliteReader::find_node(const model::WorkspaceId& workspace,
                                                   const model::NodeId& id) {
  Statement row = txn_.prepare("SELECT hash, state FROM node WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  return decode_node_row(row, id.view(), 0, 1);
}

std::optional<model::TreeLink> SqliteReader::find_link(const model::WorkspaceId& workspace,
                                                       const model::NodeId& id) {
  Statement row =
      txn_.prepare("SELECT parent, deleted, hash, state FROM node WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  model::TreeLink link;
  link.parent = row.column_id<model::NodeId>(0);
  link.deleted = row.column_bool(1);
  // Who deleted it matters only while it is deleted; decoding every node on a walk would cost the most.
  if (link.deleted) link.deleted_stamp = decode_node_row(row, id.view(), 2, 3).deleted.stamp;
  return link;
}

std::optional<model::DocumentId> SqliteReader::find_document(const model::WorkspaceId& workspace,
                                                             const model::NodeId& node) {
  Statement row = txn_.prepare("SELECT document FROM node WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), node);
  if (!row.step()) return std::nullopt;
  return row.column_id<model::DocumentId>(0);
}

std::optional<model::Relationship> SqliteReader::find_relationship(const model::WorkspaceId& workspace,
                                                                   const model::RelationshipId& id) {
  Statement row = txn_.prepare("SELECT hash, state FROM relationship WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  return decode_row(row, "relationship", id.view(), 0, 1, &wire::decode_relationship);
}

std::optional<model::Comment> SqliteReader::find_comment(const model::WorkspaceId& workspace,
                                                         const model::CommentId& id) {
  Statement row = txn_.prepare("SELECT hash, state FROM comment WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  return decode_row(row, "comment", id.view(), 0, 1, &wire::decode_comment);
}

std::optional<model::Conflict> SqliteReader::find_conflict(const model::WorkspaceId& workspace,
                                                           const model::ConflictId& id) {
  Statement row = txn_.prepare("SELECT hash, state FROM conflict WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  return decode_row(row, "conflict", id.view(), 0, 1, &wire::decode_conflict);
}

std::vector<model::NodeId> SqliteReader::nodes_edited_after(const model::WorkspaceId& workspace,
                                                            model::Sequence sequence) {
  Statement rows = txn_.prepare("SELECT id FROM node WHERE workspace = ?1 AND edited > ?2 AND deleted = 0");
  rows.bind_all(key_of(workspace), sequence.value);
  std::vector<model::NodeId> nodes;
  while (rows.step()) nodes.push_back(rows.column_id<model::NodeId>(0));
  return nodes;
}

std::vector<model::NodeId> SqliteReader::find_children(const model::WorkspaceId& workspace,
                                                       const model::NodeId& id) {
  Statement rows = txn_.prepare("SELECT id FROM node WHERE workspace = ?1 AND parent = ?2");
  rows.bind_all(key_of(workspace), id);
  std::vector<model::NodeId> nodes;
  while (rows.step()) nodes.push_back(rows.column_id<model::NodeId>(0));
  return nodes;
}

std::optional<std::string> SqliteReader::find_text(const model::WorkspaceId& workspace,
                                                   const model::NodeId& id, const base::Hash128& hash,
                                                   model::Sequence after) {
  const auto current = find_node(workspace, id);
  if (!current) return std::nullopt;
  if (base::Hash128::of(current->content.value) == hash) return current->content.value;
  Statement rows = txn_.prepare(
      "SELECT old_value, new_value FROM change WHERE workspace = ?1 AND node = ?2 AND sequence > ?3 "
      "AND field = 'content' ORDER BY sequence DESC");
  rows.bind_all(key_of(workspace), id, after.value);
  model::Node holder;
  while (rows.step())
    for (const int column : {1, 0})
      if (model::set_register_text(holder, model::Field::content, rows.column_text(column)) &&
          base::Hash128::of(holder.content.value) == hash)
        return holder.content.value;
  return std::nullopt;
}

std::optional<std::string> SqliteReader::find_value_at(const model::WorkspaceId& workspace,
                                                       const model::NodeId& node, model::Field field,
                                                       model::Sequence sequence) {
  const auto current = find_node(workspace, node);
  if (!current || current->created_at.sequence > sequence) return std::nullopt;
  Statement row = txn_.prepare(
      "SELECT old_value FROM change WHERE workspace = ?1 AND node = ?2 AND sequence > ?3 AND field = ?4 "
      "AND lost = 0 ORDER BY sequence LIMIT 1");
  row.bind_all(key_of(workspace), node, sequence.value, model::name_of(field));
  if (row.step()) {
    if (row.is_null(0)) return std::nullopt;
    return std::string(row.column_text(0));
  }
  bool is_set = false;
  model::for_each_register(*current, [&](model::Field each, const auto& reg) {
    if (each == field) is_set = reg.stamp != model::Stamp{};
  });
  if (!is_set) return std::nullopt;
  return model::register_text(*current, field);
}

std::vector<model::Node> SqliteReader::list_documents(const model::WorkspaceId& workspace, ItemPlace before,
                                                      std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT id, hash, state FROM node WHERE workspace = ?1 AND parent IS NULL AND deleted = 0 "
      "AND (edited, id) < (?2, ?3) ORDER BY edited DESC, id DESC LIMIT ?4");
  rows.bind_all(key_of(workspace), before.edited, before.id, limit);
  std::vector<model::Node> documents;
  while (rows.step()) documents.push_back(decode_node_row(rows, rows.column_text(0), 1, 2));
  return documents;
}

std::vector<model::Node> SqliteReader::list_assigned(const model::WorkspaceId& workspace,
                                                     const model::UserId& user, ItemPlace before,
                                                     std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT id, hash, state FROM node WHERE workspace = ?1 AND assignee = ?2 AND deleted = 0 "
      "AND (edited, id) < (?3, ?4) ORDER BY edited DESC, id DESC LIMIT ?5");
  rows.bind_all(key_of(workspace), user, before.edited, before.id, limit);
  std::vector<model::Node> nodes;
  while (rows.step()) nodes.push_back(decode_node_row(rows, rows.column_text(0), 1, 2));
  return nodes;
}

std::vector<model::Node> SqliteReader::list_document_nodes(const model::WorkspaceId& workspace,
                                                           const model::DocumentId& document,
                                                           const model::NodeId& after, std::size_t limit,
                                                           std::size_t max_bytes) {
  // Walked from the root, so that what is below a deleted node is left out.
  Statement rows = txn_.prepare(
      "WITH RECURSIVE below(id) AS ("
      "  SELECT id FROM node WHERE workspace = ?1 AND id = ?2 AND deleted = 0 UNION"
      "  SELECT n.id FROM below b JOIN node n ON n.workspace = ?1 AND n.parent = b.id AND n.deleted = 0) "
      "SELECT n.id, n.hash, n.state FROM below b JOIN node n ON n.workspace = ?1 AND n.id = b.id "
      "WHERE b.id > ?3 ORDER BY b.id LIMIT ?4");
  rows.bind_all(key_of(workspace), document, after.view(), limit);
  std::vector<model::Node> nodes;
  std::size_t bytes = 0;
  while (rows.step()) {
    bytes += rows.column_text(2).size();
    if (!nodes.empty() && bytes > max_bytes) break;
    nodes.push_back(decode_node_row(rows, rows.column_text(0), 1, 2));
  }
  return nodes;
}

std::vector<model::Comment> SqliteReader::list_comments(const model::WorkspaceId& workspace,
                                                        const model::NodeId& node) {
  Statement rows = txn_.prepare("SELECT id, hash, state FROM comment WHERE workspace = ?1 AND node = ?2");
  rows.bind_all(key_of(workspace), node);
  std::vector<model::Comment> comments;
  while (rows.step())
    comments.push_back(decode_row(rows, "comment", rows.column_text(0), 1, 2, &wire::decode_comment));
  std::sort(comments.begin(), comments.end(), [](const model::Comment& a, const model::Comment& b) {
    return std::pair(a.stamp.sequence, a.id) < std::pair(b.stamp.sequence, b.id);
  });
  return comments;
}

std::vector<model::Conflict> SqliteReader::list_open_conflicts(const model::WorkspaceId& workspace,
                                                               const model::ConflictId& after,
                                                               std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT id, hash, state FROM conflict WHERE workspace = ?1 AND resolved = 0 AND id > ?2 "
      "ORDER BY id LIMIT ?3");
  rows.bind_all(key_of(workspace), after.view(), limit);
  std::vector<model::Conflict> conflicts;
  while (rows.step())
    conflicts.push_back(decode_row(rows, "conflict", rows.column_text(0), 1, 2, &wire::decode_conflict));
  return conflicts;
}

bool SqliteReader::has_created_subtree(const model::WorkspaceId& workspace, const model::NodeId& root,
                                       const model::UserId& user, model::Sequence seen) {
  Statement row = txn_.prepare(
      "WITH RECURSIVE below(id, creator) AS ("
      "  SELECT id, creator FROM node WHERE workspace = ?1 AND id = ?2 UNION"
      "  SELECT n.id, n.creator FROM below b JOIN node n ON n.workspace = ?1 AND n.parent = b.id "
      "  WHERE n.deleted = 0) "
      "SELECT id FROM below WHERE creator IS NOT ?3");
  row.bind_all(key_of(workspace), root, user);
  while (row.step()) {
    const auto node = find_node(workspace, row.column_id<model::NodeId>(0));
    if (node && node->created_at.sequence <= seen) return false;
  }
  return true;
}

std::int64_t SqliteReader::count_nodes(const model::WorkspaceId& workspace) {
  Statement row = txn_.prepare("SELECT coalesce(sum(nodes), 0) FROM document WHERE workspace = ?1");
  row.bind_all(key_of(workspace));
  return row.step() ? row.column_int64(0) : 0;
}

std::int64_t SqliteReader::count_document_nodes(const model::WorkspaceId& workspace,
                                                const model::DocumentId& document) {
  Statement row = txn_.prepare("SELECT nodes FROM document WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), document);
  return row.step() ? row.column_int64(0) : 0;
}

// --- writes ---

void SqliteTxn::add_node(const model::WorkspaceId& workspace, const model::Node& node,
                         const model::DocumentId& document) {
  const std::string text = wire::encode_node(node);
  txn_.run(
      "INSERT INTO node (workspace, id, document, parent, deleted, creator, edited, hash, state, assignee) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      key_of(workspace), node.id, document, node.place.value.parent, node.deleted.value, node.created.author,
      edited_at(node).value, hash_of_row(node.id.view(), text), text, node.assignee.value);
}

void SqliteTxn::count_added_nodes(const model::WorkspaceId& workspace, const model::DocumentId& document,
                                  std::int64_t added) {
  txn_.run(
      "INSERT INTO document (workspace, id, nodes) VALUES (?1, ?2, ?3) "
      "ON CONFLICT (workspace, id) DO UPDATE SET nodes = nodes + excluded.nodes",
      key_of(workspace), document, added);
}

void SqliteTxn::set_node(const model::WorkspaceId& workspace, const model::Node& node, bool is_moved) {
  const std::int64_t key = key_of(workspace);
  if (is_moved) {
    const auto from = find_document(workspace, node.id).value_or(node.id);
    const model::NodeId& parent = node.place.value.parent;
    const auto to = parent.is_empty() ? node.id : find_document(workspace, parent).value_or(node.id);
    if (from != to) change_document(workspace, node.id, from, to);
  }
  const std::string text = wire::encode_node(node);
  txn_.run(
      "UPDATE node SET parent = ?3, deleted = ?4, edited = ?5, hash = ?6, state = ?7, assignee = ?8 "
      "WHERE workspace = ?1 AND id = ?2",
      key, node.id, node.place.value.parent, node.deleted.value, edited_at(node).value,
      hash_of_row(node.id.view(), text), text, node.assignee.value);
}

void SqliteTxn::change_document(const model::WorkspaceId& workspace, const model::NodeId& node,
                                const model::DocumentId& from, const model::DocumentId& to) {
  txn_.run(
      "WITH RECURSIVE below(id) AS (SELECT ?2 UNION SELECT n.id FROM below b "
      "JOIN node n ON n.workspace = ?1 AND n.parent = b.id) "
      "UPDATE node SET document = ?3 WHERE workspace = ?1 AND id IN (SELECT id FROM below)",
      key_of(workspace), node, to);
  const std::int64_t moved = txn_.changes();
  count_added_nodes(workspace, from, -moved);
  count_added_nodes(workspace, to, moved);
}

void SqliteTxn::put_relationship(const model::WorkspaceId& workspace,
                                 const model::Relationship& relationship) {
  const std::string text = text_of(relationship, &wire::append_relationship);
  txn_.run(
      "INSERT INTO relationship (workspace, id, from_node, to_node, deleted, hash, state) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (workspace, id) DO UPDATE SET "
      "deleted = excluded.deleted, hash = excluded.hash, state = excluded.state",
      key_of(workspace), relationship.id, relationship.from, relationship.to, relationship.deleted,
      hash_of_row(relationship.id.view(), text), text);
}

void SqliteTxn::put_comment(const model::WorkspaceId& workspace, const model::Comment& comment) {
  const std::string text = text_of(comment, &wire::append_comment);
  txn_.run(
      "INSERT INTO comment (workspace, id, node, hash, state) VALUES (?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT (workspace, id) DO UPDATE SET hash = excluded.hash, state = excluded.state",
      key_of(workspace), comment.id, comment.node, hash_of_row(comment.id.view(), text), text);
}

void SqliteTxn::put_conflict(const model::WorkspaceId& workspace, const model::Conflict& conflict) {
  const std::string text = text_of(conflict, &wire::append_conflict);
  txn_.run(
      "INSERT INTO conflict (workspace, id, node, resolved, hash, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT (workspace, id) DO UPDATE SET resolved = excluded.resolved, hash = excluded.hash, "
      "state = excluded.state",
      key_of(workspace), conflict.id, conflict.node, conflict.resolved, hash_of_row(conflict.id.view(), text),
      text);
}

} // namespace memsync::hub
