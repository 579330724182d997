// Edits of a node that its author had yet to bring back to a hub restored from a backup.

#include "replica/sync_transaction.h"

namespace memsync::replica {

using model::Operation;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// What was rejected together: a tx, or one operation alone.
struct Group {
  std::vector<Operation> operations; // by their numbers
  bool has_stranded = false;         // the one that the others were rejected with was
};

bool belongs(const Group& group, const Operation& operation) {
  return !operation.tx.is_empty() && group.operations.back().tx == operation.tx;
}

/// Those that have seen nothing of a log were sent to one that had replaced theirs: any other was written by
/// somebody who had seen that the node is gone. Rejected under an id that was given up, they may have been
/// taken from a copy of this store.
std::vector<Group> read_stranded(WriteTxn& txn, const WorkspaceRow& row) {
  std::vector<Group> groups;
  Statement rows = txn.prepare(
      "SELECT operation, code = ?3 FROM rejected WHERE workspace = ?1 AND replica = ?2 AND code IN (?3, ?4) "
      "ORDER BY n");
  rows.bind_all(row.key.value, row.replica, base::error_info(base::ErrorCode::not_found).name,
                base::error_info(base::ErrorCode::tx_failed).name);
  while (rows.step()) {
    Operation operation = load_operation(rows.column_text(0));
    if (operation.base != model::Sequence{}) continue;
    if (groups.empty() || !belongs(groups.back(), operation)) groups.emplace_back();
    groups.back().operations.push_back(std::move(operation));
    groups.back().has_stranded = groups.back().has_stranded || rows.column_bool(1);
  }
  std::erase_if(groups, [](const Group& group) { return !group.has_stranded; });
  return groups;
}

/// Writes the group at the end of the outbox; false, and nothing is written, when part of it does not apply.
bool queue(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& row, const Group& group, std::uint64_t next_n,
           base::Timestamp now) {
  std::uint64_t n = next_n;
  bool applies = true;
  for (Operation operation : group.operations) {
    operation.n = n++;
    insert_into_outbox(txn, row.key, operation, node_of(overlay.state(), operation), now);
    applies = applies && !overlay.apply(operation).rejection;
  }
  if (applies) return true;
  std::set<ItemRef> touched;
  while (n > next_n) touched.merge(overlay.take(--n));
  overlay.replay(std::move(touched));
  return false;
}

} // namespace

std::size_t queue_stranded(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& row, base::Timestamp now) {
  std::size_t queued = 0;
  for (const Group& group : read_stranded(txn, row)) {
    if (!queue(txn, overlay, row, group, row.next_n + queued, now)) continue;
    queued += group.operations.size();
    for (const Operation& operation : group.operations)
      txn.run("DELETE FROM rejected WHERE workspace = ?1 AND replica = ?2 AND n = ?3", row.key.value,
              row.replica, operation.n);
  }
  if (queued > 0)
    txn.run("UPDATE workspace SET next_n = ?2 WHERE key = ?1", row.key.value, row.next_n + queued);
  return queued;
}

} // namespace memsync::replica
