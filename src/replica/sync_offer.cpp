// What was acknowledged under ids that this store gave up, for a hub restored
// from a backup.

#include "replica/sync_transaction.h"

namespace memsync::replica {

using base::Result;
using model::Operation;
using storage::Statement;
using storage::WriteTxn;

Result<std::vector<model::ReplicaId>> SyncStore::former_replicas(const model::WorkspaceId& id) {
  std::vector<model::ReplicaId> ids;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    Statement rows = txn.prepare(
        "SELECT replica FROM acknowledged WHERE workspace = ?1 "
        "AND replica <> ?2 GROUP BY replica ORDER BY "
        "max(at)");
    rows.bind_all(row.key.value, row.replica);
    while (rows.step()) ids.push_back(rows.column_id<model::ReplicaId>(0));
    return {};
  }));
  return ids;
}

Result<> SyncStore::prepare_offer(const model::WorkspaceId& id, const model::ReplicaId& former,
                                  std::uint64_t last_n) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    std::vector<std::pair<base::Timestamp, Operation>> kept;
    {
      Statement rows = txn.prepare(
          "SELECT at, operation FROM acknowledged WHERE "
          "workspace = ?1 AND replica = ?2 AND n > ?3 ORDER BY "
          "n");
      rows.bind_all(row.key.value, former, last_n);
      while (rows.step()) kept.emplace_back(rows.column_time(0), load_operation(rows.column_text(1)));
    }
    give_up_numbers(txn, row, former, last_n, replica_.random());
    std::uint64_t n = last_n;
    for (auto& [at, operation] : kept) {
      operation.n = ++n;
      rebase(operation);
      txn.run(
          "INSERT INTO acknowledged (workspace, replica, n, at, "
          "operation) VALUES (?1, ?2, ?3, ?4, ?5)",
          row.key.value, former, n, at, wire::encode_operation(operation));
    }
    return {};
  });
}

Result<> SyncStore::note_offered(const model::WorkspaceId& id, const model::ReplicaId& former,
                                 const wire::PushAnswer& answer) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    ReplicaState state(txn, row.key, row.space, Indexing::deferred);
    for (const model::PushResult& result : answer.results) {
      if (result.status != model::Status::rejected) continue;
      std::optional<Operation> operation;
      {
        Statement stored = txn.prepare(
            "SELECT operation FROM acknowledged WHERE "
            "workspace = ?1 AND replica = ?2 AND n = ?3");
        stored.bind_all(row.key.value, former, result.n);
        if (stored.step()) operation = load_operation(stored.column_text(0));
      }
      if (!operation) continue;
      const auto code = result.code.value_or(base::ErrorCode::internal);
      txn.run(
          "INSERT OR REPLACE INTO rejected (workspace, n, replica, "
          "kind, node, code, at, operation) VALUES "
          "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
          row.key.value, result.n, former, model::name_of(operation->kind), node_of(state, *operation),
          base::error_info(code).name, hub_time(txn, row), wire::encode_operation(*operation));
      txn.run(
          "DELETE FROM acknowledged WHERE workspace = ?1 AND replica = "
          "?2 AND n = ?3",
          row.key.value, former, result.n);
    }
    return {};
  });
}

} // namespace memsync::replica
