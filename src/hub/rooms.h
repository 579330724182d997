#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "wire/socket_codec.h"

namespace memsync::hub {

/// The transport's side of one WebSocket.
class RoomVisitor {
 public:
  virtual ~RoomVisitor() = default;
  /// To be sent soon. Of messages with the same key that still wait, the newest replaces the others; none is
  /// replaced when the key is empty. Must not call Rooms.
  virtual void deliver(const std::shared_ptr<const std::string>& message, std::string_view key) = 0;
};

/// Who looks at which document or node at this moment, and what they tell each other: presence and the
/// position of their cursors. Nothing of it is stored. Of one thread, the network's.
class Rooms {
 public:
  static constexpr std::size_t k_rooms_of_visitor = 50;

  /// Somebody comes through a socket, into no room yet.
  void enter(RoomVisitor& visitor, const model::WorkspaceId& workspace, wire::SocketPerson person);
  /// ... goes, out of every room; nothing happens when they are gone already.
  void exit(RoomVisitor& visitor);

  /// Everybody who is in that room, the newcomer among them; the others are told. Joining again changes
  /// nothing. Nothing when this visitor is in too many rooms.
  std::optional<std::vector<wire::SocketMember>> join(RoomVisitor& visitor, const wire::RoomName& room);
  /// False when this visitor was not there.
  bool leave(RoomVisitor& visitor, const wire::RoomName& room);
  bool is_in(const RoomVisitor& visitor, const wire::RoomName& room) const;

  /// Tells the others of every room.
  void set_presence(RoomVisitor& visitor, model::PresenceState presence);
  /// Tells the others of that room, in which the visitor must be. `cursor` is JSON text.
  void set_cursor(RoomVisitor& visitor, const wire::RoomName& room, std::string cursor);

 private:
  struct Visitor {
    RoomVisitor* visitor = nullptr;
    model::WorkspaceId workspace;
    wire::SocketPerson person;
    model::PresenceState presence = model::PresenceState::active;
    std::map<wire::RoomName, std::string> rooms; // and the cursor there, empty: none
  };
  using Key = std::pair<model::WorkspaceId, wire::RoomName>;

  Visitor& known(const RoomVisitor& visitor) { return visitors_.at(&visitor); }
  void tell_others(const Visitor& who, const wire::RoomName& room, std::string message, std::string_view key);
  void go_out(Visitor& who, const wire::RoomName& room);
  static wire::SocketMember member_of(const Visitor& visitor, const wire::RoomName& room);

  std::map<const RoomVisitor*, Visitor> visitors_;
  std::map<Key, std::set<const RoomVisitor*>> rooms_; // none is empty
};

} // namespace memsync::hub
