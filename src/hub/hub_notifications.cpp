#include "hub/hub_implementation.h"
#include "model/number.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Notification;
using model::NotificationKind;
using model::WorkspaceId;

namespace {

/// Where this principal may read at this moment: nothing of any other workspace is shown or counted, whatever
/// was written there for the person before they were removed.
std::vector<WorkspaceId> readable_workspaces(StoreReader& reader, const Principal& principal,
                                             base::Timestamp now) {
  std::vector<WorkspaceId> readable;
  for (const auto& [workspace, role] : reader.list_workspaces_of(principal.user))
    if (authorize(reader, principal, model::Permission::memory_read, workspace.id, now))
      readable.push_back(workspace.id);
  return readable;
}

/// The workspaces a list is about: the one asked for, or all that are readable.
Answer<std::vector<WorkspaceId>> choose_workspaces(StoreReader& reader, const Principal& principal,
                                                   const std::optional<WorkspaceId>& wanted,
                                                   base::Timestamp now) {
  if (!wanted) return readable_workspaces(reader, principal, now);
  TRY(authorize(reader, principal, model::Permission::memory_read, *wanted, now));
  return std::vector<WorkspaceId>{*wanted};
}

NotificationPreferences load_preferences(StoreReader& reader, const model::UserId& user) {
  NotificationPreferences preferences;
  for (std::size_t i = 0; i < model::EnumNames<NotificationKind>::names.size(); ++i)
    preferences[static_cast<NotificationKind>(i)] = true;
  for (const NotificationKind kind : reader.list_muted(user)) preferences[kind] = false;
  return preferences;
}

} // namespace

Answer<Page<Notification>> Hub::notifications(const Principal& principal, const NotificationFilter& filter,
                                              const std::string& cursor, std::size_t limit) {
  Implementation& hub = *implementation_;
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  if (!cursor.empty()) {
    const auto key = model::parse_u64(cursor);
    if (!key || *key > static_cast<std::uint64_t>(before)) return bad_cursor();
    before = static_cast<std::int64_t>(*key);
  }
  return hub.store.read([&](StoreReader& reader) -> Answer<Page<Notification>> {
    TRY_ASSIGN(auto workspaces, choose_workspaces(reader, principal, filter.workspace, hub.clock.now()));
    auto rows =
        reader.list_notifications(principal.user, {std::move(workspaces), filter.only_unread}, before, limit);
    Page<Notification> page;
    if (rows.size() == limit) page.next_cursor = std::to_string(rows.back().key);
    for (KeyedNotification& row : rows) page.rows.push_back(std::move(row.notification));
    return page;
  });
}

Answer<wire::NotificationChanges> Hub::notification_changes(const Principal& principal, model::Cursor after,
                                                            std::size_t limit) {
  Implementation& hub = *implementation_;
  return hub.store.read([&](StoreReader& reader) -> Answer<wire::NotificationChanges> {
    wire::NotificationChanges changes;
    changes.epoch = reader.epoch();
    const bool is_known = after.epoch == changes.epoch &&
                          after.sequence.value <= static_cast<std::uint64_t>(reader.notification_version());
    changes.after = is_known ? after.sequence.value : 0;
    auto range = reader.list_changed_notifications(principal.user, static_cast<std::int64_t>(changes.after),
                                                   limit, k_page_bytes);
    changes.to = static_cast<std::uint64_t>(range.to);
    changes.more = range.more;
    const auto readable = readable_workspaces(reader, principal, hub.clock.now());
    for (Notification& each : range.rows)
      if (std::find(readable.begin(), readable.end(), each.workspace) != readable.end())
        changes.notifications.push_back(std::move(each));
    return changes;
  });
}

Answer<std::uint64_t> Hub::unread_count(const Principal& principal) {
  Implementation& hub = *implementation_;
  return hub.store.read([&](StoreReader& reader) -> Answer<std::uint64_t> {
    const auto readable = readable_workspaces(reader, principal, hub.clock.now());
    return static_cast<std::uint64_t>(reader.count_unread(principal.user, readable));
  });
}

Answer<std::uint64_t> Hub::mark_read(const Principal& principal, const ReadMarks& marks) {
  Implementation& hub = *implementation_;
  return hub.queue.write(
      [&](StoreTxn& txn) -> Answer<std::uint64_t> {
        const base::Timestamp now = hub.clock.now();
        if (marks.ids.empty()) {
          TRY_ASSIGN(const auto workspaces, choose_workspaces(txn, principal, marks.workspace, now));
          txn.mark_all_read(principal.user, workspaces);
        } else {
          txn.mark_read(principal.user, marks.ids);
        }
        const auto readable = readable_workspaces(txn, principal, now);
        return static_cast<std::uint64_t>(txn.count_unread(principal.user, readable));
      },
      hub.has_threads());
}

Answer<NotificationPreferences> Hub::notification_preferences(const Principal& principal) {
  return implementation_->store.read([&](StoreReader& reader) -> Answer<NotificationPreferences> {
    return load_preferences(reader, principal.user);
  });
}

Answer<NotificationPreferences> Hub::change_notification_preferences(const Principal& principal,
                                                                     const NotificationPreferences& wanted) {
  Implementation& hub = *implementation_;
  return hub.queue.write(
      [&](StoreTxn& txn) -> Answer<NotificationPreferences> {
        for (const auto& [kind, is_wanted] : wanted) txn.set_muted(principal.user, kind, !is_wanted);
        return load_preferences(txn, principal.user);
      },
      hub.has_threads());
}

} // namespace memsync::hub
