#include <fmt/format.h>

#include "hub/backends/sqlite_txn.h"

namespace memsync::hub {

using model::name_of;
using model::Sequence;
using storage::Statement;

namespace {

std::string place_of(std::int64_t workspace, Sequence sequence) {
  return fmt::format("{}:{}", workspace, sequence.value);
}

/// The lists of a snapshot, in the order in which its pages go through them; a key is the letter and an id.
struct SnapshotSection {
  char letter;
  std::string_view what, sql;
  std::string wire::SnapshotPageTexts::*texts;
};
constexpr SnapshotSection k_sections[] = {
    {'n', "node", "SELECT id, hash, state FROM node WHERE workspace = ?1 AND id > ?2 ORDER BY id",
     &wire::SnapshotPageTexts::nodes},
    {'r', "relationship",
     "SELECT id, hash, state FROM relationship WHERE workspace = ?1 AND id > ?2 ORDER BY id",
     &wire::SnapshotPageTexts::relationships},
    {'c', "comment", "SELECT id, hash, state FROM comment WHERE workspace = ?1 AND id > ?2 ORDER BY id",
     &wire::SnapshotPageTexts::comments},
    {'x', "conflict",
     "SELECT id, hash, state FROM conflict WHERE workspace = ?1 AND id > ?2 AND resolved = 0 ORDER BY id",
     &wire::SnapshotPageTexts::conflicts},
};

/// Appends rows until the page holds `max_bytes`; the key of the last one then, empty at the end.
std::string append_rows(Statement& rows, const SnapshotSection& section, std::string& texts,
                        std::size_t& bytes, std::size_t max_bytes) {
  while (rows.step()) {
    const std::string_view id = rows.column_text(0);
    const std::string_view text = rows.column_text(2);
    check_row(section.what, id, text, rows.column_hash(1));
    if (!texts.empty()) texts += ',';
    texts += text;
    bytes += text.size();
    if (bytes >= max_bytes) return section.letter + std::string(id);
  }
  return {};
}

} // namespace

LogRange SqliteReader::log_range(const model::WorkspaceId& workspace) {
  Statement row = txn_.prepare("SELECT head, floor FROM workspace WHERE key = ?1");
  row.bind_all(key_of(workspace));
  if (!row.step()) return {};
  return {Sequence{row.column_u64(0)}, Sequence{row.column_u64(1)}};
}

std::vector<LogEntry> SqliteReader::read_log(const model::WorkspaceId& workspace, Sequence after,
                                             std::size_t max_entries, std::size_t max_bytes) {
  const std::int64_t key = key_of(workspace);
  Statement rows = txn_.prepare(
      "SELECT sequence, hash, entry FROM log WHERE workspace = ?1 AND sequence > ?2 ORDER BY sequence LIMIT "
      "?3");
  rows.bind_all(key, after.value, max_entries);
  std::vector<LogEntry> entries;
  std::size_t bytes = 0;
  while (rows.step()) {
    const Sequence sequence{rows.column_u64(0)};
    const std::string_view text = rows.column_text(2);
    bytes += text.size() + 1;
    if (!entries.empty() && bytes > max_bytes) break;
    check_row("log entry", std::to_string(sequence.value), place_of(key, sequence).append(text),
              rows.column_hash(1));
    entries.push_back({sequence, std::string(text)});
  }
  return entries;
}

std::optional<Replica> SqliteReader::find_replica(const model::WorkspaceId& workspace,
                                                  const model::ReplicaId& id) {
  Statement row = txn_.prepare("SELECT key, user, last_n FROM replica WHERE workspace = ?1 AND id = ?2");
  row.bind_all(key_of(workspace), id);
  if (!row.step()) return std::nullopt;
  return Replica{row.column_int64(0), row.column_id<model::UserId>(1), row.column_u64(2)};
}

std::optional<StoredResult> SqliteReader::find_result(const Replica& replica, std::uint64_t n) {
  Statement row = txn_.prepare(
      "SELECT hash, sequence, status, code, conflict FROM op_result WHERE replica = ?1 AND n = ?2");
  row.bind_all(replica.key, n);
  if (!row.step()) return std::nullopt;
  StoredResult stored{row.column_hash(0), {}};
  stored.result.n = n;
  stored.result.sequence = Sequence{row.column_u64(1)};
  stored.result.status = column_name<model::Status>(row, 2);
  if (!row.is_null(3))
    stored.result.code = base::find_error_code(row.column_text(3)).value_or(base::ErrorCode::internal);
  if (!row.is_null(4)) stored.result.conflict = row.column_id<model::ConflictId>(4);
  return stored;
}

std::vector<wire::OperationMark> SqliteReader::list_accepted(const Replica& replica) {
  Statement rows =
      txn_.prepare("SELECT n, hash FROM op_result WHERE replica = ?1 AND status <> 'rejected' ORDER BY n");
  rows.bind_all(replica.key);
  std::vector<wire::OperationMark> marks;
  while (rows.step()) marks.push_back({rows.column_u64(0), rows.column_hash(1)});
  return marks;
}

std::optional<SnapshotSession> SqliteReader::find_snapshot(const model::WorkspaceId& workspace,
                                                           const std::string& session) {
  Statement row = txn_.prepare("SELECT user, at, used_at FROM snapshot WHERE id = ?2 AND workspace = ?1");
  row.bind_all(key_of(workspace), session);
  if (!row.step()) return std::nullopt;
  return SnapshotSession{session, row.column_id<model::UserId>(0), Sequence{row.column_u64(1)},
                         row.column_time(2)};
}

wire::SnapshotPageTexts SqliteReader::read_snapshot(const model::WorkspaceId& workspace,
                                                    const std::string& after_key, std::size_t max_bytes) {
  const std::int64_t key = key_of(workspace);
  wire::SnapshotPageTexts page;
  std::size_t bytes = 0;
  bool reached = after_key.empty();
  for (const SnapshotSection& section : k_sections) {
    const bool is_here = !after_key.empty() && after_key.front() == section.letter;
    reached = reached || is_here;
    if (!reached) continue;
    Statement rows = txn_.prepare(section.sql);
    rows.bind_all(key, is_here ? std::string_view(after_key).substr(1) : std::string_view());
    page.next_key = append_rows(rows, section, page.*section.texts, bytes, max_bytes);
    if (!page.next_key.empty()) return page;
  }
  page.end = log_range(workspace).head;
  return page;
}

std::vector<EntryHeader> SqliteReader::list_headers(const model::WorkspaceId& workspace, Sequence before,
                                                    std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT sequence, replica, n, author, at, kind, status, target, node, document, title, client, session "
      "FROM log WHERE workspace = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3");
  rows.bind_all(key_of(workspace), before.value, limit);
  std::vector<EntryHeader> headers;
  while (rows.step()) {
    EntryHeader header;
    header.sequence = Sequence{rows.column_u64(0)};
    header.replica = rows.column_int64(1);
    header.n = rows.column_u64(2);
    header.author = rows.column_id<model::UserId>(3);
    header.at = rows.column_time(4);
    header.kind = column_name<model::OperationKind>(rows, 5);
    header.status = column_name<model::Status>(rows, 6);
    header.target = rows.column_id<model::ItemId>(7);
    header.node = rows.column_id<model::NodeId>(8);
    header.document = rows.column_id<model::DocumentId>(9);
    header.title = rows.column_text(10);
    header.client = rows.column_text(11);
    header.session = rows.column_text(12);
    headers.push_back(std::move(header));
  }
  return headers;
}

