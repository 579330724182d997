#include "hub/socket_tickets.h"

#include <algorithm>

#include "hub/secret.h"

namespace memsync::hub {

SocketTickets::Ticket SocketTickets::issue(const Principal& principal, const model::WorkspaceId& workspace,
                                           base::Timestamp now, base::Random& random) {
  Ticket ticket{make_secret(SecretKind::socket, random), now + k_lifetime};
  const std::lock_guard lock(mutex_);
  if (issued_.size() >= k_most) make_room(now);
  issued_.emplace(ticket.secret, Issued{principal, workspace, ticket.expires_at});
  return ticket;
}

std::optional<Principal> SocketTickets::redeem(std::string_view secret, const model::WorkspaceId& workspace,
                                               base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto at = issued_.find(std::string(secret));
  if (at == issued_.end()) return std::nullopt;
  const Issued issued = std::move(at->second);
  issued_.erase(at); // whatever comes of it: it was shown
  if (issued.workspace != workspace || issued.expires_at <= now) return std::nullopt;
  return issued.principal;
}

void SocketTickets::make_room(base::Timestamp now) {
  std::erase_if(issued_, [&](const auto& each) { return each.second.expires_at <= now; });
  if (issued_.size() < k_most) return;
  issued_.erase(std::min_element(issued_.begin(), issued_.end(), [](const auto& a, const auto& b) {
    return a.second.expires_at < b.second.expires_at;
  }));
}

} // namespace memsync::hub
