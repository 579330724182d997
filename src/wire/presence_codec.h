#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/presence.h"

/// Who is here, on the wire: the routes below /api/v1/presence and the event `presence`.
namespace memsync::wire {

/// POST /api/v1/presence/heartbeat: every session of one reporter (a machine's store, a browser's tab).
/// Those it no longer names have left.
struct PresenceReport {
  std::string reporter; // opaque, chosen by the reporter
  std::vector<model::Presence> sessions;
};

/// The event `presence` of view=ops: everybody who is in that workspace now. Carries no id; of several that
/// wait only the newest is sent.
struct StreamPresence {
  model::WorkspaceId workspace;
  std::vector<model::PresentMember> present;
};

/// The answer to a report: how many of its sessions others can see.
struct PresenceReported {
  std::uint64_t seen = 0;
};

std::string encode(const PresenceReport& report);
base::Result<PresenceReport> decode_presence_report(const base::Json& json);
std::string encode(const PresenceReported& reported);
base::Result<PresenceReported> decode_presence_reported(const base::Json& json);

base::Json encode_present(const model::PresentMember& member);
base::Result<model::PresentMember> decode_present(const base::Json& json);
base::Json to_json(const StreamPresence& event);

} // namespace memsync::wire
