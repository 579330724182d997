#include "hub/backends/sqlite_txn.h"
#include "wire/notification_codec.h"

namespace memsync::hub {

using model::Notification;
using model::UserId;
using storage::Statement;

namespace {

/// The notification in the columns id, is_read, hash and state from `first` on.
Notification read_notification(const Statement& row, int first) {
  const std::string_view id = row.column_text(first);
  const std::string_view text = row.column_text(first + 3);
  check_row("notification", id, text, row.column_hash(first + 2));
  const auto json = base::parse_json(text);
  if (!json) fail_corrupt("notification", id);
  auto notification = wire::decode_notification(*json);
  if (!notification) fail_corrupt("notification", id);
  notification->is_read = row.column_bool(first + 1);
  return *std::move(notification);
}

} // namespace

std::string SqliteReader::keys_of(const std::vector<model::WorkspaceId>& workspaces) {
  std::string list = "[";
  for (const model::WorkspaceId& workspace : workspaces) {
    if (list.size() > 1) list += ',';
    list += std::to_string(key_of(workspace));
  }
  return list += ']';
}

std::int64_t SqliteReader::notification_version() {
  Statement row = txn_.prepare("SELECT notified FROM hub");
  return row.step() ? row.column_int64(0) : 0;
}

std::vector<UserId> SqliteReader::users_notified_after(std::int64_t version) {
  Statement rows = txn_.prepare("SELECT DISTINCT user FROM notification WHERE version > ?1");
  rows.bind_all(version);
  std::vector<UserId> users;
  while (rows.step()) users.push_back(rows.column_id<UserId>(0));
  return users;
}

NotificationRange SqliteReader::list_changed_notifications(const UserId& user, std::int64_t after,
                                                           std::size_t limit, std::size_t max_bytes) {
  Statement rows = txn_.prepare(
      "SELECT version, id, is_read, hash, state FROM notification INDEXED BY notification_by_change "
      "WHERE user = ?1 AND version > ?2 ORDER BY version LIMIT ?3");
  rows.bind_all(user, after, limit + 1);
  NotificationRange range;
  range.to = after;
  std::size_t bytes = 0;
  while (rows.step()) {
    bytes += rows.column_text(4).size();
    if (range.rows.size() == limit || (!range.rows.empty() && bytes > max_bytes)) {
      range.more = true;
      return range;
    }
    range.to = rows.column_int64(0);
    range.rows.push_back(read_notification(rows, 1));
  }
  range.to = std::max(after, notification_version());
  return range;
}

std::vector<KeyedNotification> SqliteReader::list_notifications(const UserId& user,
                                                                const NotificationQuery& query,
                                                                std::int64_t before, std::size_t limit) {
  Statement rows = txn_.prepare(
      "SELECT key, id, is_read, hash, state FROM notification WHERE user = ?1 AND key < ?2 "
      "AND workspace IN (SELECT value FROM json_each(?3)) AND (is_read = 0 OR ?4 = 0) "
      "ORDER BY key DESC LIMIT ?5");
  rows.bind_all(user, before, keys_of(query.workspaces), query.only_unread, limit);
  std::vector<KeyedNotification> found;
  while (rows.step()) found.push_back({rows.column_int64(0), read_notification(rows, 1)});
  return found;
}

std::int64_t SqliteReader::count_unread(const UserId& user,
                                        const std::vector<model::WorkspaceId>& workspaces) {
  Statement row = txn_.prepare(
      "SELECT count(*) FROM notification WHERE user = ?1 AND is_read = 0 "
      "AND workspace IN (SELECT value FROM json_each(?2))");
  row.bind_all(user, keys_of(workspaces));
  return row.step() ? row.column_int64(0) : 0;
}

std::vector<model::NotificationKind> SqliteReader::list_muted(const UserId& user) {
  Statement rows = txn_.prepare("SELECT kind FROM muted WHERE user = ?1 ORDER BY kind");
  rows.bind_all(user);
  std::vector<model::NotificationKind> kinds;
  while (rows.step()) kinds.push_back(column_name<model::NotificationKind>(rows, 0));
  return kinds;
}

// --- writes ---

std::int64_t SqliteTxn::next_notification_version() {
  txn_.run("UPDATE hub SET notified = notified + 1");
  return notification_version();
}

void SqliteTxn::put_notification(const UserId& user, const Notification& notification) {
  Notification stored = notification;
  stored.is_read = false;
  const std::string text = base::dump_json(wire::encode_notification(stored));
  txn_.run(
      "INSERT INTO notification (user, id, workspace, version, at, is_read, hash, state) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (user, id) DO NOTHING",
      user, notification.id, key_of(notification.workspace), next_notification_version(), notification.at,
      notification.is_read, hash_of_row(notification.id.view(), text), text);
}

void SqliteTxn::mark_read(const UserId& user, const std::vector<model::NotificationId>& ids) {
  for (const model::NotificationId& id : ids) {
    txn_.run(
        "UPDATE notification SET is_read = 1, version = (SELECT notified FROM hub) + 1 "
        "WHERE user = ?1 AND id = ?2 AND is_read = 0",
        user, id);
    if (txn_.changes() > 0) next_notification_version();
  }
}

void SqliteTxn::mark_all_read(const UserId& user, const std::vector<model::WorkspaceId>& workspaces) {
  // Each gets a version of its own: a page of changes may end behind any of them.
  txn_.run(
      "UPDATE notification SET is_read = 1, version = (SELECT notified FROM hub) + marked.place FROM "
      "(SELECT key, row_number() OVER (ORDER BY key) AS place FROM notification WHERE user = ?1 "
      "AND is_read = 0 AND workspace IN (SELECT value FROM json_each(?2))) AS marked "
      "WHERE notification.key = marked.key",
      user, keys_of(workspaces));
  txn_.run("UPDATE hub SET notified = notified + ?1", txn_.changes());
}

void SqliteTxn::set_muted(const UserId& user, model::NotificationKind kind, bool is_muted) {
  if (is_muted) {
    txn_.run("INSERT OR IGNORE INTO muted (user, kind) VALUES (?1, ?2)", user, model::name_of(kind));
  } else {
    txn_.run("DELETE FROM muted WHERE user = ?1 AND kind = ?2", user, model::name_of(kind));
  }
}

void SqliteTxn::drop_notifications(base::Timestamp read_before, base::Timestamp unread_before) {
  txn_.run("DELETE FROM notification WHERE at < ?1 AND (is_read = 1 OR at < ?2)", read_before, unread_before);
}

} // namespace memsync::hub
