#include <fmt/format.h>

#include "model/limits.h"
#include "replica/names.h"
#include "replica/node_select.h"
#include "replica/reader.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::NodeId;
using storage::Statement;

namespace {

/// Bounds the walk to a root when damage has closed the tree into a ring.
constexpr std::size_t k_max_steps = 10'000;
/// How many fitting ids are looked at to find the visible ones among them.
constexpr int k_max_candidates = 50;
/// How many names a message lists.
constexpr std::size_t k_max_named = 5;

std::vector<NodeId> ids_with_prefix(storage::ReadTxn& txn, Space space, std::string_view prefix, int limit) {
  std::vector<NodeId> ids;
  Statement row =
      txn.prepare("SELECT id FROM node WHERE space = ?1 AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4");
  row.bind_all(space.value, prefix, after_prefix(prefix), limit);
  while (row.step()) ids.push_back(row.column_id<NodeId>(0));
  return ids;
}

} // namespace

NodeRow Reader::read_node(const WorkspaceRow& workspace, const Statement& row) {
  NodeRow result;
  result.node = load_node(checked_state(row, row.column_text(0), 2, 3));
  result.workspace = workspace.id;
  result.document = row.column_id<model::DocumentId>(1);
  result.created_at = row.column_time(4);
  result.updated_at = row.column_time(5);
  result.sync = row.column_bool(7)   ? SyncState::conflict
                : row.column_bool(8) ? SyncState::pending
                                     : SyncState::synced;
  result.author = user_name(result.node.created.author);
  result.updated_by = user_name(model::UserId::parse(row.column_text(6)).value_or(model::UserId{}));
  return result;
}

std::optional<NodeRow> Reader::find_node(const WorkspaceRow& workspace, const NodeId& id) {
  Statement row = txn_.prepare(fmt::format("{} AND id = ?3", k_select_node));
  row.bind_all(workspace.key.value, workspace.space.value, id);
  return row.step() ? std::optional(read_node(workspace, row)) : std::nullopt;
}

bool Reader::is_any_hidden(const WorkspaceRow& workspace, NodeId id) {
  Statement row = txn_.prepare("SELECT parent, deleted FROM node WHERE space = ?1 AND id = ?2");
  for (std::size_t steps = 0; !id.is_empty() && steps < k_max_steps; ++steps) {
    row.bind_all(workspace.space.value, id);
    if (!row.step() || row.column_bool(1)) return true;
    id = NodeId::parse(row.column_text(0)).value_or(NodeId{});
    row.reset();
  }
  return false;
}

bool Reader::is_visible(const WorkspaceRow& workspace, const NodeId& id) {
  return !id.is_empty() && !is_any_hidden(workspace, id);
}

