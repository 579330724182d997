#include "hub/backends/sqlite_txn.h"

namespace memsync::hub {

using model::Sequence;
using storage::Statement;

namespace {

std::optional<std::string> optional_text(const Statement& row, int index) {
  if (row.is_null(index)) return std::nullopt;
  return std::string(row.column_text(index));
}

std::size_t size_of(const wire::HistoryRow& row) {
  constexpr std::size_t k_frame = 300;
  std::size_t size = k_frame + row.title.size();
  for (const wire::HistoryChange& change : row.changes)
    size += k_frame / 3 + change.old_value.value_or("").size() + change.new_value.value_or("").size();
  return size;
}

} // namespace

std::vector<wire::HistoryRow> SqliteReader::list_history(const model::WorkspaceId& workspace, Sequence before,
                                                         Sequence after, std::size_t limit,
                                                         std::size_t max_bytes) {
  const std::int64_t key = key_of(workspace);
  Statement headers = txn_.prepare(
      "SELECT sequence, replica.id, n, author, at, kind, status, target, node, document, title, client, "
      "session "
      "FROM log JOIN replica ON replica.key = log.replica WHERE log.workspace = ?1 AND sequence < ?2 AND "
      "sequence > ?3 ORDER BY sequence DESC LIMIT ?4");
  headers.bind_all(key, before.value, after.value, limit);
  std::vector<wire::HistoryRow> rows;
  std::size_t bytes = 0;
  while (headers.step()) {
    wire::HistoryRow row;
    row.sequence = Sequence{headers.column_u64(0)};
    row.replica = headers.column_id<model::ReplicaId>(1);
    row.n = headers.column_u64(2);
    row.by.author = headers.column_id<model::UserId>(3);
    row.at = headers.column_time(4);
    row.kind = headers.column_text(5);
    row.status = headers.column_text(6);
    row.target = headers.column_id<model::ItemId>(7);
    row.node = headers.column_id<model::NodeId>(8);
    row.document = headers.column_id<model::DocumentId>(9);
    row.title = headers.column_text(10);
    row.by.client = headers.column_text(11);
    row.by.session = headers.column_text(12);
    row.changes = read_history_changes(key, row.sequence);
    bytes += size_of(row);
    if (!rows.empty() && bytes > max_bytes) break;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<wire::HistoryChange> SqliteReader::read_history_changes(std::int64_t workspace,
                                                                    Sequence sequence) {
  Statement changes = txn_.prepare(
      "SELECT node, field, lost, old_value, new_value FROM change WHERE workspace = ?1 AND sequence = ?2 "
      "ORDER BY key");
  changes.bind_all(workspace, sequence.value);
  std::vector<wire::HistoryChange> found;
  while (changes.step())
    found.push_back({changes.column_id<model::NodeId>(0), std::string(changes.column_text(1)),
                     changes.column_bool(2), optional_text(changes, 3), optional_text(changes, 4)});
  return found;
}

} // namespace memsync::hub
