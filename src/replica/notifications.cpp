#include "replica/notifications.h"

#include <limits>

#include "model/number.h"
#include "replica/stored.h"
#include "replica/sync_transaction.h"
#include "wire/notification_codec.h"

namespace memsync::replica {

using base::ErrorCode;
using base::Result;
using model::Notification;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// As long as the hub keeps what was read.
constexpr std::chrono::hours k_kept = std::chrono::days(90);

/// The notification in the columns id, is_read, state and hash.
Notification read_notification(const Statement& row) {
  const auto json = or_throw(base::parse_json(checked_state(row, row.column_text(0), 2, 3)));
  Notification notification = or_throw(wire::decode_notification(json));
  notification.is_read = row.column_bool(1);
  return notification;
}

/// `place` grows with the order in which they came.
void put_notification(WriteTxn& txn, Notification notification, std::uint64_t place) {
  const bool is_read = std::exchange(notification.is_read, false);
  const std::string state = base::dump_json(wire::encode_notification(notification));
  // What was read here stays so: a hub restored from a backup that forgot it is told again.
  txn.run(
      "INSERT INTO notification (id, workspace, at, is_read, is_marked, state, hash, sequence, place) "
      "VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET state = excluded.state, "
      "hash = excluded.hash, is_read = max(is_read, excluded.is_read), "
      "is_marked = (is_read = 1 AND excluded.is_read = 0)",
      notification.id, notification.workspace, notification.at, is_read, state,
      item_hash(notification.id.view(), state), notification.sequence.value, place);
}

/// Where a page ended, in the order of the list.
struct ListPlace {
  std::uint64_t at = 0, sequence = 0, place = 0;
  std::string id;

  std::string str() const { return fmt::format("{}.{}.{}.{}", at, sequence, place, id); }
};

std::optional<ListPlace> parse_place(std::string_view text) {
  constexpr std::uint64_t k_most = std::numeric_limits<std::int64_t>::max();
  ListPlace found;
  for (std::uint64_t* number : {&found.at, &found.sequence, &found.place}) {
    const auto dot = text.find('.');
    const auto value = model::parse_u64(text.substr(0, dot));
    if (!value || *value > k_most || dot == std::string_view::npos) return std::nullopt;
    *number = *value;
    text.remove_prefix(dot + 1);
  }
  const auto id = model::NotificationId::parse(text);
  if (!id) return std::nullopt;
  found.id = id->str();
  return found;
}

} // namespace

// --- reading

Result<Reader::NotificationPage> Reader::notifications(const NotificationQuery& query) {
  constexpr std::uint64_t k_end = std::numeric_limits<std::int64_t>::max();
  const auto before =
      query.cursor.empty() ? std::optional(ListPlace{k_end, 0, 0, ""}) : parse_place(query.cursor);
  if (!before)
    return base::Error{ErrorCode::validation, "the cursor is not one of this list: start without one"};
  Statement rows =
      txn_.prepare(fmt::format("SELECT id, is_read, state, hash, place FROM notification "
                               "WHERE (at, sequence, place, id) < (?1, ?2, ?3, ?4) {} "
                               "ORDER BY at DESC, sequence DESC, place DESC, id DESC LIMIT ?5",
                               query.only_unread ? "AND is_read = 0" : ""));
  rows.bind_all(before->at, before->sequence, before->place, before->id, query.limit + 1);
  NotificationPage page;
  ListPlace last;
  while (rows.step()) {
    if (page.rows.size() == query.limit) {
      page.next_cursor = last.str();
      break;
    }
    const Notification& row = page.rows.emplace_back(read_notification(rows));
    last = {static_cast<std::uint64_t>(row.at.time_since_epoch().count()), row.sequence.value,
            rows.column_u64(4), row.id.str()};
  }
  return page;
}

std::size_t Reader::unread_count() {
  Statement row = txn_.prepare("SELECT count(*) FROM notification WHERE is_read = 0");
  return row.step() ? static_cast<std::size_t>(row.column_int64(0)) : 0;
}

