#include "hub/backends/sqlite_txn.h"

/// What compaction asks of the SQLite store and does to it.
namespace memsync::hub {

using model::NodeId;
using model::Sequence;
using storage::Statement;

namespace {

/// The sequence of the node's newest change, whatever it was.
Sequence changed_at(const model::Node& node) {
  Sequence newest = std::max(node.created_at.sequence, edited_at(node));
  model::for_each_register(
      node, [&](model::Field, const auto& reg) { newest = std::max(newest, reg.stamp.sequence); });
  return newest;
}

} // namespace

Sequence SqliteReader::last_received_before(const model::WorkspaceId& workspace, base::Timestamp time) {
  // What compaction leaves of an entry says when it came.
  Statement row =
      txn_.prepare("SELECT sequence FROM log WHERE workspace = ?1 AND at > ?2 ORDER BY sequence LIMIT 1");
  row.bind_all(key_of(workspace), time);
  return row.step() ? Sequence{row.column_u64(0) - 1} : log_range(workspace).head;
}

std::optional<Sequence> SqliteReader::least_cursor(const model::WorkspaceId& workspace,
                                                   base::Timestamp seen_since) {
  Statement row =
      txn_.prepare("SELECT min(cursor) FROM replica_cursor WHERE workspace = ?1 AND seen_at >= ?2");
  row.bind_all(key_of(workspace), seen_since);
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return Sequence{row.column_u64(0)};
}

void SqliteTxn::put_cursor(const model::WorkspaceId& workspace, const model::ReplicaId& replica,
                           Sequence cursor, base::Timestamp seen_at) {
  txn_.run(
      "INSERT INTO replica_cursor (workspace, replica, cursor, seen_at) VALUES (?1, ?2, ?3, ?4) "
      "ON CONFLICT (workspace, replica) DO UPDATE SET cursor = ?3, seen_at = ?4",
      key_of(workspace), replica, cursor.value, seen_at);
}

void SqliteTxn::drop_cursors(base::Timestamp before) {
  txn_.run("DELETE FROM replica_cursor WHERE seen_at < ?1", before);
}

base::Timestamp SqliteTxn::believe_clock(base::Timestamp now, std::chrono::hours step) {
  Statement row = txn_.prepare("SELECT believed_at FROM hub");
  row.step();
  const auto before = row.column_time(0);
  row.reset();
  const bool is_first = before == base::Timestamp{};
  const base::Timestamp believed = is_first ? now : std::max(before, std::min(now, before + step));
  txn_.run("UPDATE hub SET believed_at = ?1", believed);
  return std::min(now, believed);
}

Purged SqliteTxn::purge_tombstones(const model::WorkspaceId& workspace, Sequence through, const NodeId& after,
                                   std::size_t limit) {
  std::vector<NodeId> roots;
  {
    Statement rows = txn_.prepare(
        "SELECT id FROM node WHERE workspace = ?1 AND deleted = 1 AND id > ?2 ORDER BY id LIMIT ?3");
    rows.bind_all(key_of(workspace), after.view(), limit);
    while (rows.step()) roots.push_back(rows.column_id<NodeId>(0));
  }
  Purged purged;
  if (roots.size() == limit) purged.last = roots.back();
  for (const NodeId& root : roots) purged.nodes += purge_subtree(workspace, root, through);
  return purged;
}

/// Removes the node and everything below it, unless something there changed above `through`. A document
/// stays, deleted and empty: ids of projects' documents are derived, and who remembers something for one
/// restores it.
std::uint64_t SqliteTxn::purge_subtree(const model::WorkspaceId& workspace, const NodeId& root,
                                       Sequence through) {
  const std::int64_t key = key_of(workspace);
  std::vector<NodeId> subtree{root};
  for (std::size_t i = 0; i < subtree.size(); ++i) {
    const auto node = find_node(workspace, subtree[i]);
    if (!node) return 0; // purged already, with the one above it
    if (changed_at(*node) > through) return 0;
    for (const NodeId& child : find_children(workspace, subtree[i])) subtree.push_back(child);
  }
  const auto top = find_node(workspace, root);
  if (top && top->place.value.parent.is_empty()) subtree.erase(subtree.begin());
  for (const NodeId& id : subtree) {
    if (const auto document = find_document(workspace, id)) count_added_nodes(workspace, *document, -1);
    txn_.run("DELETE FROM relationship WHERE workspace = ?1 AND (from_node = ?2 OR to_node = ?2)", key, id);
    txn_.run("DELETE FROM comment WHERE workspace = ?1 AND node = ?2", key, id);
    txn_.run("DELETE FROM conflict WHERE workspace = ?1 AND node = ?2", key, id);
    txn_.run("DELETE FROM node WHERE workspace = ?1 AND id = ?2", key, id);
  }
  return subtree.size();
}

} // namespace memsync::hub
