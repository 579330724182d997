#include "hub/rooms.h"

#include <fmt/format.h>

namespace memsync::hub {

using wire::RoomName;
using wire::SocketMember;

void Rooms::enter(RoomVisitor& visitor, const model::WorkspaceId& workspace, wire::SocketPerson person) {
  Visitor entered;
  entered.visitor = &visitor;
  entered.workspace = workspace;
  entered.person = std::move(person);
  visitors_.emplace(&visitor, std::move(entered));
}

void Rooms::exit(RoomVisitor& visitor) {
  const auto at = visitors_.find(&visitor);
  if (at == visitors_.end()) return;
  while (!at->second.rooms.empty()) {
    const RoomName room = at->second.rooms.begin()->first;
    go_out(at->second, room);
  }
  visitors_.erase(at);
}

std::optional<std::vector<SocketMember>> Rooms::join(RoomVisitor& visitor, const RoomName& room) {
  Visitor& who = known(visitor);
  const bool is_new = !who.rooms.contains(room);
  if (is_new && who.rooms.size() >= k_rooms_of_visitor) return std::nullopt;
  auto& present = rooms_[{who.workspace, room}];
  if (is_new) {
    who.rooms.emplace(room, "");
    present.insert(&visitor);
    tell_others(who, room, wire::encode_entered(room, member_of(who, room)), "");
  }
  std::vector<SocketMember> members;
  members.reserve(present.size());
  for (const RoomVisitor* each : present) members.push_back(member_of(known(*each), room));
  return members;
}

bool Rooms::leave(RoomVisitor& visitor, const RoomName& room) {
  Visitor& who = known(visitor);
  if (!who.rooms.contains(room)) return false;
  go_out(who, room);
  return true;
}

bool Rooms::is_in(const RoomVisitor& visitor, const RoomName& room) const {
  const auto at = visitors_.find(&visitor);
  return at != visitors_.end() && at->second.rooms.contains(room);
}

void Rooms::set_presence(RoomVisitor& visitor, model::PresenceState presence) {
  Visitor& who = known(visitor);
  who.presence = presence;
  for (const auto& [room, cursor] : who.rooms)
    tell_others(who, room, wire::encode_presence(room, member_of(who, room)),
                fmt::format("presence {} {}", room.str(), who.person.socket));
}

void Rooms::set_cursor(RoomVisitor& visitor, const RoomName& room, std::string cursor) {
  Visitor& who = known(visitor);
  who.rooms.at(room) = std::move(cursor);
  tell_others(who, room, wire::encode_cursor(room, member_of(who, room)),
              fmt::format("cursor {} {}", room.str(), who.person.socket));
}

void Rooms::tell_others(const Visitor& who, const RoomName& room, std::string message, std::string_view key) {
  const auto shared = std::make_shared<const std::string>(std::move(message));
  for (const RoomVisitor* each : rooms_.at({who.workspace, room}))
    if (each != who.visitor) known(*each).visitor->deliver(shared, key);
}

void Rooms::go_out(Visitor& who, const RoomName& room) {
  who.rooms.erase(room);
  const auto at = rooms_.find({who.workspace, room});
  at->second.erase(who.visitor);
  tell_others(who, room, wire::encode_left("", room, who.person), "");
  if (at->second.empty()) rooms_.erase(at);
}

SocketMember Rooms::member_of(const Visitor& visitor, const RoomName& room) {
  return {visitor.person, visitor.presence, visitor.rooms.at(room)};
}

} // namespace memsync::hub
