#pragma once

#include <fmt/format.h>

#include "replica/overlay.h"
#include "replica/sync_store.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

/// One write transaction of the leader.
template <class F>
auto SyncStore::write(F&& f) -> std::invoke_result_t<F, storage::WriteTxn&> {
  return replica_.database().write(
      [&](storage::WriteTxn& txn) -> std::invoke_result_t<F, storage::WriteTxn&> {
        {
          storage::Statement row = txn.prepare("SELECT generation FROM store");
          if (row.step() && row.column_int64(0) != generation_)
            return base::Error{base::ErrorCode::stale, "another process leads this store now"};
        }
        return f(txn);
      });
}

/// One write transaction of the leader on one workspace: `f(WriteTxn&, WorkspaceRow)`.
template <class F>
base::Result<> SyncStore::write_workspace(const model::WorkspaceId& id, F&& f) {
  return write([&](storage::WriteTxn& txn) -> base::Result<> {
    auto row = Reader(txn, replica_.clock().now()).find_workspace(id);
    if (!row)
      return base::Error{base::ErrorCode::not_found,
                         fmt::format("no workspace {} on this machine", id.view())};
    return f(txn, *row);
  });
}

/// The person this store belongs to; empty before the first contact with a hub.
inline model::UserId store_user(storage::ReadTxn& txn) {
  storage::Statement row = txn.prepare("SELECT user FROM store");
  return row.step() ? row.column_id<model::UserId>(0) : model::UserId{};
}

/// The clock of the store never falls behind what it has seen.
inline void raise_clock(storage::WriteTxn& txn, model::Hlc seen) {
  txn.run("UPDATE store SET clock = ?1 WHERE clock < ?1", seen.value);
}

/// The hub's time of the newest log row of the workspace; 0 without one. What is kept for days is counted in
/// it: the machine's own clock may jump by a year.
inline base::Timestamp hub_time(storage::ReadTxn& txn, const WorkspaceRow& workspace) {
  storage::Statement row =
      txn.prepare("SELECT at FROM log WHERE workspace = ?1 ORDER BY sequence DESC LIMIT 1");
  row.bind_all(workspace.key.value);
  return row.step() ? row.column_time(0) : base::Timestamp();
}

/// Copies an operation of the outbox to the acknowledged ones.
void keep_acknowledged(storage::WriteTxn& txn, const WorkspaceRow& workspace, std::uint64_t n,
                       base::Timestamp now);

/// An operation of the outbox that the hub refused for good moves to the rejected ones, any other that it
/// holds to the acknowledged ones. Both return what the operation had touched, which must be replayed.
std::set<ItemRef> keep_rejected(storage::WriteTxn& txn, Overlay& overlay, const WorkspaceRow& workspace,
                                std::uint64_t n, base::ErrorCode code, base::Timestamp now);
std::set<ItemRef> acknowledge(storage::WriteTxn& txn, Overlay& overlay, const WorkspaceRow& workspace,
                              std::uint64_t n, base::Timestamp now);

/// Makes the operation one that has seen nothing of the log: sequences of an earlier log mean nothing in
/// another one. Stores that share an operation make the same of it.
inline void rebase(model::Operation& operation) {
  operation.base = {};
  wire::seal(operation);
}

/// The same of one that may have been sent: the hash that the earlier log has it under is kept.
void rebase_sent(storage::WriteTxn& txn, const WorkspaceRow& workspace, model::Operation& operation);

/// Numbers of that replica id above `last_n` will be those of other operations: what is acknowledged under
/// them is deleted, what is rejected stays under an id of its own.
void give_up_numbers(storage::WriteTxn& txn, const WorkspaceRow& row, const model::ReplicaId& replica,
                     std::uint64_t last_n, base::Random& random);

/// Makes the operations of the outbox that were not sent ones that have seen nothing of the log: it is
/// another one than they were written on. The overlay must be rebuilt afterwards.
void rebase_unsent(storage::WriteTxn& txn, Overlay& overlay, const WorkspaceRow& workspace,
                   base::Timestamp now);

/// Operations that a hub restored from a backup rejected because what they are about was not there yet: they
/// go back to the outbox, at its end, as soon as they apply. Returns how many did.
std::size_t queue_stranded(storage::WriteTxn& txn, Overlay& overlay, const WorkspaceRow& row,
                           base::Timestamp now);

/// A snapshot as of `snapshot_at` takes the place of the workspace's state: what lies between is history
/// that this replica does not have.
void note_history_gap(storage::WriteTxn& txn, const WorkspaceRow& row, const model::Cursor& snapshot_at);

} // namespace memsync::replica
