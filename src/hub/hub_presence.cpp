#include "base/utf8.h"
#include "hub/hub_implementation.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::PresentMember;
using model::Role;
using model::WorkspaceId;

namespace {

constexpr std::size_t k_id_bytes = 64, k_sessions = 100;

/// One short line of UTF-8.
bool is_label(std::string_view text, std::size_t max_bytes) {
  return text.size() <= max_bytes && base::is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

base::Result<> check_report(const wire::PresenceReport& report) {
  if (report.reporter.empty() || !is_label(report.reporter, k_id_bytes))
    return refuse(ErrorCode::validation,
                  fmt::format("heartbeat.reporter is an id of 1 to {} bytes", k_id_bytes));
  if (report.sessions.size() > k_sessions)
    return refuse(ErrorCode::too_large, fmt::format("at most {} sessions in one heartbeat", k_sessions));
  for (const model::Presence& each : report.sessions) {
    if (each.session.empty() || !is_label(each.session, k_id_bytes))
      return refuse(ErrorCode::validation,
                    fmt::format("session.session is an id of 1 to {} bytes", k_id_bytes));
    if (!is_label(each.client, model::limits::k_provenance_bytes))
      return refuse(ErrorCode::validation, fmt::format("session.client is one line of at most {} bytes",
                                                       model::limits::k_provenance_bytes));
  }
  return {};
}

/// Shows the session at that document or node; false when it is not there.
bool move_to(const model::NodeId& room, model::Presence& presence) {
  if (presence.document == room || presence.node == room) return true;
  const auto at = std::find_if(
      presence.elsewhere.begin(), presence.elsewhere.end(),
      [&](const model::PresencePlace& place) { return place.document == room || place.node == room; });
  if (at == presence.elsewhere.end()) return false;
  presence.document = at->document;
  presence.node = at->node;
  return true;
}

} // namespace

Answer<std::size_t> Hub::report_presence(const Principal& principal, const wire::PresenceReport& report) {
  Implementation& hub = *implementation_;
  TRY(check_report(report));
  TRY(Implementation::limit(hub.presence_reports, principal.key(), 1, hub.clock.instant(), "heartbeats"));
  std::string name;
  std::vector<model::Presence> sessions;
  TRY(hub.store.read([&](StoreReader& reader) -> Answer<> {
    const auto user = reader.find_user(principal.user);
    if (!user) return refuse(ErrorCode::unauthenticated, "the account is gone: sign in again");
    name = user->name;
    for (const model::Presence& each : report.sessions)
      if (hub::authorize(reader, principal, Permission::memory_read, each.workspace, hub.clock.now()))
        sessions.push_back(each);
    return {};
  }));
  // Tokens of one person must not end each other's sessions by choosing the same name.
  const std::string reporter = fmt::format("{}:{}", principal.key(), report.reporter);
  return hub.streams.presence().report(principal.user, name, reporter, sessions, hub.clock.now());
}

void Hub::report_presence(const SocketVisit& visit, const std::string& reporter,
                          const std::optional<model::Presence>& presence) {
  Implementation& hub = *implementation_;
  std::vector<model::Presence> sessions;
  if (presence) sessions.push_back(*presence);
  hub.streams.presence().report(visit.principal.user, visit.name, reporter, sessions, hub.clock.now());
}

Answer<std::vector<PresentMember>> Hub::present(const Principal& principal, const WorkspaceId& workspace) {
  Implementation& hub = *implementation_;
  return hub.read(principal, Permission::memory_read, workspace,
                  [&](StoreReader& reader, Role) -> Answer<std::vector<PresentMember>> {
                    auto present = hub.streams.presence().list(workspace, hub.clock.now());
                    keep_members(reader, workspace, present);
                    return present;
                  });
}

Answer<std::vector<PresentMember>> Hub::present_at(const Principal& principal, const WorkspaceId& workspace,
                                                   const model::NodeId& room) {
  TRY_ASSIGN(auto present, this->present(principal, workspace));
  std::erase_if(present, [&](PresentMember& each) { return !move_to(room, each.presence); });
  return present;
}

} // namespace memsync::hub
