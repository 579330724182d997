#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "model/ids.h"
#include "model/names.h"
#include "model/presence.h"
#include "wire/hub_messages.h"

/// The messages of GET /ws/workspace/{id}, JSON texts in both directions: schemas/events/socket_requests.json
/// and socket_messages.json.
namespace memsync::wire {

enum class RoomKind { document, node };

} // namespace memsync::wire

template <>
struct memsync::model::EnumNames<memsync::wire::RoomKind> {
  static constexpr std::array<std::string_view, 2> names{"document", "node"};
};

namespace memsync::wire {

/// "document:ID" or "node:ID": everybody who looks at that document, or at that one node.
struct RoomName {
  RoomKind kind = RoomKind::document;
  model::NodeId id;

  std::string str() const;
  static std::optional<RoomName> parse(std::string_view text);
  auto operator<=>(const RoomName&) const = default;
};

// What a client sends. `id`, of its choice, comes back with the answer.
struct SocketAuth {
  std::string ticket;
};
struct SocketJoin {
  RoomName room;
};
struct SocketLeave {
  RoomName room;
};
struct SocketSetPresence {
  model::PresenceState presence = model::PresenceState::active;
};
struct SocketSetCursor {
  RoomName room;
  std::string cursor; // JSON text of at most k_cursor_bytes; empty: none any more
};
struct SocketEdit {
  model::NodeId node;
  std::optional<model::Sequence> seen; // the version on which it was decided; nothing: whatever is there
  base::Json changes;                  // as the body of PATCH /api/v1/nodes/{id}
};
struct SocketRequest {
  std::string id;
  std::variant<SocketAuth, SocketJoin, SocketLeave, SocketSetPresence, SocketSetCursor, SocketEdit> content;
};

inline constexpr std::size_t k_socket_message_bytes = std::size_t{64} << 10;
inline constexpr std::size_t k_cursor_bytes = 1024;
inline constexpr std::size_t k_socket_request_id_bytes = 64;

/// `validation` naming what is wrong. `id` is set as far as it could be read, for the refusal.
base::Result<SocketRequest> decode_socket_request(const base::Json& json, std::string& id);

/// Somebody at one socket; one person may have several.
struct SocketPerson {
  std::uint64_t socket = 0;
  model::UserId user;
  std::string name;
};
struct SocketMember {
  SocketPerson person;
  model::PresenceState presence = model::PresenceState::active;
  std::string cursor; // JSON text; empty: none
};

// What the hub sends. An empty `id` is left out.
std::string encode_welcome(const std::string& id, const SocketPerson& person,
                           const model::WorkspaceId& workspace,
                           const std::optional<base::Timestamp>& expires_at);
std::string encode_joined(const std::string& id, const RoomName& room,
                          const std::vector<SocketMember>& members);
std::string encode_entered(const RoomName& room, const SocketMember& member);
std::string encode_left(const std::string& id, const RoomName& room, const SocketPerson& person);
std::string encode_presence(const RoomName& room, const SocketMember& member);
std::string encode_cursor(const RoomName& room, const SocketMember& member);
std::string encode_edited(const std::string& id, const base::Json& memory);
/// `event` is one of view=memories.
std::string encode_change(base::Json event, const std::vector<RoomName>& rooms);
/// `error`, or `rate_limited` for a problem of that code.
std::string encode_socket_problem(const std::string& id, const Problem& problem);

} // namespace memsync::wire