// --- writes ---

Replica SqliteTxn::add_replica(const model::WorkspaceId& workspace, const model::ReplicaId& id,
                               const model::UserId& user) {
  txn_.run("INSERT INTO replica (workspace, id, user, last_n) VALUES (?1, ?2, ?3, 0)", key_of(workspace), id,
           user);
  return {txn_.last_insert_rowid(), user, 0};
}

void SqliteTxn::set_last_n(const Replica& replica, std::uint64_t last_n) {
  txn_.run("UPDATE replica SET last_n = ?2 WHERE key = ?1", replica.key, last_n);
}

// SQLite has one writer, so reading the head under its lock is enough.
Sequence SqliteTxn::lock_head(const model::WorkspaceId& workspace) { return log_range(workspace).head; }

void SqliteTxn::set_head(const model::WorkspaceId& workspace, Sequence head) {
  txn_.run("UPDATE workspace SET head = ?2 WHERE key = ?1", key_of(workspace), head.value);
}

void SqliteTxn::add_entry(const model::WorkspaceId& workspace, const EntryHeader& header,
                          const std::string& text) {
  const std::int64_t key = key_of(workspace);
  txn_.run(
      "INSERT INTO log (workspace, sequence, replica, n, author, at, kind, status, target, node, document, "
      "title, client, session, hash, entry) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
      key, header.sequence.value, header.replica, header.n, header.author, header.at, name_of(header.kind),
      name_of(header.status), header.target, header.node, header.document, header.title, header.client,
      header.session,
      hash_of_row(std::to_string(header.sequence.value), place_of(key, header.sequence).append(text)), text);
}

