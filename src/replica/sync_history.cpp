#include "replica/sync_transaction.h"

namespace memsync::replica {

using base::Result;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// What is there already of this log stays: it came with the entry itself and knows more.
void store_row(WriteTxn& txn, WorkspaceKey workspace, model::Epoch epoch, const wire::HistoryRow& row) {
  {
    Statement known = txn.prepare("SELECT epoch FROM log WHERE workspace = ?1 AND sequence = ?2");
    known.bind_all(workspace.value, row.sequence.value);
    if (known.step()) {
      if (known.column_u64(0) == epoch.value) return;
      known.reset();
      txn.run("DELETE FROM change WHERE workspace = ?1 AND sequence = ?2", workspace.value,
              row.sequence.value);
    }
  }
  txn.run(
      "INSERT OR REPLACE INTO log (workspace, sequence, epoch, replica, n, kind, target, node, document, "
      "title, "
      "author, client, session, project, at, tx, status, code) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, '', ?14, '', ?15, '')",
      workspace.value, row.sequence.value, epoch.value, row.replica.view(), row.n, row.kind,
      row.target.view(), row.node.view(), row.document.view(), row.title, row.by.author.view(), row.by.client,
      row.by.session, row.at, row.status);
  for (const wire::HistoryChange& change : row.changes)
    txn.run(
        "INSERT OR IGNORE INTO change (workspace, sequence, node, field, lost, old_value, new_value) VALUES "
        "(?1, ?2, "
        "?3, ?4, ?5, ?6, ?7)",
        workspace.value, row.sequence.value, change.node.view(), change.field, change.lost, change.old_value,
        change.new_value);
}

} // namespace

void note_history_gap(WriteTxn& txn, const WorkspaceRow& row, const model::Cursor& snapshot_at) {
  const bool is_same_log = row.cursor.epoch == snapshot_at.epoch;
  const model::Sequence known = is_same_log ? row.cursor.sequence : model::Sequence{};
  if (!is_same_log) txn.run("DELETE FROM history_gap WHERE workspace = ?1", row.key.value);
  if (snapshot_at.sequence > known)
    txn.run("INSERT OR REPLACE INTO history_gap (workspace, after, through) VALUES (?1, ?2, ?3)",
            row.key.value, known.value, snapshot_at.sequence.value);
}

Result<std::optional<HistoryGap>> SyncStore::history_gap(const model::WorkspaceId& id) {
  return replica_.database().read([&](storage::ReadTxn& txn) -> Result<std::optional<HistoryGap>> {
    Statement row = txn.prepare(
        "SELECT after, through FROM history_gap WHERE workspace = (SELECT key FROM workspace WHERE id = ?1) "
        "ORDER BY "
        "through DESC LIMIT 1");
    row.bind_all(id);
    if (!row.step()) return std::optional<HistoryGap>();
    return std::optional(HistoryGap{model::Sequence{row.column_u64(0)}, model::Sequence{row.column_u64(1)}});
  });
}

Result<> SyncStore::take_history(const model::WorkspaceId& id, const HistoryGap& gap,
                                 const wire::HistoryPage& page) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    if (page.epoch != row.cursor.epoch) return {}; // of a log that was replaced meanwhile
    for (const wire::HistoryRow& each : page.rows) store_row(txn, row.key, page.epoch, each);
    txn.run("DELETE FROM history_gap WHERE workspace = ?1 AND through = ?2", row.key.value,
            gap.through.value);
    const bool has_more =
        page.more && !page.rows.empty() && page.rows.back().sequence.value > gap.after.value + 1;
    if (has_more)
      txn.run("INSERT OR REPLACE INTO history_gap (workspace, after, through) VALUES (?1, ?2, ?3)",
              row.key.value, gap.after.value, page.rows.back().sequence.value - 1);
    txn.run(
        "UPDATE workspace SET wants_history = 0 WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM history_gap "
        "WHERE "
        "workspace = ?1)",
        row.key.value);
    return {};
  });
}

} // namespace memsync::replica
