#include "tests/sim/visible.h"

#include <fmt/format.h>

#include "base/json.h"
#include "replica/sync_transaction.h"
#include "wire/effect_codec.h"

namespace memsync::sim {

using base::Json;
using base::Result;
using model::NodeId;
using model::WorkspaceId;

/// What the store of a machine has of one workspace.
struct VisibleJudge::Shown {
  model::Cursor cursor;
  std::map<NodeId, model::Node> confirmed;
  std::set<std::string> unsent, kept; // sessions: one per operation
};

namespace {

std::string session_of(std::string_view operation) {
  const Json json = Json::parse(operation);
  return json.contains("session") ? json["session"].get<std::string>() : "";
}

void read_sessions(storage::ReadTxn& txn, std::string_view sql, const WorkspaceId& workspace,
                   std::set<std::string>& sessions) {
  auto rows = txn.prepare(sql);
  rows.bind_all(workspace);
  while (rows.step()) sessions.insert(session_of(rows.column_text(0)));
}

using Texts = std::map<std::string, std::string>;

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
  auto shown = machine.replica().database().read([&](storage::ReadTxn& txn) -> Result<Shown> {
    Shown found;
    auto row = txn.prepare("SELECT epoch, cursor FROM workspace WHERE id = ?1");
    row.bind_all(workspace);
    if (!row.step()) return found;
    found.cursor = {model::Epoch{row.column_u64(0)}, model::Sequence{row.column_u64(1)}};
    auto nodes = txn.prepare(
        "SELECT coalesce(base.state, node.state) FROM node JOIN workspace ON node.space = workspace.space "
        "LEFT JOIN base ON base.space = node.space AND base.item = 'node' AND base.id = node.id "
        "WHERE workspace.id = ?1 AND (base.id IS NULL OR base.state IS NOT NULL)");
    nodes.bind_all(workspace);
    while (nodes.step()) {
      auto node = wire::decode_node(nodes.column_text(0));
      require(node.has_value(), "a stored node cannot be read");
      found.confirmed[node->id] = *std::move(node);
    }
    constexpr std::string_view k_of = "WHERE workspace = (SELECT key FROM workspace WHERE id = ?1)";
    read_sessions(txn, fmt::format("SELECT operation FROM outbox {}", k_of), workspace, found.unsent);
    read_sessions(txn, fmt::format("SELECT operation FROM rejected {}", k_of), workspace, found.kept);
    return found;
  });
  require(shown.has_value(), "a machine's store cannot be read");
  if (shown->cursor.epoch.value == 0) return;
  judge_overlay(machine, workspace);
  const auto log = read_log(workspace, shown->cursor);
  if (!log) return;
  judge_confirmed(*shown, *log);
  judge_writes(machine, workspace, *shown, *log);
}

std::optional<std::vector<model::Entry>> VisibleJudge::read_log(const WorkspaceId& workspace,
                                                                const model::Cursor& cursor) {
  if (world_.hub().epoch() != cursor.epoch) return std::nullopt;
  const auto principal = world_.hub().authenticate(world_.machines().front()->token());
  require(principal.has_value(), "the owner cannot sign in");
  std::vector<model::Entry> entries;
  model::Cursor after{cursor.epoch, {}};
  while (after.sequence < cursor.sequence) {
    const auto page = world_.hub().pull(*principal, workspace, {after, 500});
    require(page && !page->entries.empty(), "4: a cursor is beyond the log");
    for (const std::string& text : page->entries) {
      auto entry = wire::decode_entry(Json::parse(text));
      require(entry.has_value(), "a log row cannot be read");
      if (entry->sequence <= cursor.sequence) entries.push_back(*std::move(entry));
    }
    after.sequence = page->range.to;
  }
  return entries;
}

void VisibleJudge::judge_confirmed(const Shown& shown, const std::vector<model::Entry>& log) {
  std::map<NodeId, model::Node> expected;
  for (const model::Entry& entry : log)
    for (const model::NodeEffect& effect : entry.nodes) model::install(expected[effect.node.id], effect);
  for (const auto& [id, node] : expected) {
    const auto at = shown.confirmed.find(id);
    require(at != shown.confirmed.end(), fmt::format("4: {} is not there though the log has it", id.view()));
    require(at->second == node,
            fmt::format("4: {} is not what the log says at {}", id.view(), shown.cursor.sequence.value));
  }
  require(shown.confirmed.size() == expected.size(), "12: a node is there before its row of the log");
}

void VisibleJudge::judge_writes(const Machine& machine, const WorkspaceId& workspace, const Shown& shown,
                                const std::vector<model::Entry>& log) {
  std::set<std::string> logged;
  for (const model::Entry& entry : log) logged.insert(entry.by.session);
  for (const Acknowledged& each : world_.ledger()) {
    if (each.machine != machine.index() || each.workspace != workspace || each.is_waived) continue;
    const bool is_logged = logged.contains(each.session), is_unsent = shown.unsent.contains(each.session);
    require(is_logged || is_unsent || shown.kept.contains(each.session),
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
