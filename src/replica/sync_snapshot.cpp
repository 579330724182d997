#include "base/json.h"
#include "replica/history_writer.h"
#include "replica/stored.h"
#include "replica/sync_transaction.h"
#include "replica/tree_rows.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Json;
using base::Result;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// Only operations that were sent can be in a snapshot; more than a page of them is never in flight. Those
/// with an earlier hash are named under both.
constexpr std::size_t k_max_outstanding = 5'000;

struct StagingRow {
  Space space;
  SyncStore::Staging staging;
  std::vector<std::uint64_t> contains;
  model::Sequence at; // of the snapshot without its tail
};

std::optional<StagingRow> find_staging(storage::ReadTxn& txn, WorkspaceKey key) {
  Statement row = txn.prepare(
      "SELECT staging, staging_session, staging_key, staging_epoch, staging_cursor, staging_end, "
      "staging_contains, staging_at "
      "FROM workspace WHERE key = ?1 AND staging IS NOT NULL");
  row.bind_all(key.value);
  if (!row.step()) return std::nullopt;
  StagingRow found{Space{row.column_int64(0)},
                   {std::string(row.column_text(1)), std::string(row.column_text(2)),
                    model::Epoch{row.column_u64(3)}, model::Sequence{row.column_u64(4)}, std::nullopt},
                   {},
                   model::Sequence{row.column_u64(7)}};
  if (!row.is_null(5)) found.staging.end = model::Sequence{row.column_u64(5)};
  or_throw(base::parse_json(row.column_text(6))).get_to(found.contains);
  return found;
}

Error no_snapshot() { return {ErrorCode::resync, "no snapshot is under way"}; }

void store_contains(WriteTxn& txn, WorkspaceKey key, const std::vector<std::uint64_t>& contains) {
  txn.run("UPDATE workspace SET staging_contains = ?2 WHERE key = ?1", key.value,
          base::dump_json(Json(contains)));
}

/// Whether the entry is an operation of this store's outbox. The same number with another hash is
/// another store's, of which this one is a copy: the next push finds that out.
bool is_in_outbox(storage::ReadTxn& txn, const WorkspaceRow& workspace, const model::Entry& entry) {
  if (entry.replica != workspace.replica) return false;
  Statement row = txn.prepare("SELECT hash FROM outbox WHERE workspace = ?1 AND n = ?2");
  row.bind_all(workspace.key.value, entry.n);
  return row.step() && row.column_hash(0) == entry.hash;
}

} // namespace

Result<wire::SnapshotRequest> SyncStore::snapshot_request(const model::WorkspaceId& id) {
  wire::SnapshotRequest request;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    request.replica = row.replica;
    Statement rows = txn.prepare(
        "SELECT outbox.n, outbox.hash, rebased.earlier FROM outbox LEFT JOIN rebased USING (workspace, hash) "
        "WHERE workspace = ?1 AND n <= ?2 ORDER BY n LIMIT ?3");
    rows.bind_all(row.key.value, row.sent_n, k_max_outstanding);
    while (rows.step()) {
      request.outstanding.push_back({rows.column_u64(0), rows.column_hash(1)});
      if (!rows.is_null(2)) request.outstanding.push_back({rows.column_u64(0), rows.column_hash(2)});
    }
    return {};
  }));
  return request;
}

Result<> SyncStore::begin_snapshot(const model::WorkspaceId& id, const wire::SnapshotOpened& opened) {
  has_leftovers_ = true;
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    txn.run(
        "UPDATE workspace SET staging = (SELECT next_space FROM store), staging_session = ?2, staging_key = "
        "'', "
        "staging_epoch = ?3, staging_at = ?4, staging_cursor = ?4, staging_end = NULL WHERE key = ?1",
        row.key.value, opened.session, opened.epoch.value, opened.at.value);
    txn.run("UPDATE store SET next_space = next_space + 1");
    store_contains(txn, row.key, opened.contains);
    return {};
  });
}

Result<std::optional<SyncStore::Staging>> SyncStore::staging(const model::WorkspaceId& id) {
  std::optional<Staging> found;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    if (auto staging = find_staging(txn, row.key)) found = std::move(staging->staging);
    return {};
  }));
  return found;
}

