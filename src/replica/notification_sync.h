#pragma once

#include <functional>
#include <vector>

#include "replica/hub_client.h"
#include "replica/sync_store.h"

namespace memsync::replica {

/// Keeps this person's notifications equal to the hub's: fetches them at each connection and whenever the
/// stream skipped something, and tells the hub what was read here. Part of the Engine's step function, like a
/// Lane; nothing else waits for it.
class NotificationSync {
 public:
  using Send = std::function<std::uint64_t(HubRequest)>; // returns the request's id
  NotificationSync(Replica& replica, SyncStore& store, Send send)
      : replica_(replica), store_(store), send_(std::move(send)) {}

  /// A connection began: there may be news, and what failed while there was none may work now.
  void note_connected();
  /// Somebody waits for what there is now, whatever failed before.
  void request_sync();
  /// Somebody may have read some.
  void note_local_commit() { looks_for_marks_ = true; }
  /// Behind a proxy that breaks streams nobody tells: they are fetched every half minute.
  void poll();
  base::Result<> take(wire::StreamNotifications& event);

  bool owns(std::uint64_t request) const { return request == fetch_request_ || request == mark_request_; }
  base::Result<> take(HubAnswer& answer);

  /// Sends what is due.
  base::Result<> advance();
  base::Instant blocked_until() const { return blocked_until_; }
  bool is_sync_requested() const { return sync_requested_; }
  void give_up_sync() { sync_requested_ = false; }

 private:
  base::Result<> take_changes(const wire::NotificationChanges& changes);
  void block(const wire::Problem& problem);
  base::Instant now() { return replica_.clock().instant(); }

  Replica& replica_;
  SyncStore& store_;
  const Send send_;
  bool wants_fetch_ = false, looks_for_marks_ = true, sync_requested_ = false;
  std::uint64_t fetch_request_ = 0, mark_request_ = 0; // in flight; 0: none
  std::vector<model::NotificationId> marks_;           // in flight
  base::Instant blocked_until_{}, fetched_at_{};
};

} // namespace memsync::replica
