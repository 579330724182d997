#include "hub/socket_tickets.h"

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

TEST_CASE("a ticket is redeemed once, in time, for its workspace") {
  HubFixture f;
  SocketTickets tickets;
  const auto now = f.clock.now();
  const auto issue = [&] { return tickets.issue(f.olga.principal, f.team, now, f.random).secret; };
  const std::string first = issue(), late = issue(), other = issue();
  CHECK(first != late);
  CHECK(tickets.redeem(first, f.team, now) == f.olga.principal);
  CHECK_FALSE(tickets.redeem(first, f.team, now));
  CHECK_FALSE(tickets.redeem(late, f.team, now + SocketTickets::k_lifetime));
  CHECK_FALSE(tickets.redeem(other, model::WorkspaceId::random(f.random), now));
  CHECK_FALSE(tickets.redeem(other, f.team, now)); // it was shown
  CHECK_FALSE(tickets.redeem("", f.team, now));
}

TEST_CASE("tickets that nobody uses take a bounded room") {
  HubFixture f;
  SocketTickets tickets;
  const auto now = f.clock.now();
  const auto issue = [&](int ms) {
    return tickets.issue(f.olga.principal, f.team, now + std::chrono::milliseconds(ms), f.random).secret;
  };
  const std::string oldest = issue(0), second = issue(1);
  for (std::size_t i = 2; i <= SocketTickets::k_most; ++i) issue(2);
  CHECK_FALSE(tickets.redeem(oldest, f.team, now));
  CHECK(tickets.redeem(second, f.team, now));
}
