#include "hub/compaction.h"

namespace memsync::hub {

using base::Result;
using model::Sequence;
using model::WorkspaceId;

namespace {

/// Entries that one transaction drops: some 20 ms.
constexpr std::uint64_t k_slice_entries = 2'000;
constexpr std::size_t k_slice_nodes = 200;
/// How much older a round makes what is there, at most. Rounds are hourly, so a hub that was off catches up,
/// and a clock that jumps ahead for an hour ages nothing by more.
constexpr std::chrono::hours k_believed_step{2};
/// Somebody who invents replica ids must not fill the memory.
constexpr std::size_t k_max_noted = 100'000;

/// Up to where the log may go by its age and its readers.
Result<Sequence> find_floor(HubStore& store, const WorkspaceId& workspace, base::Timestamp now,
                            const CompactionRules& rules) {
  return store.read([&](StoreReader& reader) -> Result<Sequence> {
    Sequence floor = reader.last_received_before(workspace, now - rules.log_kept);
    if (const auto cursor = reader.least_cursor(workspace, now - rules.replica_awaited))
      floor = std::min(floor, *cursor);
    return floor;
  });
}

Result<std::uint64_t> drop_entries(HubStore& store, const WorkspaceId& workspace, Sequence floor) {
  std::uint64_t dropped = 0;
  for (;;) {
    TRY_ASSIGN(const std::uint64_t slice, store.write([&](StoreTxn& txn) -> Result<std::uint64_t> {
      const Sequence before = txn.log_range(workspace).floor;
      const Sequence to{std::min(floor.value, before.value + k_slice_entries)};
      return txn.compact(workspace, to).value - before.value;
    }));
    if (slice == 0) return dropped;
    dropped += slice;
  }
}

Result<std::uint64_t> purge_tombstones(HubStore& store, const WorkspaceId& workspace, Sequence through) {
  std::uint64_t purged = 0;
  model::NodeId after;
  for (;;) {
    TRY_ASSIGN(const auto slice, store.write([&](StoreTxn& txn) -> Result<Purged> {
      const Sequence floor = txn.log_range(workspace).floor;
      return txn.purge_tombstones(workspace, std::min(through, floor), after, k_slice_nodes);
    }));
    purged += slice.nodes;
    if (slice.last.is_empty()) return purged;
    after = slice.last;
  }
}

} // namespace

Result<Compacted> compact_all(HubStore& store, base::Clock& clock, const CompactionRules& rules) {
  TRY_ASSIGN(const base::Timestamp now, store.write([&](StoreTxn& txn) -> Result<base::Timestamp> {
    return txn.believe_clock(clock.now(), k_believed_step);
  }));
  TRY(store.write([&](StoreTxn& txn) -> Result<> {
    txn.drop_snapshots(now - k_snapshot_lifetime);
    txn.drop_cursors(now - rules.replica_awaited);
    txn.drop_notifications(now - rules.notifications_kept, now - rules.unread_kept);
    return {};
  }));
  TRY_ASSIGN(const auto workspaces, store.read([](StoreReader& reader) -> Result<std::vector<Workspace>> {
    return reader.list_workspaces();
  }));
  Compacted done;
  for (const Workspace& workspace : workspaces) {
    TRY_ASSIGN(const Sequence floor, find_floor(store, workspace.id, now, rules));
    TRY_ASSIGN(const auto entries, drop_entries(store, workspace.id, floor));
    TRY_ASSIGN(const Sequence through, store.read([&](StoreReader& reader) -> Result<Sequence> {
      return reader.last_received_before(workspace.id, now - rules.tombstone_kept);
    }));
    TRY_ASSIGN(const auto nodes, purge_tombstones(store, workspace.id, through));
    done.entries += entries;
    done.nodes += nodes;
  }
  return done;
}

void CursorBook::note(const WorkspaceId& workspace, const model::ReplicaId& replica, Sequence cursor,
                      base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (seen_.size() >= k_max_noted && !seen_.contains({workspace, replica})) return;
  seen_[{workspace, replica}] = {cursor, now};
}

Result<> CursorBook::write(HubStore& store) {
  std::map<Key, Seen> seen;
  {
    const std::lock_guard lock(mutex_);
    seen.swap(seen_);
  }
  if (seen.empty()) return {};
  return store.write([&](StoreTxn& txn) -> Result<> {
    for (const auto& [key, each] : seen) txn.put_cursor(key.first, key.second, each.cursor, each.at);
    return {};
  });
}

} // namespace memsync::hub
