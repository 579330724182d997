// People are removed, invited again, made viewers and back.

#include <fmt/format.h>

#include "tests/sim/world.h"

namespace memsync::sim {

using model::Role;

namespace {

constexpr Millis k_again = 300;

} // namespace

void World::plan_membership(std::size_t person, Millis length) {
  const Machine& machine = *machines_[person];
  const Seat seat{machine.principal().user, workspaces_[random_.below(workspaces_.size())]};
  const Millis first = random_.below(length), second = first + random_.below(length / 2);
  const auto dice = random_.below(100);
  if (dice < 15) {
    scheduler_.after(first, [this, seat] { remove(seat); });
    if (chance(70)) scheduler_.after(second, [this, seat, &machine] { invite_again(seat, machine); });
  } else if (dice < 30) {
    scheduler_.after(first, [this, seat] { change_role(seat, Role::viewer); });
    if (chance(70)) scheduler_.after(second, [this, seat] { change_role(seat, Role::admin); });
  }
}

void World::administer(std::function<void(hub::Hub&)> action) {
  if (is_hub_up()) {
    action(hub());
    if (hub_survives()) return pump();
  }
  // Whether it was done before the hub died is not known: done twice it is refused, which is all right.
  scheduler_.after(k_again, [this, action = std::move(action)] { administer(action); });
}

void World::remove(const Seat& seat) {
  administer([this, seat](hub::Hub& hub) {
    const auto done = hub.remove_member(owner(), seat.second, seat.first);
    if (site_->has_died() || !done) return;
    trace(fmt::format("{} is removed from {}", seat.first.view(), seat.second.view()));
    removed_at_[seat] = archive(seat.second).head();
    ever_removed_.insert(seat);
  });
}

void World::invite_again(const Seat& seat, const Machine& machine) {
  administer([this, seat, &machine](hub::Hub& hub) {
    const std::string email = fmt::format("p{}@example.com", machine.index());
    const auto invited = hub.invite(owner(), seat.second, email, Role::admin);
    if (!invited) return;
    const auto accepted = hub.accept_invitation(invited->token, "", machine.principal(), "127.0.0.1");
    if (site_->has_died() || !accepted) return;
    trace(fmt::format("{} is in {} again", seat.first.view(), seat.second.view()));
    removed_at_.erase(seat);
  });
}

void World::change_role(const Seat& seat, Role role) {
  administer([this, seat, role](hub::Hub& hub) {
    if (hub.change_role(owner(), seat.second, seat.first, role))
      trace(fmt::format("{} is {} of {}", seat.first.view(), model::name_of(role), seat.second.view()));
  });
}

void World::check_delivery(const Machine& machine, const model::WorkspaceId& workspace,
                           std::uint64_t sequence) {
  const auto removed = removed_at_.find({machine.principal().user, workspace});
  require(removed == removed_at_.end() || sequence <= removed->second,
          fmt::format("20: machine {} hears of {} after its user was removed", machine.index(), sequence));
}

bool World::is_member(const Machine& machine, const model::WorkspaceId& workspace) {
  const auto members = hub().members(owner(), workspace);
  require(members.has_value(), "the members cannot be read");
  for (const wire::MemberInfo& member : *members)
    if (member.id == machine.principal().user) return true;
  return false;
}

} // namespace memsync::sim