void SqliteTxn::add_result(const Replica& replica, const base::Hash128& hash,
                           const model::PushResult& result) {
  std::optional<std::string_view> code;
  if (result.code) code = base::error_info(*result.code).name;
  txn_.run(
      "INSERT INTO op_result (replica, n, hash, sequence, status, code, conflict) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      replica.key, result.n, hash, result.sequence.value, name_of(result.status), code, result.conflict);
}

void SqliteTxn::add_change(const model::WorkspaceId& workspace, const model::DocumentId& document,
                           const Change& change) {
  txn_.run(
      "INSERT INTO change (workspace, sequence, node, document, field, lost, author, at, client, session, "
      "old_value, new_value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      key_of(workspace), change.sequence.value, change.node, document, name_of(change.field.value()),
      change.lost, change.author, change.at, change.client, change.session, change.old_value,
      change.new_value);
}

void SqliteTxn::renew_epoch(model::Epoch epoch) {
  txn_.run("UPDATE hub SET epoch = ?1", epoch.value);
  txn_.run("DELETE FROM snapshot");
}

Sequence SqliteTxn::compact(const model::WorkspaceId& workspace, Sequence floor) {
  const std::int64_t key = key_of(workspace);
  const LogRange range = log_range(workspace);
  Statement held = txn_.prepare("SELECT min(at) FROM snapshot WHERE workspace = ?1");
  held.bind_all(key);
  if (held.step() && !held.is_null(0)) floor = std::min(floor, Sequence{held.column_u64(0)});
  held.reset();
  floor = std::min(floor, range.head);
  if (floor <= range.floor) return range.floor;
  txn_.run(
      "UPDATE log SET entry = NULL, hash = zeroblob(16) "
      "WHERE workspace = ?1 AND sequence > ?2 AND sequence <= ?3",
      key, range.floor.value, floor.value);
  txn_.run("UPDATE workspace SET floor = ?2 WHERE key = ?1", key, floor.value);
  return floor;
}

void SqliteTxn::put_snapshot(const model::WorkspaceId& workspace, const SnapshotSession& session) {
  txn_.run(
      "INSERT INTO snapshot (id, workspace, user, at, used_at) VALUES (?2, ?1, ?3, ?4, ?5) "
      "ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at",
      key_of(workspace), session.id, session.user, session.at.value, session.used_at);
}

void SqliteTxn::drop_snapshots(base::Timestamp before) {
  txn_.run("DELETE FROM snapshot WHERE used_at < ?1", before);
}

} // namespace memsync::hub