// --- marking

Result<std::size_t> mark_read(Replica& replica, const std::vector<model::NotificationId>& ids) {
  if (ids.empty()) return std::size_t{0};
  auto marked = replica.database().write([&](WriteTxn& txn) -> Result<std::size_t> {
    std::size_t count = 0;
    for (const model::NotificationId& id : ids) {
      txn.run("UPDATE notification SET is_read = 1, is_marked = 1 WHERE id = ?1 AND is_read = 0", id);
      count += static_cast<std::size_t>(txn.changes());
    }
    return count;
  });
  if (marked) replica.after_commit();
  return marked;
}

Result<std::size_t> mark_all_read(Replica& replica) {
  auto marked = replica.database().write([&](WriteTxn& txn) -> Result<std::size_t> {
    txn.run("UPDATE notification SET is_read = 1, is_marked = 1 WHERE is_read = 0");
    return static_cast<std::size_t>(txn.changes());
  });
  if (marked) replica.after_commit();
  return marked;
}

// --- damage

std::vector<std::string> find_damaged_notifications(storage::ReadTxn& txn) {
  std::vector<std::string> damaged;
  Statement rows = txn.prepare("SELECT id, is_read, state, hash FROM notification");
  while (rows.step()) {
    try {
      read_notification(rows);
    } catch (const storage::DatabaseError&) {
      damaged.emplace_back(rows.column_text(0));
    }
  }
  return damaged;
}

void drop_damaged_notifications(WriteTxn& txn) {
  for (const std::string& id : find_damaged_notifications(txn))
    txn.run("DELETE FROM notification WHERE id = ?1", id);
  txn.run("UPDATE store SET notified_epoch = 0, notified = 0");
}

// --- the leader's part

Result<model::Cursor> SyncStore::notification_cursor() {
  return replica_.database().read([](storage::ReadTxn& txn) -> Result<model::Cursor> {
    Statement row = txn.prepare("SELECT notified_epoch, notified FROM store");
    if (!row.step()) return model::Cursor{};
    return model::Cursor{model::Epoch{row.column_u64(0)}, model::Sequence{row.column_u64(1)}};
  });
}

Result<bool> SyncStore::take_notifications(model::Epoch epoch, std::uint64_t after, std::uint64_t to,
                                           const std::vector<Notification>& rows) {
  return write([&](WriteTxn& txn) -> Result<bool> {
    Statement at = txn.prepare("SELECT notified_epoch, notified FROM store");
    const bool is_same_log = at.step() && at.column_u64(0) == epoch.value;
    const std::uint64_t known = is_same_log ? at.column_u64(1) : 0;
    if (after > known) return false;
    std::uint64_t place = after; // every row has a version of its own above it
    for (const Notification& each : rows) put_notification(txn, each, ++place);
    txn.run("UPDATE store SET notified_epoch = ?1, notified = ?2", epoch.value, std::max(known, to));
    txn.run(
        "DELETE FROM notification WHERE is_read = 1 AND is_marked = 0 AND at < "
        "(SELECT max(at) FROM notification) - ?1",
        std::chrono::milliseconds(k_kept).count());
    return true;
  });
}

Result<std::vector<model::NotificationId>> SyncStore::unsent_marks(std::size_t limit) {
  return replica_.database().read([&](storage::ReadTxn& txn) -> Result<std::vector<model::NotificationId>> {
    std::vector<model::NotificationId> ids;
    Statement rows = txn.prepare("SELECT id FROM notification WHERE is_marked = 1 LIMIT ?1");
    rows.bind_all(limit);
    while (rows.step()) ids.push_back(rows.column_id<model::NotificationId>(0));
    return ids;
  });
}

Result<> SyncStore::note_marked(const std::vector<model::NotificationId>& ids) {
  return write([&](WriteTxn& txn) -> Result<> {
    for (const model::NotificationId& id : ids)
      txn.run("UPDATE notification SET is_marked = 0 WHERE id = ?1", id);
    return {};
  });
}

} // namespace memsync::replica
