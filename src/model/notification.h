#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "model/node.h"

namespace memsync::model {

using NotificationId = base::Id<struct NotificationTag>;

/// What a person is told of.
enum class NotificationKind {
  assigned,      // a task became theirs
  completed,     // their task was completed
  mentioned,     // @name in a text or comment
  overwritten,   // a value they wrote did not become, or did not stay, the value
  merged,        // their text and somebody else's became one
  conflict,      // a conflict in which their value stands waits for a decision
  member_joined, // of a workspace they look after, or somebody they invited
  role_changed   // theirs
};
template <>
struct EnumNames<NotificationKind> {
  static constexpr std::array<std::string_view, 8> names{"assigned",      "completed",   "mentioned",
                                                         "overwritten",   "merged",      "conflict",
                                                         "member_joined", "role_changed"};
};

/// Something that concerns one person. Made by the hub in the transaction that causes it; what is absent
/// is empty. Values are JSON text of the register.
struct Notification {
  NotificationId id; // derived from what caused it: the same when a restored hub applies it again
  WorkspaceId workspace;
  NotificationKind kind = NotificationKind::assigned;
  base::Timestamp at;
  UserId actor; // whose doing it was; empty: the operator of the hub
  std::string actor_name;
  Sequence sequence; // of the change that caused it; 0: a membership event
  NodeId node;       // with the document it was in and its title then
  DocumentId document;
  std::string title;
  std::optional<Field> field; // overwritten, merged, conflict: the register
  std::string yours, now;     // and what this person wrote there, and what stands there now
  ConflictId conflict;
  std::string text; // mentioned: the words around the name; role_changed, member_joined: the role
  bool is_read = false;
  bool operator==(const Notification&) const = default;
};

} // namespace memsync::model
