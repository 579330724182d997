#include "tests/sim/visible.h"

#include <fmt/format.h>

#include "base/json.h"
#include "replica/sync_transaction.h"

namespace memsync::sim {

using base::Json;
using base::Result;
using model::WorkspaceId;

namespace {

using Texts = StoreView::Texts;

Texts read_texts(storage::ReadTxn& txn, const replica::Space& space) {
  Texts texts;
  for (const char* table : {"node", "relationship", "comment", "conflict"}) {
    auto rows = txn.prepare(fmt::format("SELECT id, state FROM {} WHERE space = ?1", table));
    rows.bind_all(space.value);
    while (rows.step()) texts[std::string(rows.column_text(0))] = rows.column_text(1);
  }
  return texts;
}

/// The first item that differs, of both.
std::string difference(const Texts& shown, const Texts& expected) {
  for (const auto& [id, text] : expected) {
    const auto at = shown.find(id);
    if (at == shown.end() || at->second != text)
      return fmt::format("{}\n  {}\n  {}", id, at == shown.end() ? "(missing)" : at->second, text);
  }
  for (const auto& [id, text] : shown)
    if (!expected.contains(id)) return fmt::format("{}\n  {}\n  (missing)", id, text);
  return {};
}

} // namespace

void VisibleJudge::judge(Machine& machine) {
  if (!machine.is_running()) return;
  for (const WorkspaceId& workspace : world_.workspaces()) judge(machine, workspace);
}

void VisibleJudge::judge(Machine& machine, const WorkspaceId& workspace) {
  const auto store = read_store(machine, workspace);
  if (!store || store->epoch == 0) return;
  judge_overlay(machine, workspace);
  if (!world_.is_hub_up() || world_.hub().epoch().value != store->epoch) return;
  const LogArchive& archive = world_.archive(workspace);
  require(store->cursor <= archive.head(), "4: a cursor is beyond the log");
  judge_confirmed(*store, archive);
  judge_writes(machine, workspace, *store, archive);
}

void VisibleJudge::judge_confirmed(const StoreView& store, const LogArchive& archive) {
  const LogArchive::Items expected = archive.items_at(store.cursor);
  for (const auto& [id, text] : expected) {
    const auto at = store.confirmed.find(id);
    const bool is_there = at != store.confirmed.end();
    // A conflict that was settled when a snapshot was made is not in it.
    if (!is_there && text->find("resolved_at") != std::string::npos) continue;
    require(is_there, fmt::format("4: {} is not there though the log has it", id));
    const std::string shown = LogArchive::normal_form(Json::parse(at->second));
    require(shown == *text,
            fmt::format("4: {} is not what the log says at {}:\n  {}\n  {}", id, store.cursor, shown, *text));
  }
  for (const auto& [id, text] : store.confirmed)
    require(expected.contains(id), fmt::format("12: {} is there before its row of the log", id));
}

void VisibleJudge::judge_writes(const Machine& machine, const WorkspaceId& workspace, const StoreView& store,
                                const LogArchive& archive) {
  std::set<std::string> logged, to_come;
  for (std::size_t i = 0; i < archive.entries().size(); ++i)
    (i < store.cursor ? logged : to_come).insert(archive.entries()[i]["by"].value("session", ""));
  for (const Acknowledged& each : world_.ledger()) {
    if (each.machine != machine.index() || each.workspace != workspace || each.is_waived) continue;
    const bool is_logged = logged.contains(each.session), is_unsent = store.unsent.contains(each.session);
    // A store put back to a copy, once the hub has said that it has the operation: shown again with its row.
    const bool is_on_its_way =
        machine.was_restored() && to_come.contains(each.session) && store.acknowledged.contains(each.session);
    require(is_logged || is_unsent || is_on_its_way || store.kept.contains(each.session),
            fmt::format("16: machine {} no longer shows operation {}", machine.index(), each.session));
    require(!is_logged || !is_unsent || machine.was_restored(),
            fmt::format("16: machine {} shows operation {} twice", machine.index(), each.session));
  }
}

/// Applies the whole outbox again, looks, and takes it back.
void VisibleJudge::judge_overlay(Machine& machine, const WorkspaceId& workspace) {
  std::string what;
  const auto done = machine.replica().database().write([&](storage::WriteTxn& txn) -> Result<> {
    const auto row = replica::Reader(txn, machine.clock().now()).find_workspace(workspace);
    const Texts before = read_texts(txn, row->space);
    replica::Overlay(txn, *row, replica::store_user(txn)).replay_all();
    what = difference(before, read_texts(txn, row->space));
    return base::Error{base::ErrorCode::stale, "only looked"};
  });
  require(!done && done.error().code == base::ErrorCode::stale, "a machine's outbox cannot be applied");
  require(what.empty(),
          fmt::format("16: machine {} shows not its outbox on what is confirmed: {}", machine.index(), what));
}

} // namespace memsync::sim