Result<> SyncStore::stage_page(const model::WorkspaceId& id, const wire::SnapshotPage& page) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    const auto staging = find_staging(txn, row.key);
    if (!staging || staging->staging.session != page.session) return {};
    ReplicaState state(txn, row.key, staging->space, Indexing::deferred);
    for (const auto& effect : page.nodes) state.install(effect);
    for (const auto& item : page.relationships) state.install(item);
    for (const auto& item : page.comments) state.install(item);
    for (const auto& item : page.conflicts) state.install(item);
    txn.run("UPDATE workspace SET staging_key = ?2, staging_end = ?3 WHERE key = ?1", row.key.value,
            page.next_key, page.end ? std::optional(page.end->value) : std::nullopt);
    return {};
  });
}

Result<> SyncStore::stage_tail(const model::WorkspaceId& id, std::span<const model::Entry> entries) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    auto staging = find_staging(txn, row.key);
    if (!staging) return no_snapshot();
    ReplicaState state(txn, row.key, staging->space, Indexing::deferred);
    HistoryWriter history(txn, row.key, staging->staging.epoch);
    std::uint64_t cursor = staging->staging.cursor.value;
    for (const model::Entry& entry : entries) {
      if (entry.sequence.value <= cursor) continue;
      if (entry.sequence.value != cursor + 1) return Error{ErrorCode::gap, "a snapshot's tail has a gap"};
      history.record(entry, state);
      for (const auto& effect : entry.nodes) state.install(effect);
      for (const auto& item : entry.relationships) state.install(item);
      for (const auto& item : entry.comments) state.install(item);
      for (const auto& item : entry.conflicts) state.install(item);
      // A rejected one stays in the outbox: pushed again, it gets its stored answer and is kept as such.
      if (entry.status != model::Status::rejected && is_in_outbox(txn, row, entry))
        staging->contains.push_back(entry.n);
      raise_clock(txn, entry.clock);
      cursor = entry.sequence.value;
    }
    txn.run("UPDATE workspace SET staging_cursor = ?2 WHERE key = ?1", row.key.value, cursor);
    store_contains(txn, row.key, staging->contains);
    return {};
  });
}

Result<> SyncStore::finish_snapshot(const model::WorkspaceId& id) {
  has_leftovers_ = true;
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    const auto staging = find_staging(txn, row.key);
    if (!staging || !staging->staging.end || staging->staging.cursor < *staging->staging.end)
      return no_snapshot();
    set_documents(txn, staging->space); // staged by id, parents may have come after their children
    note_history_gap(txn, row, {staging->staging.epoch, staging->at});
    txn.run("DELETE FROM base WHERE space = ?1", row.space.value);
    txn.run(
        "UPDATE workspace SET space = staging, epoch = staging_epoch, cursor = staging_cursor, "
        "head = max(staging_cursor, CASE WHEN epoch = staging_epoch THEN head ELSE 0 END), staging = NULL, "
        "staging_contains = NULL, wants_resync = 0 WHERE key = ?1",
        row.key.value);
    WorkspaceRow swapped = row;
    swapped.space = staging->space;
    Overlay overlay(txn, swapped, store_user(txn));
    for (const std::uint64_t n : staging->contains) acknowledge(txn, overlay, swapped, n, hub_time(txn, row));
    // What was written since the new log was adopted still counts in positions of the old one.
    if (row.cursor.epoch.value != 0 && row.cursor.epoch != staging->staging.epoch)
      rebase_unsent(txn, overlay, swapped, replica_.clock().now());
    overlay.rebuild();
    queue_stranded(txn, overlay, swapped, replica_.clock().now());
    return {};
  });
}

Result<> SyncStore::abandon_snapshot(const model::WorkspaceId& id) {
  has_leftovers_ = true;
  return write_workspace(id, [](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    txn.run("UPDATE workspace SET staging = NULL, staging_contains = NULL WHERE key = ?1", row.key.value);
    return {};
  });
}

} // namespace memsync::replica