std::string Reader::name_nodes(const WorkspaceRow& workspace, const std::vector<NodeId>& ids) {
  std::string names;
  for (std::size_t i = 0; i < ids.size() && i < k_max_named; ++i) {
    Statement row = txn_.prepare("SELECT title FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(workspace.space.value, ids[i]);
    const bool found = row.step();
    names += fmt::format("{}{} \"{}\"", names.empty() ? "" : ", ", short_id(workspace, ids[i]),
                         found ? row.column_text(0) : "");
  }
  if (ids.size() > k_max_named) names += ", ...";
  return names;
}

Result<NodeRow> Reader::resolve_node(const WorkspaceRow& workspace, std::string_view name, Deleted deleted) {
  const auto prefix = parse_prefix(name, NodeId::k_length);
  if (!prefix)
    return Error{
        ErrorCode::not_found,
        fmt::format("\"{}\" is not the id of a node: give the id or its first {} or more characters; "
                    "search by words to find it",
                    name, model::k_min_prefix)};
  const std::vector<NodeId> all = ids_with_prefix(txn_, workspace.space, *prefix, k_max_candidates);
  std::vector<NodeId> found = all;
  if (deleted == Deleted::excluded)
    std::erase_if(found, [&](const NodeId& id) { return !is_visible(workspace, id); });
  if (found.size() == 1)
    if (auto row = find_node(workspace, found.front())) return *std::move(row);
  if (found.size() > 1) return ambiguous_name("node", name, name_nodes(workspace, found));
  if (!all.empty())
    return Error{
        ErrorCode::not_found,
        fmt::format("node {} was deleted, or a node above it: restore it first", name_nodes(workspace, all))};
  constexpr std::size_t k_near = 4;
  return unknown_name(
      "node", name,
      name_nodes(workspace, ids_with_prefix(txn_, workspace.space, prefix->substr(0, k_near), 3)));
}

std::vector<NodeRow> Reader::children(const WorkspaceRow& workspace, const NodeId& parent,
                                      std::size_t limit) {
  std::vector<NodeRow> rows;
  if (!is_visible(workspace, parent)) return rows;
  Statement row = txn_.prepare(
      fmt::format("{} AND parent = ?3 AND deleted = 0 ORDER BY sibling_key, id LIMIT ?4", k_select_node));
  row.bind_all(workspace.key.value, workspace.space.value, parent, limit);
  while (row.step()) rows.push_back(read_node(workspace, row));
  return rows;
}

std::size_t Reader::child_count(const WorkspaceRow& workspace, const NodeId& parent) {
  if (!is_visible(workspace, parent)) return 0;
  Statement row = txn_.prepare("SELECT count(*) FROM node WHERE space = ?1 AND parent = ?2 AND deleted = 0");
  row.bind_all(workspace.space.value, parent);
  return row.step() ? static_cast<std::size_t>(row.column_int64(0)) : 0;
}

std::vector<RelationshipRow> Reader::relationships(const WorkspaceRow& workspace, const NodeId& node) {
  std::vector<RelationshipRow> rows;
  if (!is_visible(workspace, node)) return rows;
  Statement row = txn_.prepare(
      "SELECT edge.id, edge.state, edge.hash, other, title FROM ("
      "SELECT r.id, r.state, r.hash, r.to_node AS other FROM relationship r "
      "WHERE r.space = ?1 AND r.from_node = ?2 AND r.deleted = 0 "
      "UNION ALL SELECT r.id, r.state, r.hash, r.from_node FROM relationship r "
      "WHERE r.space = ?1 AND r.to_node = ?2 AND r.deleted = 0) AS edge "
      "JOIN node ON node.space = ?1 AND node.id = edge.other ORDER BY edge.id");
  row.bind_all(workspace.space.value, node);
  while (row.step()) {
    if (!is_visible(workspace, row.column_id<NodeId>(3))) continue;
    rows.push_back(
        {load_relationship(checked_state(row, row.column_text(0), 1, 2)), std::string(row.column_text(4))});
  }
  return rows;
}

std::vector<model::Comment> Reader::comments(const WorkspaceRow& workspace, const NodeId& node) {
  std::vector<model::Comment> comments;
  Statement row = txn_.prepare("SELECT id, state, hash FROM comment WHERE space = ?1 AND node = ?2");
  row.bind_all(workspace.space.value, node);
  while (row.step()) comments.push_back(load_comment(checked_state(row, row.column_text(0), 1, 2)));
  std::stable_sort(comments.begin(), comments.end(), [](const model::Comment& a, const model::Comment& b) {
    return a.stamp.sequence < b.stamp.sequence;
  });
  return comments;
}

std::string Reader::short_id(const WorkspaceRow& workspace, const NodeId& id) {
  // Only the neighbours in the order of ids can share a prefix of any length.
  Statement neighbours = txn_.prepare(
      "SELECT (SELECT max(id) FROM node WHERE space = ?1 AND id < ?2), "
      "(SELECT min(id) FROM node WHERE space = ?1 AND id > ?2)");
  neighbours.bind_all(workspace.space.value, id);
  std::size_t shared = 0;
  if (neighbours.step())
    for (const int column : {0, 1}) {
      const std::string_view other = neighbours.column_text(column);
      const auto differ = std::mismatch(other.begin(), other.end(), id.view().begin(), id.view().end()).first;
      shared = std::max(shared, static_cast<std::size_t>(differ - other.begin()));
    }
  return std::string(id.view().substr(0, std::max(model::k_min_prefix, shared + 1)));
}

} // namespace memsync::replica
