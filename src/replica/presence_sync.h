#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "replica/hub_client.h"
#include "replica/replica.h"

namespace memsync::replica {

/// Reports the sessions of all processes of this store to the hub, and knows who else is here. Nothing of it
/// is stored. Part of the Engine's step function, like a Lane; nothing waits for it.
class PresenceSync {
 public:
  using Send = std::function<std::uint64_t(HubRequest)>; // returns the request's id
  PresenceSync(Replica& replica, Send send) : replica_(replica), send_(std::move(send)) {}

  /// What is to be reported from now on.
  void set_sessions(std::vector<model::Presence> sessions);
  void take(wire::StreamPresence& event);
  bool owns(std::uint64_t request) const { return request == request_; }
  void take(const HubAnswer& answer);
  /// A connection began: this hub may not know who is here.
  void note_connected() { due_at_ = {}; }
  /// The connection ended: nobody knows who is here.
  void forget() { present_.clear(); }

  /// Sends what is due: at once when something changed, else often enough not to become stale.
  base::Result<> advance();
  base::Instant due_at() const { return due_at_; }

  /// Who is in these workspaces, as far as is known.
  std::vector<model::PresentMember> list(const std::vector<model::WorkspaceId>& workspaces) const;
  /// True when it is known of all of them.
  bool knows(const std::vector<model::WorkspaceId>& workspaces) const;

 private:
  base::Result<std::string> find_reporter();
  base::Instant now() { return replica_.clock().instant(); }

  Replica& replica_;
  const Send send_;
  std::vector<model::Presence> sessions_;
  bool has_changed_ = false, has_reported_ = false;
  std::uint64_t request_ = 0; // in flight; 0: none
  base::Instant due_at_{};
  std::map<model::WorkspaceId, std::vector<model::PresentMember>> present_;
};

} // namespace memsync::replica
