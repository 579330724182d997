#include "agent/sync_control.h"

namespace memsync::agent {

bool is_known_offline(const SyncReport& report) {
  return report.has_synced && std::holds_alternative<replica::Offline>(report.connection);
}

std::string describe_hindrance(const SyncReport& report) {
  const auto* const offline = std::get_if<replica::Offline>(&report.connection);
  if (offline == nullptr) return {};
  if (offline->reason.code == base::ErrorCode::unauthenticated)
    return "the hub refuses this token: `memsync login`";
  // The settings cannot be used, since there is no token, say; or this account may not.
  const bool is_refused = offline->reason.code == base::ErrorCode::validation ||
                          offline->reason.code == base::ErrorCode::permission;
  return is_refused ? offline->reason.message : std::string();
}

SyncReport NoHub::report() {
  return {replica::Offline{{}, {base::ErrorCode::offline, "this store is bound to no hub"}}, {}, true};
}

void NoHub::when_settled(std::function<bool()>, std::function<base::Instant()>, std::function<void()> then) {
  then();
}

void NoHub::when_history_is_whole(const model::WorkspaceId&, std::function<base::Instant()>,
                                  std::function<void()> then) {
  then();
}

void NoHub::when_introduced(std::function<base::Instant()>, std::function<void()> then) { then(); }

std::string_view name_of(const replica::Connection& connection) {
  if (std::holds_alternative<replica::Live>(connection)) return "live";
  if (std::holds_alternative<replica::Connecting>(connection)) return "connecting";
  return "offline";
}

} // namespace memsync::agent
