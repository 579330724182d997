#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/names.h"

namespace memsync::model {

/// What somebody works with.
enum class PresenceKind { person, agent, command_line };
template <>
struct EnumNames<PresenceKind> {
  static constexpr std::array<std::string_view, 3> names{"person", "agent", "command_line"};
};

/// active: did something in the last two minutes; idle: in the last fifteen; away: longer ago, but there.
enum class PresenceState { active, idle, away };
template <>
struct EnumNames<PresenceState> {
  static constexpr std::array<std::string_view, 3> names{"active", "idle", "away"};
};

/// A document, and perhaps a node of it.
struct PresencePlace {
  DocumentId document;
  NodeId node; // empty: none
  bool operator==(const PresencePlace&) const = default;
};

/// One session of somebody (an agent's process, a browser's tab) in one workspace, as it reported itself.
struct Presence {
  std::string session; // opaque; unique among what one reporter reports
  WorkspaceId workspace;
  PresenceKind kind = PresenceKind::agent;
  PresenceState state = PresenceState::active;
  std::string client;  // e.g. "claude-code/2.1"
  DocumentId document; // empty: none
  NodeId node;         // empty: none
  /// Where this session is besides, of a WebSocket in several rooms. Known to its hub alone.
  std::vector<PresencePlace> elsewhere;
  bool operator==(const Presence&) const = default;
};

/// The same as others see it, with the person that the hub vouches for.
struct PresentMember {
  UserId user;
  std::string name;
  Presence presence;
  base::Timestamp last_seen;
  bool operator==(const PresentMember&) const = default;
};

} // namespace memsync::model
