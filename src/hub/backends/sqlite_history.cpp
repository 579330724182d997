#include <fmt/format.h>

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

// A row of `log` with one of `change`, or with none (all of that is NULL).
constexpr std::string_view k_columns =
    "SELECT log.sequence, coalesce(change.node, log.node), field, coalesce(lost, 0), "
    "coalesce(change.author, log.author), log.at, log.client, log.session, old_value, new_value, "
    "coalesce(change.key, 0), kind, status, "
    "CASE WHEN change.node IS NULL OR change.node = log.node THEN log.title ELSE '' END ";
// In this order: whoever asks names rows of `change`.
constexpr std::string_view k_with_log =
    "CROSS JOIN log ON log.workspace = change.workspace AND log.sequence = change.sequence ";
constexpr std::string_view k_newest_first = "ORDER BY change.sequence DESC, change.key DESC ";

Change read_change(const Statement& row) {
  Change change;
  change.sequence = Sequence{row.column_u64(0)};
  change.node = row.column_id<model::NodeId>(1);
  if (!row.is_null(2)) change.field = column_name<model::Field>(row, 2);
  change.lost = row.column_bool(3);
  change.author = row.column_id<model::UserId>(4);
  change.at = row.column_time(5);
  change.client = row.column_text(6);
  change.session = row.column_text(7);
  change.old_value = optional_text(row, 8);
  change.new_value = optional_text(row, 9);
  change.key = row.column_int64(10);
  change.kind = column_name<model::OperationKind>(row, 11);
  change.status = column_name<model::Status>(row, 12);
  change.title = row.column_text(13);
  return change;
}

std::size_t size_of(const Change& change) {
  constexpr std::size_t k_frame = 400;
  return k_frame + change.title.size() + change.old_value.value_or("").size() +
         change.new_value.value_or("").size();
}

/// The rows of a statement that finds one more than the page wants.
ChangeRange read_page(Statement& rows, const ChangePage& page) {
  ChangeRange range;
  std::size_t bytes = 0;
  while (!range.more && rows.step()) {
    Change change = read_change(rows);
    bytes += size_of(change);
    range.more = range.rows.size() == page.limit || (!range.rows.empty() && bytes > page.max_bytes);
    if (!range.more) range.rows.push_back(std::move(change));
  }
  return range;
}

/// Changes whose `column` (a name of ours) is ?2.
std::string select_page(std::string_view column, std::string_view more = "") {
  return fmt::format(
      "{0}FROM change INDEXED BY change_by_{2} {1}WHERE change.workspace = ?1 AND change.{2} = ?2 AND "
      "(change.sequence, change.key) < (?3, ?4) {3}{4}LIMIT ?5 + 1",
      k_columns, k_with_log, column, more, k_newest_first);
}

} // namespace

ChangeRange SqliteReader::list_node_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                            const ChangePage& page) {
  Statement rows = txn_.prepare(select_page("node"));
  return read_page(
      rows.bind_all(key_of(workspace), node, page.before.sequence.value, page.before.key, page.limit), page);
}

ChangeRange SqliteReader::list_document_changes(const model::WorkspaceId& workspace,
                                                const model::DocumentId& document, const ChangePage& page) {
  Statement rows = txn_.prepare(select_page("document"));
  return read_page(
      rows.bind_all(key_of(workspace), document, page.before.sequence.value, page.before.key, page.limit),
      page);
}

ChangeRange SqliteReader::list_content_changes(const model::WorkspaceId& workspace, const model::NodeId& node,
                                               const ChangePage& page) {
  Statement rows = txn_.prepare(select_page("node", "AND field = 'content' AND lost = 0 "));
  return read_page(
      rows.bind_all(key_of(workspace), node, page.before.sequence.value, page.before.key, page.limit), page);
}

ChangeRange SqliteReader::list_user_changes(const model::WorkspaceId& workspace, const model::UserId& user,
                                            const std::string& session, const ChangePage& page) {
  // What somebody else's value lost by this operation stays theirs.
  Statement rows = txn_.prepare(
      fmt::format("{}FROM log INDEXED BY {} LEFT JOIN change ON change.workspace = log.workspace AND "
                  "change.sequence = log.sequence AND (lost = 0 OR change.author = log.author) "
                  "WHERE log.workspace = ?1 AND log.author = ?2 {}AND log.sequence <= ?3 AND "
                  "(log.sequence < ?3 OR coalesce(change.key, 0) < ?4) AND status <> 'rejected' "
                  "ORDER BY log.sequence DESC, change.key DESC LIMIT ?5 + 1",
                  k_columns, session.empty() ? "log_by_author" : "log_by_session",
                  session.empty() ? "" : "AND log.session = ?6 AND log.session <> '' "));
  rows.bind_all(key_of(workspace), user, page.before.sequence.value, page.before.key, page.limit);
  if (!session.empty()) rows.bind(6, session);
  return read_page(rows, page);
}

std::vector<Change> SqliteReader::list_outer_changes(const model::WorkspaceId& workspace,
                                                     const model::NodeId& node, Sequence from, Sequence to) {
  Statement rows = txn_.prepare(
      fmt::format("WITH inside AS (SELECT key, field FROM change WHERE workspace = ?1 AND node "
                  "= ?2 AND sequence > ?3 AND "
                  "sequence <= ?4 AND lost = 0) "
                  "{}FROM change {}WHERE change.key IN (SELECT max(key) FROM inside GROUP BY field UNION "
                  "SELECT min(key) FROM inside GROUP BY field) {}",
                  k_columns, k_with_log, k_newest_first));
  rows.bind_all(key_of(workspace), node, from.value, to.value);
  std::vector<Change> changes;
  while (rows.step()) changes.push_back(read_change(rows));
  return changes;
}

std::vector<model::NodeId> SqliteReader::list_changed_nodes(const model::WorkspaceId& workspace,
                                                            const model::DocumentId& document, Sequence from,
                                                            Sequence to, const model::NodeId& after,
                                                            std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT node FROM change INDEXED BY change_by_document WHERE workspace = ?1 AND document = ?2 AND "
      "sequence > ?3 AND sequence <= ?4 AND node > ?5 UNION "
      "SELECT node FROM log INDEXED BY log_of_creations WHERE workspace = ?1 AND document = ?2 AND "
      "kind = 'create' AND sequence > ?3 AND sequence <= ?4 AND node > ?5 ORDER BY 1 LIMIT ?6");
  rows.bind_all(key_of(workspace), document, from.value, to.value, after.view(), limit);
  std::vector<model::NodeId> nodes;
  while (rows.step()) nodes.push_back(rows.column_id<model::NodeId>(0));
  return nodes;
}

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
