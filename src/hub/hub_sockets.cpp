#include "hub/hub_implementation.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::WorkspaceId;

Answer<SocketTickets::Ticket> Hub::issue_socket_ticket(const Principal& principal,
                                                       const WorkspaceId& workspace) {
  Implementation& hub = *implementation_;
  TRY(authorize(principal, Permission::memory_read, workspace));
  return hub.socket_tickets.issue(principal, workspace, hub.clock.now(), hub.random);
}

Answer<SocketVisit> Hub::open_socket(const Principal& principal, const WorkspaceId& workspace) {
  Implementation& hub = *implementation_;
  TRY(hub.socket_opens.require(principal.user.view(), 1, hub.clock.instant(), "WebSockets opened"));
  return hub.read(principal, Permission::memory_read, workspace,
                  [&](StoreReader& reader, model::Role) -> Answer<SocketVisit> {
                    const auto user = reader.find_user(principal.user);
                    return SocketVisit{principal, user ? user->name : std::string()};
                  });
}

Answer<SocketVisit> Hub::open_socket(std::string_view ticket, const WorkspaceId& workspace) {
  Implementation& hub = *implementation_;
  const auto principal = hub.socket_tickets.redeem(ticket, workspace, hub.clock.now());
  if (!principal)
    return refuse(ErrorCode::unauthenticated,
                  "this ticket is unknown, used, too old or of another workspace: ask for a new one with "
                  "POST /api/v1/auth/ws-ticket");
  return open_socket(*principal, workspace);
}

Answer<> Hub::count_socket_message(const Principal& principal) {
  Implementation& hub = *implementation_;
  return hub.socket_messages.require(principal.user.view(), 1, hub.clock.instant(), "messages");
}

Rooms& Hub::rooms() { return implementation_->rooms; }

} // namespace memsync::hub
