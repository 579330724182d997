#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/display.h"
#include "agent/present.h"
#include "agent/session.h"

namespace memsync::agent {

struct WorkspaceStatus {
  std::string name;
  model::WorkspaceKind kind = model::WorkspaceKind::local;
  std::size_t pending = 0, rejected = 0, conflicts = 0;
  std::uint64_t lag = 0;
  bool is_known_to_hub = true;
};

/// The answer to "is everything safe?". Numbers without a workspace cover all workspaces.
struct Status {
  std::string connection; // live, connecting, offline, no_hub
  std::optional<base::Timestamp> retry_at;
  std::string reason;    // of being offline
  std::string hindrance; // describe_hindrance
  std::string hub, user;
  std::string workspace, cursor, head; // of the current workspace
  std::uint64_t lag = 0;
  std::size_t pending = 0, rejected = 0, conflicts = 0;
  std::size_t set_aside = 0;        // changes that are in no workspace any more (replica/set_aside.h)
  std::size_t unread = 0;           // notifications
  std::vector<PresentView> present; // in the current workspace
  std::vector<WorkspaceStatus> workspaces;
  bool is_safe = false;
  std::string message; // one sentence for people
};

/// In a read transaction of its own; any thread.
base::Result<Status> load_status(Session& session);
Json to_json(const Status& status);
std::string to_text(const Status& status);

/// "live", "connecting", "offline", or "no_hub" for a store bound to none.
std::string connection_name(Session& session, replica::Reader& reader);

/// What it means that the hub does not answer, or refuses to: one sentence about `pending` changes.
std::string describe_outage(const SyncReport& report, std::size_t pending);

/// "1 change set aside: `memsync pending` shows it".
std::string describe_set_aside(std::size_t changes);

/// "offline: saved on this machine, 4 changes pending" and the like: what `pending` means right now.
std::string describe_pending(Session& session, replica::Reader& reader,
                             const replica::WorkspaceRow& workspace, std::size_t pending);

} // namespace memsync::agent
