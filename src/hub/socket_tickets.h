#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/random.h"
#include "hub/principal.h"

namespace memsync::hub {

/// Tickets with which a page opens a WebSocket. It cannot send a header there, and a token in an address ends
/// in the logs of every proxy: so the page asks for a ticket with its token and shows that in its first
/// message. A ticket works once, for one workspace, within 60 s. Of this hub's memory only: after a restart
/// the page asks for another. Thread-safe.
class SocketTickets {
 public:
  static constexpr std::chrono::seconds k_lifetime{60};
  static constexpr std::size_t k_most = 10'000; // unused at the same time; the next one replaces the oldest

  struct Ticket {
    std::string secret;
    base::Timestamp expires_at;
  };
  Ticket issue(const Principal& principal, const model::WorkspaceId& workspace, base::Timestamp now,
               base::Random& random);

  /// Who asked for it; nothing for a ticket that is unknown, used, too old or of another workspace.
  std::optional<Principal> redeem(std::string_view secret, const model::WorkspaceId& workspace,
                                  base::Timestamp now);

 private:
  struct Issued {
    Principal principal;
    model::WorkspaceId workspace;
    base::Timestamp expires_at;
  };
  void make_room(base::Timestamp now);

  std::mutex mutex_;
  std::unordered_map<std::string, Issued> issued_; // by secret; guarded by mutex_
};

} // namespace memsync::hub
