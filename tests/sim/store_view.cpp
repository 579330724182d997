#include "tests/sim/store_view.h"

#include <fmt/format.h>

#include "base/json.h"
#include "tests/sim/violation.h"

namespace memsync::sim {

using base::Json;
using base::Result;
using model::WorkspaceId;
using storage::ReadTxn;

namespace {

constexpr const char* k_tables[] = {"node", "relationship", "comment", "conflict"};

void read_sessions(ReadTxn& txn, std::string_view sql, const WorkspaceId& workspace,
                   std::set<std::string>& sessions) {
  auto rows = txn.prepare(sql);
  rows.bind_all(workspace);
  while (rows.step()) sessions.insert(Json::parse(rows.column_text(0)).value("session", ""));
}

void read_kept_within(ReadTxn& txn, const WorkspaceId& workspace, std::set<std::string>& kept) {
  read_sessions(txn,
                "SELECT operation FROM rejected WHERE workspace = (SELECT key FROM workspace WHERE id = ?1)",
                workspace, kept);
  read_sessions(txn, "SELECT operation FROM quarantine WHERE workspace = ?1", workspace, kept);
}

/// Edits that were sent to a hub restored from a backup (they have seen nothing of its log) before the node
/// was there again.
void read_stranded(ReadTxn& txn, const WorkspaceId& workspace, StoreView& view) {
  auto rows = txn.prepare(
      "SELECT rejected.node, operation FROM rejected JOIN workspace ON key = workspace AND workspace.replica "
      "= "
      "rejected.replica WHERE workspace.id = ?1 AND code = 'not_found' AND rejected.kind <> 'move'");
  rows.bind_all(workspace);
  while (rows.step()) {
    const Json operation = Json::parse(rows.column_text(1));
    if (operation["base"] == "0" && !operation.contains("tx") &&
        view.confirmed.contains(std::string(rows.column_text(0))))
      view.stranded.insert(operation.value("session", ""));
  }
}

template <class F>
auto read(Machine& machine, F&& f) {
  auto found = machine.replica().database().read(std::forward<F>(f));
  require(found.has_value(), found ? "" : "a machine's store cannot be read: " + found.error().message);
  return *std::move(found);
}

} // namespace

std::optional<StoreView> read_store(Machine& machine, const WorkspaceId& workspace) {
  return read(machine, [&](ReadTxn& txn) -> Result<std::optional<StoreView>> {
    auto row = txn.prepare("SELECT epoch, cursor, space FROM workspace WHERE id = ?1");
    row.bind_all(workspace);
    if (!row.step()) return std::optional<StoreView>();
    StoreView view;
    view.epoch = row.column_u64(0);
    view.cursor = row.column_u64(1);
    for (const char* table : k_tables) {
      auto items = txn.prepare(fmt::format(
          "SELECT item.id, coalesce(base.state, item.state) FROM {0} AS item LEFT JOIN base ON base.space = "
          "item.space AND base.item = '{0}' AND base.id = item.id WHERE item.space = ?1 AND (base.id IS NULL "
          "OR base.state IS NOT NULL)",
          table));
      items.bind_all(row.column_int64(2));
      while (items.step()) view.confirmed[std::string(items.column_text(0))] = items.column_text(1);
    }
    read_sessions(txn,
                  "SELECT operation FROM outbox WHERE workspace = (SELECT key FROM workspace WHERE id = ?1)",
                  workspace, view.unsent);
    auto count = txn.prepare(
        "SELECT count(*) FROM outbox WHERE workspace = (SELECT key FROM workspace WHERE id = ?1)");
    count.bind_all(workspace);
    view.outbox = count.step() ? static_cast<std::size_t>(count.column_int64(0)) : 0;
    read_sessions(
        txn, "SELECT operation FROM acknowledged WHERE workspace = (SELECT key FROM workspace WHERE id = ?1)",
        workspace, view.acknowledged);
    read_kept_within(txn, workspace, view.kept);
    read_stranded(txn, workspace, view);
    return std::optional(std::move(view));
  });
}

std::set<std::string> read_kept(Machine& machine, const WorkspaceId& workspace) {
  return read(machine, [&](ReadTxn& txn) -> Result<std::set<std::string>> {
    std::set<std::string> kept;
    read_kept_within(txn, workspace, kept);
    return kept;
  });
}

std::int64_t count_leftovers(Machine& machine) {
  return read(machine, [](ReadTxn& txn) -> Result<std::int64_t> {
    std::int64_t count = 0;
    for (const char* table : k_tables) {
      auto row = txn.prepare(fmt::format(
          "SELECT count(*) FROM {} WHERE space NOT IN (SELECT space FROM workspace UNION ALL SELECT staging "
          "FROM workspace WHERE staging IS NOT NULL)",
          table));
      if (row.step()) count += row.column_int64(0);
    }
    return count;
  });
}

} // namespace memsync::sim
