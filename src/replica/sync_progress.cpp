#include "replica/sync_progress.h"

namespace memsync::replica {

namespace {

/// Nodes of the snapshot under way that are here already; 0 when none is under way.
std::size_t count_staged(storage::ReadTxn& txn, const WorkspaceRow& workspace) {
  storage::Statement row =
      txn.prepare("SELECT count(*) FROM node WHERE space = (SELECT staging FROM workspace WHERE key = ?1)");
  row.bind_all(workspace.key.value);
  return row.step() ? static_cast<std::size_t>(row.column_int64(0)) : 0;
}

} // namespace

void SyncProgress::look(storage::ReadTxn& txn, const std::vector<WorkspaceRow>& workspaces) {
  sent_ = unsent_ = received_ = unreceived_ = copied_ = 0;
  for (const WorkspaceRow& row : workspaces) {
    if (row.kind == model::WorkspaceKind::local) continue;
    const std::uint64_t first_unsent = std::min(row.next_n, row.sent_n + 1);
    const auto [at, is_new] = starts_.try_emplace(row.id, Start{row.replica, first_unsent, row.cursor});
    Start& start = at->second;
    // Numbers begin anew with a replica id, sequences with a log.
    if (start.replica != row.replica) start.replica = row.replica, start.first_unsent = first_unsent;
    if (start.cursor.epoch != row.cursor.epoch) start.cursor = row.cursor;
    sent_ += first_unsent - std::min(first_unsent, start.first_unsent);
    unsent_ += row.next_n - std::min(row.next_n, first_unsent);
    received_ += row.cursor.sequence.value - std::min(row.cursor.sequence, start.cursor.sequence).value;
    unreceived_ += row.head.value - std::min(row.head, row.cursor.sequence).value;
    copied_ += count_staged(txn, row);
  }
}

std::optional<double> SyncProgress::all_steps() const {
  if (copied_ > 0) return std::nullopt;
  return steps_done() + static_cast<double>(2 * unsent_ + unreceived_);
}

std::string SyncProgress::describe() const {
  std::string text;
  const auto add = [&](std::string part) { text += (text.empty() ? "" : ", ") + std::move(part); };
  if (sent_ + unsent_ > 0) add(fmt::format("sent {} of {}", sent_, sent_ + unsent_));
  if (received_ + unreceived_ > 0) add(fmt::format("received {} of {}", received_, received_ + unreceived_));
  if (copied_ > 0) add(fmt::format("copied {} notes so far", copied_));
  return text;
}

} // namespace memsync::replica
