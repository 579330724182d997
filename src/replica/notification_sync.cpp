#include "replica/notification_sync.h"

namespace memsync::replica {

using base::Result;

namespace {

constexpr std::size_t k_page = 200, k_marks = 500;
constexpr std::chrono::seconds k_poll_period{30};
constexpr std::chrono::minutes k_failed_delay{1};
constexpr std::chrono::hours k_unknown_delay{1}; // an older hub has none

} // namespace

void NotificationSync::request_sync() {
  sync_requested_ = wants_fetch_ = looks_for_marks_ = true;
  blocked_until_ = {};
}

void NotificationSync::note_connected() {
  wants_fetch_ = true;
  blocked_until_ = {};
}

void NotificationSync::poll() {
  if (now() - fetched_at_ >= k_poll_period) wants_fetch_ = true;
}

Result<> NotificationSync::take(wire::StreamNotifications& event) {
  TRY_ASSIGN(const auto at, store_.notification_cursor());
  const bool is_known = at.epoch == event.epoch && at.sequence.value >= event.to;
  if (is_known) return {};
  if (event.notifications.empty()) return wants_fetch_ = true, Result<>();
  TRY_ASSIGN(const bool fits,
             store_.take_notifications(event.epoch, event.after, event.to, event.notifications));
  wants_fetch_ = wants_fetch_ || !fits;
  return {};
}

Result<> NotificationSync::advance() {
  if (blocked_until_ > now()) return {};
  if (wants_fetch_ && fetch_request_ == 0) {
    wants_fetch_ = false;
    TRY_ASSIGN(const auto after, store_.notification_cursor());
    fetch_request_ = send_(GetNotifications{after, k_page});
  }
  if (looks_for_marks_ && mark_request_ == 0) {
    looks_for_marks_ = false;
    TRY_ASSIGN(marks_, store_.unsent_marks(k_marks));
    if (!marks_.empty()) mark_request_ = send_(MarkNotificationsRead{marks_});
  }
  // Whoever waits for a sync may look at the hub next: what they read is to be known there, too.
  const bool is_idle = !wants_fetch_ && !looks_for_marks_ && fetch_request_ == 0 && mark_request_ == 0;
  if (is_idle) sync_requested_ = false;
  return {};
}

Result<> NotificationSync::take(HubAnswer& answer) {
  const bool is_mark = answer.request == mark_request_;
  (is_mark ? mark_request_ : fetch_request_) = 0;
  if (const auto* problem = std::get_if<wire::Problem>(&answer.content)) {
    (is_mark ? looks_for_marks_ : wants_fetch_) = true;
    block(*problem);
    return {};
  }
  if (std::holds_alternative<wire::NotificationsMarked>(answer.content)) {
    looks_for_marks_ = true; // there may be more than one request holds
    return store_.note_marked(std::exchange(marks_, {}));
  }
  if (const auto* changes = std::get_if<wire::NotificationChanges>(&answer.content))
    return take_changes(*changes);
  return {};
}

Result<> NotificationSync::take_changes(const wire::NotificationChanges& changes) {
  fetched_at_ = now();
  TRY_ASSIGN(const bool fits,
             store_.take_notifications(changes.epoch, changes.after, changes.to, changes.notifications));
  wants_fetch_ = wants_fetch_ || changes.more || !fits;
  if (!changes.notifications.empty()) looks_for_marks_ = true; // a restored hub may have forgotten some
  return {};
}

void NotificationSync::block(const wire::Problem& problem) {
  sync_requested_ = false;
  blocked_until_ =
      now() + (problem.code == base::ErrorCode::not_found ? std::chrono::milliseconds(k_unknown_delay)
                                                          : std::chrono::milliseconds(k_failed_delay));
}

} // namespace memsync::replica
