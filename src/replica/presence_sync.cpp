#include "replica/presence_sync.h"

#include <algorithm>
#include <fmt/format.h>

namespace memsync::replica {

using base::Result;
using model::WorkspaceId;

namespace {

constexpr std::chrono::seconds k_period{20}; // three in the 60 s after which the hub takes somebody for gone
constexpr std::chrono::minutes k_retry_delay{1};

} // namespace

void PresenceSync::set_sessions(std::vector<model::Presence> sessions) {
  if (sessions == sessions_) return;
  sessions_ = std::move(sessions);
  has_changed_ = true;
}

void PresenceSync::take(wire::StreamPresence& event) { present_[event.workspace] = std::move(event.present); }

void PresenceSync::take(const HubAnswer& answer) {
  request_ = 0;
  if (!std::holds_alternative<wire::Problem>(answer.content)) return;
  // A hub that is too old, or too busy: presence is no reason to insist.
  has_changed_ = false;
  due_at_ = now() + k_retry_delay;
}

std::vector<model::PresentMember> PresenceSync::list(const std::vector<WorkspaceId>& workspaces) const {
  std::vector<model::PresentMember> all;
  for (const WorkspaceId& workspace : workspaces)
    if (const auto here = present_.find(workspace); here != present_.end())
      all.insert(all.end(), here->second.begin(), here->second.end());
  return all;
}

bool PresenceSync::knows(const std::vector<WorkspaceId>& workspaces) const {
  return std::all_of(workspaces.begin(), workspaces.end(),
                     [this](const WorkspaceId& workspace) { return present_.contains(workspace); });
}

Result<> PresenceSync::advance() {
  if (request_ != 0 || (!has_changed_ && due_at_ > now())) return {};
  if (sessions_.empty() && !has_reported_) return {};
  TRY_ASSIGN(const std::string reporter, find_reporter());
  if (reporter.empty()) return {};
  has_changed_ = false;
  has_reported_ = !sessions_.empty();
  due_at_ = now() + k_period;
  request_ = send_(ReportPresence{{reporter, sessions_}});
  return {};
}

/// The same for whichever process leads, so that the next leader's report takes the place of the last one's.
Result<std::string> PresenceSync::find_reporter() {
  return replica_.read([](Reader& reader) -> Result<std::string> {
    for (const WorkspaceRow& row : reader.workspaces()) {
      if (row.kind == model::WorkspaceKind::local) continue;
      return base::Hash128::of(fmt::format("presence:{}", row.replica.view())).hex();
    }
    return std::string();
  });
}

} // namespace memsync::replica
