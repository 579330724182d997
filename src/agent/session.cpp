#include "agent/session.h"

#include <algorithm>

#include "base/utf8.h"
#include "model/limits.h"

namespace memsync::agent {

namespace {

// One connection per thread that reads at the same time; more would only hold page caches.
constexpr std::size_t k_idle_readers = 4;

std::string limited(std::string_view claim) {
  return std::string(base::truncate_utf8(claim, model::limits::k_provenance_bytes));
}

const replica::WorkspaceRow* find_kind(const std::vector<replica::WorkspaceRow>& rows,
                                       model::WorkspaceKind kind) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.kind == kind; });
  return found == rows.end() ? nullptr : &*found;
}

/// The only team, else personal, else local. A team that the hub knows no more does not count: what is
/// written there reaches nobody.
Session::Chosen default_workspace(const std::vector<replica::WorkspaceRow>& rows) {
  const auto is_team = [](const replica::WorkspaceRow& row) {
    return row.kind == model::WorkspaceKind::team && row.is_known_to_hub;
  };
  if (std::count_if(rows.begin(), rows.end(), is_team) == 1)
    return {*std::find_if(rows.begin(), rows.end(), is_team), WorkspaceReason::only_team};
  if (const auto* personal = find_kind(rows, model::WorkspaceKind::personal))
    return {*personal, WorkspaceReason::personal};
  return {*find_kind(rows, model::WorkspaceKind::local), WorkspaceReason::local};
}

} // namespace

base::Result<std::unique_ptr<replica::Replica>> ReaderPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto replica = std::move(idle_.back());
      idle_.pop_back();
      return replica;
    }
  }
  return open_();
}

void ReaderPool::give_back(std::unique_ptr<replica::Replica> replica) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < k_idle_readers) idle_.push_back(std::move(replica));
}

std::string_view explain(WorkspaceReason reason) {
  switch (reason) {
    case WorkspaceReason::argument: return "named in the call";
    case WorkspaceReason::chosen: return "chosen with use_workspace in this session";
    case WorkspaceReason::environment: return "named by MEMSYNC_WORKSPACE";
    case WorkspaceReason::project: return "remembered for this project";
    case WorkspaceReason::only_team: return "your only team";
    case WorkspaceReason::personal: return "your personal workspace";
    case WorkspaceReason::local: return "this machine only; run `memsync login` or `memsync join` to share";
  }
  return {};
}

Session::Session(replica::Replica& replica, ReaderPool::Open open_reader, SyncControl& sync, Options options)
    : replica_(replica),
      readers_(std::move(open_reader)),
      sync_(sync),
      options_(std::move(options)),
      client_(limited(options_.client)),
      active_at_(replica.clock().instant()) {}

void Session::note_activity() {
  const std::lock_guard lock(mutex_);
  active_at_ = replica_.clock().instant();
}

void Session::note_place(const model::WorkspaceId& workspace, const model::DocumentId& document,
                         const model::NodeId& node) {
  const std::lock_guard lock(mutex_);
  place_.workspace = workspace;
  place_.document = document;
  place_.node = node;
}

base::Result<model::Presence> Session::presence(replica::Reader& reader) {
  TRY_ASSIGN(const Chosen current, choose_workspace(reader, std::nullopt));
  const std::lock_guard lock(mutex_);
  model::Presence presence = place_;
  presence.client = client_;
  if (!presence.workspace.is_empty() && reader.find_workspace(presence.workspace)) return presence;
  presence.workspace = current.workspace.id;
  presence.document = {};
  presence.node = {};
  return presence;
}

base::Instant Session::active_at() const {
  const std::lock_guard lock(mutex_);
  return active_at_;
}

replica::Claims Session::claims() const {
  const std::lock_guard lock(mutex_);
  return {client_, limited(options_.session),
          options_.project ? limited(options_.project->identity) : std::string()};
}

void Session::set_client(std::string_view name, std::string_view version) {
  if (name.empty()) return;
  const std::lock_guard lock(mutex_);
  client_ = limited(version.empty() ? std::string(name) : fmt::format("{}/{}", name, version));
}

/// A hub that was never reached has told of no workspace: then that is what to see to.
base::Error Session::explain_unknown(replica::Reader& reader, base::Error error) {
  const SyncReport report = sync_.report();
  const auto* const offline = std::get_if<replica::Offline>(&report.connection);
  if (offline != nullptr && !offline->reason.message.empty() && reader.account().user.is_empty())
    error.message +=
        fmt::format("; its hub was never reached ({}): see `memsync doctor`", offline->reason.message);
  return error;
}

base::Result<Session::Chosen> Session::choose_workspace(replica::Reader& reader,
                                                        const std::optional<std::string>& argument) {
  if (argument) {
    auto row = reader.resolve_workspace(*argument);
    if (!row) return explain_unknown(reader, row.error());
    return Chosen{*std::move(row), WorkspaceReason::argument};
  }
  std::optional<model::WorkspaceId> chosen;
  {
    const std::lock_guard lock(mutex_);
    chosen = chosen_;
  }
  if (chosen) {
    if (auto row = reader.find_workspace(*chosen)) return Chosen{*std::move(row), WorkspaceReason::chosen};
    return base::Error{base::ErrorCode::not_found,
                       "the workspace chosen with use_workspace is gone: choose another one"};
  }
  if (!options_.environment_workspace.empty()) {
    auto row = reader.resolve_workspace(options_.environment_workspace);
    if (!row)
      return explain_unknown(reader,
                             {row.error().code, fmt::format("MEMSYNC_WORKSPACE: {}", row.error().message)});
    return Chosen{*std::move(row), WorkspaceReason::environment};
  }
  if (options_.project) {
    if (const auto bound = reader.find_project_workspace(options_.project->identity)) {
      if (auto row = reader.find_workspace(*bound)) return Chosen{*std::move(row), WorkspaceReason::project};
    }
  }
  return default_workspace(reader.workspaces());
}

base::Result<std::vector<replica::WorkspaceRow>> Session::reading_scope(
    replica::Reader& reader, const std::optional<std::string>& argument) {
  TRY_ASSIGN(Chosen current, choose_workspace(reader, argument));
  std::vector<replica::WorkspaceRow> scope{std::move(current.workspace)};
  if (argument) return scope;
  const auto rows = reader.workspaces();
  for (const auto kind : {model::WorkspaceKind::personal, model::WorkspaceKind::local}) {
    const auto* row = find_kind(rows, kind);
    if (row != nullptr && row->id != scope.front().id) scope.push_back(*row);
  }
  return scope;
}

void Session::use_workspace(const model::WorkspaceId& workspace) {
  const std::lock_guard lock(mutex_);
  chosen_ = workspace;
}

} // namespace memsync::agent
