#include <fmt/format.h>
#include <set>

#include "replica/damage.h"
#include "replica/notifications.h"
#include "replica/overlay.h"
#include "replica/salvage.h"
#include "replica/set_aside.h"
#include "replica/state.h"
#include "replica/stored.h"
#include "replica/tree_rows.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using storage::Statement;
using storage::WriteTxn;
using Kind = Damage::Kind;

namespace {

bool has_kind(const std::vector<Damage>& damage, Kind kind) {
  return std::any_of(damage.begin(), damage.end(), [&](const Damage& each) { return each.kind == kind; });
}

bool has_kind(const std::vector<Damage>& damage, Kind kind, WorkspaceKey workspace) {
  return std::any_of(damage.begin(), damage.end(),
                     [&](const Damage& each) { return each.kind == kind && each.workspace == workspace; });
}

/// Whether the confirmed state of the workspace must come from the hub again.
bool needs_refetch(const WorkspaceRow& row, const std::vector<Damage>& damage,
                   const std::vector<model::WorkspaceId>& differing) {
  if (row.kind == model::WorkspaceKind::local) return false;
  if (std::find(differing.begin(), differing.end(), row.id) != differing.end()) return true;
  return std::any_of(damage.begin(), damage.end(), [&](const Damage& each) {
    return each.workspace == row.key && each.kind != Kind::index && each.kind != Kind::structure;
  });
}

struct UnreadableOperation {
  std::string table, text;
  std::uint64_t n = 0;
};

std::vector<UnreadableOperation> find_unreadable(WriteTxn& txn, WorkspaceKey key) {
  std::vector<UnreadableOperation> found;
  for (const std::string_view table : {"outbox", "rejected", "acknowledged"}) {
    Statement row = txn.prepare(fmt::format("SELECT n, operation FROM {} WHERE workspace = ?1", table));
    row.bind_all(key.value);
    while (row.step()) {
      try {
        load_operation(row.column_text(1));
      } catch (const storage::DatabaseError&) {
        found.push_back({std::string(table), std::string(row.column_text(1)), row.column_u64(0)});
      }
    }
  }
  return found;
}

/// What was never sent closes up: its numbers are known to nobody but this store, and the hub takes them
/// only without a hole. What was sent keeps its number; the hub's answer to it does not depend on ours.
void close_hole(WriteTxn& txn, const WorkspaceRow& workspace, std::uint64_t n) {
  std::vector<model::Operation> above;
  {
    Statement rows = txn.prepare("SELECT operation FROM outbox WHERE workspace = ?1 AND n > ?2 ORDER BY n");
    rows.bind_all(workspace.key.value, n);
    while (rows.step()) above.push_back(load_operation(rows.column_text(0)));
  }
  for (model::Operation& operation : above) {
    const std::uint64_t old = operation.n--;
    txn.run("UPDATE outbox SET n = ?3, operation = ?4 WHERE workspace = ?1 AND n = ?2", workspace.key.value,
            old, operation.n, wire::encode_operation(operation));
    txn.run("UPDATE touch SET n = ?3 WHERE workspace = ?1 AND n = ?2", workspace.key.value, old, operation.n);
  }
  txn.run("UPDATE workspace SET next_n = next_n - 1 WHERE key = ?1", workspace.key.value);
}

std::size_t set_aside_operations(WriteTxn& txn, const WorkspaceRow& workspace, base::Timestamp now) {
  auto unreadable = find_unreadable(txn, workspace.key);
  // From the last to the first, so that closing one hole leaves the numbers of the others.
  std::sort(unreadable.begin(), unreadable.end(),
            [](const UnreadableOperation& a, const UnreadableOperation& b) { return a.n > b.n; });
  for (const UnreadableOperation& each : unreadable) {
    set_aside_damaged(txn, workspace.id.view(), workspace.name, now, each.text);
    txn.run(fmt::format("DELETE FROM {} WHERE workspace = ?1 AND n = ?2 AND operation = ?3", each.table),
            workspace.key.value, each.n, each.text);
    if (each.table != "outbox") continue;
    txn.run("DELETE FROM touch WHERE workspace = ?1 AND n = ?2", workspace.key.value, each.n);
    if (each.n > workspace.sent_n) close_hole(txn, workspace, each.n);
  }
  return unreadable.size();
}

/// Makes empty search tables in place of damaged ones; index_slice fills them.
void clear_index(WriteTxn& txn) {
  for (const std::string_view table : {"prose", "identifier"}) {
    std::string sql;
    {
      Statement row = txn.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1");
      row.bind_all(table);
      if (row.step()) sql = row.column_text(0);
    }
    txn.run(fmt::format("DROP TABLE {}", table));
    txn.run(sql);
    txn.run(fmt::format("INSERT INTO {0} ({0}, rank) VALUES ('automerge', 8)", table));
  }
  txn.run("DELETE FROM similarity");
  txn.run("UPDATE node SET indexed = 0");
}

void repair_workspace(WriteTxn& txn, const WorkspaceRow& row, const std::vector<Damage>& damage,
                      const std::vector<model::WorkspaceId>& differing, base::Timestamp now, Repaired& done) {
  done.set_aside += set_aside_operations(txn, row, now);
  txn.run(
      "UPDATE workspace SET next_n = max(next_n, 1 + coalesce((SELECT max(n) FROM outbox WHERE workspace = "
      "?1), 0)) WHERE key = ?1",
      row.key.value);
  if (needs_refetch(row, damage, differing)) {
    txn.run(
        "UPDATE workspace SET wants_resync = 1, head = max(head, cursor), staging = NULL, staging_contains = "
        "NULL WHERE key = ?1",
        row.key.value);
    done.refetch.push_back(row.id);
  }
  if (row.kind != model::WorkspaceKind::local) return;
  if (has_kind(damage, Kind::item, row.key) || has_kind(damage, Kind::tree, row.key)) {
    done.set_aside += salvage_items(txn, row, now);
    set_documents(txn, row.space);
    count_documents(txn, row.space);
  }
}

} // namespace

