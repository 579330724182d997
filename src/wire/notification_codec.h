#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/notification.h"

/// Notifications on the wire: the routes below /api/v1/notifications and the event `notification`.
namespace memsync::wire {

/// A range of one person's notifications by version: every notification that was made or read above `after`,
/// up to `to`, as it is now. Versions are the hub's, ascending in order of commit; ranges may be given twice.
/// GET /api/v1/notifications/changes?after=E.V&limit=
struct NotificationChanges {
  model::Epoch epoch;
  std::uint64_t after = 0, to = 0;
  bool more = false;
  std::vector<model::Notification> notifications;
};

/// The event `notification` of view=ops. Carries no id and never moves a cursor of the log. Without
/// notifications (too many, or not for this stream) the reader fetches the range.
struct StreamNotifications {
  model::Epoch epoch;
  std::uint64_t after = 0, to = 0;
  std::vector<model::Notification> notifications;
};

/// The answer of POST /api/v1/notifications/mark-read: how many are left.
struct NotificationsMarked {
  std::uint64_t unread = 0;
};

base::Json encode_notification(const model::Notification& notification);
base::Result<model::Notification> decode_notification(const base::Json& json);

std::string encode(const NotificationChanges& changes);
base::Result<NotificationChanges> decode_notification_changes(const base::Json& json);

base::Json to_json(const StreamNotifications& event);

/// The body of mark-read for these notifications.
std::string encode_mark_read(const std::vector<model::NotificationId>& ids);
std::string encode(const NotificationsMarked& marked);
base::Result<NotificationsMarked> decode_notifications_marked(const base::Json& json);

} // namespace memsync::wire