std::vector<std::string> plan_repair(const std::vector<WorkspaceRow>& workspaces,
                                     const std::vector<Damage>& damage,
                                     const std::vector<model::WorkspaceId>& differing) {
  if (has_kind(damage, Kind::structure))
    return {
        "nothing: the file itself is damaged. Keep a copy of the folder, use another MEMSYNC_HOME, and "
        "fetch from the hub what it has"};
  std::vector<std::string> plan;
  if (has_kind(damage, Kind::operation))
    plan.push_back(
        "set aside the operations that cannot be read, as they are (`memsync pending` lists them)");
  for (const WorkspaceRow& row : workspaces) {
    if (needs_refetch(row, damage, differing))
      plan.push_back(fmt::format(
          "fetch the confirmed state of \"{}\" from the hub again, keeping every change that waits",
          row.name));
    const bool is_local = row.kind == model::WorkspaceKind::local;
    if (is_local && (has_kind(damage, Kind::item, row.key) || has_kind(damage, Kind::tree, row.key)))
      plan.push_back(
          fmt::format("set aside the damaged rows of \"{}\" as they are, and keep in place what can "
                      "still be read of them",
                      row.name));
  }
  if (has_kind(damage, Kind::told)) plan.push_back("fetch the damaged notifications from the hub again");
  if (has_kind(damage, Kind::index)) plan.push_back("rebuild the search index");
  return plan;
}

Result<Repaired> repair(Replica& replica, const std::vector<model::WorkspaceId>& differing) {
  TRY_ASSIGN(const auto damage, find_damage(replica));
  if (has_kind(damage, Kind::structure))
    return Error{ErrorCode::corrupt, "the file itself is damaged and cannot be repaired in place"};
  Repaired done;
  const base::Timestamp now = replica.clock().now();
  TRY(replica.database().write([&](WriteTxn& txn) -> Result<> {
    for (const WorkspaceRow& row : Reader(txn, now).workspaces())
      repair_workspace(txn, row, damage, differing, now, done);
    if (has_kind(damage, Kind::told)) drop_damaged_notifications(txn);
    done.rebuilds_index = has_kind(damage, Kind::index);
    if (done.rebuilds_index) clear_index(txn);
    return {};
  }));
  replica.after_commit();
  return done;
}

} // namespace memsync::replica
