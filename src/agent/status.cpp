#include "agent/status.h"

#include "replica/set_aside.h"

namespace memsync::agent {

namespace {

WorkspaceStatus load_workspace(replica::Reader& reader, const replica::WorkspaceRow& row) {
  WorkspaceStatus status;
  status.name = row.name;
  status.kind = row.kind;
  status.pending = reader.pending_count(row);
  status.rejected = reader.rejected_count(row);
  status.conflicts = reader.open_conflicts(row, std::nullopt).size();
  status.lag = row.head > row.cursor.sequence ? row.head.value - row.cursor.sequence.value : 0;
  status.is_known_to_hub = row.is_known_to_hub;
  return status;
}

std::string describe_hindered(std::string_view hindrance, std::size_t pending) {
  return fmt::format("Saved on this machine, but {}; {} {} here.", hindrance, count_of(pending, "change"),
                     pending == 1 ? "waits" : "wait");
}

/// Where what was written is: here, or on the hub.
std::string describe_safety(const Status& status) {
  if (status.connection == "no_hub")
    return "No hub: everything is saved on this machine only. `memsync login` or `memsync join` shares it.";
  if (!status.hindrance.empty() && status.pending > 0)
    return describe_hindered(status.hindrance, status.pending);
  if (status.pending > 0)
    return fmt::format("Saved on this machine; {} still to reach the hub ({}).",
                       count_of(status.pending, "change"), status.connection);
  const std::string_view what = status.is_safe ? "Everything" : "Everything else";
  if (!status.hindrance.empty())
    return fmt::format("{} written here is on the hub, but {}.", what, status.hindrance);
  return fmt::format("{} written here is on the hub{}.", what,
                     status.connection == "offline" ? "; the hub cannot be reached now" : "");
}

std::string summarize(const Status& status) {
  std::string text = describe_safety(status);
  if (status.rejected > 0)
    text +=
        fmt::format(" The hub refused {}: see get_pending_operations.", count_of(status.rejected, "change"));
  if (status.set_aside > 0) text += fmt::format(" {}.", describe_set_aside(status.set_aside));
  if (status.conflicts > 0)
    text += fmt::format(" {}: see resolve_conflict.", count_of(status.conflicts, "open conflict"));
  if (status.unread > 0)
    text += fmt::format(" {}: see team_activity.", count_of(status.unread, "unread notification"));
  for (const auto& workspace : status.workspaces)
    if (!workspace.is_known_to_hub)
      text += fmt::format(" The hub no longer knows workspace \"{}\"; its data stays here.", workspace.name);
  return text;
}

base::Result<Status> load(Session& session, replica::Reader& reader, std::size_t set_aside) {
  TRY_ASSIGN(const Session::Chosen current, session.choose_workspace(reader, std::nullopt));
  const auto account = reader.account();
  Status status;
  status.connection = connection_name(session, reader);
  if (status.connection == "offline") {
    const auto connection = session.sync().report().connection;
    if (const auto* offline = std::get_if<replica::Offline>(&connection)) {
      status.retry_at = offline->retry_at;
      status.reason = offline->reason.message;
    }
    status.hindrance = describe_hindrance(session.sync().report());
  }
  status.hub = account.hub;
  status.user = account.name;
  status.workspace = current.workspace.name;
  status.cursor = current.workspace.cursor.str();
  status.head = model::Cursor{current.workspace.cursor.epoch, current.workspace.head}.str();
  status.unread = reader.unread_count();
  status.present = list_present(session, reader, current.workspace);
  for (const auto& row : reader.workspaces()) {
    auto workspace = load_workspace(reader, row);
    if (row.id == current.workspace.id) status.lag = workspace.lag;
    status.pending += workspace.pending;
    status.rejected += workspace.rejected;
    status.conflicts += workspace.conflicts;
    status.workspaces.push_back(std::move(workspace));
  }
  status.set_aside = set_aside;
  status.is_safe = status.pending == 0 && status.rejected == 0 && status.set_aside == 0;
  status.message = summarize(status);
  return status;
}

} // namespace

std::string connection_name(Session& session, replica::Reader& reader) {
  if (reader.account().hub.empty()) return "no_hub";
  return std::string(name_of(session.sync().report().connection));
}

std::string describe_set_aside(std::size_t changes) {
  return fmt::format("{} set aside: `memsync pending` shows {}", count_of(changes, "change"),
                     changes == 1 ? "it" : "them");
}

std::string describe_pending(Session& session, replica::Reader& reader,
                             const replica::WorkspaceRow& workspace, std::size_t pending) {
  if (workspace.kind == model::WorkspaceKind::local) return "Saved on this machine; `local` is never shared.";
  if (!workspace.is_known_to_hub) return "Saved on this machine; the hub no longer knows this workspace.";
  if (pending == 0) return "Saved; the hub has every change.";
  const std::string connection = connection_name(session, reader);
  if (connection == "live")
    return fmt::format("Saved on this machine; {} on the way.", count_of(pending, "change"));
  if (connection == "connecting")
    return fmt::format("Saved on this machine; {} to be sent with the next sync.",
                       count_of(pending, "change"));
  return describe_outage(session.sync().report(), pending);
}

std::string describe_outage(const SyncReport& report, std::size_t pending) {
  const std::string hindrance = describe_hindrance(report);
  if (!hindrance.empty()) return describe_hindered(hindrance, pending);
  return fmt::format(
      "Hub unreachable: saved on this machine, {} pending; it syncs by itself when the hub is back.",
      count_of(pending, "change"));
}

base::Result<Status> load_status(Session& session) {
  return session.look([&](replica::Replica& replica) {
    return replica.database().read([&](storage::ReadTxn& txn) -> base::Result<Status> {
      replica::Reader reader(txn, session.now());
      return load(session, reader, replica::list_set_aside(txn).size());
    });
  });
}

Json to_json(const Status& status) {
  Json json = {{"connection", status.connection},
               {"workspace", show(status.workspace)},
               {"cursor", status.cursor},
               {"head", status.head},
               {"lag", status.lag},
               {"pending", status.pending},
               {"rejected", status.rejected},
               {"set_aside", status.set_aside},
               {"conflicts", status.conflicts},
               {"unread", status.unread},
               {"present", to_json(status.present)},
               {"safe", status.is_safe},
               {"message", show(status.message)}};
  if (status.retry_at) json["retry_at"] = base::format_rfc3339(*status.retry_at);
  if (!status.reason.empty()) json["reason"] = show(status.reason);
  if (!status.hub.empty()) json["hub"] = status.hub;
  if (!status.user.empty()) json["user"] = show(status.user);
  json["workspaces"] = Json::array();
  for (const auto& workspace : status.workspaces) {
    json["workspaces"].push_back({{"name", show(workspace.name)},
                                  {"pending", workspace.pending},
                                  {"rejected", workspace.rejected},
                                  {"conflicts", workspace.conflicts},
                                  {"lag", workspace.lag}});
  }
  return json;
}

std::string to_text(const Status& status) {
  std::string text =
      fmt::format("{}\nconnection: {}   workspace: {}   applied: {}   hub: {}   lag: {}\n", status.message,
                  status.connection, status.workspace, status.cursor, status.head, status.lag);
  for (const PresentView& each : status.present) text += fmt::format("here: {}\n", describe(each));
  if (!status.reason.empty()) text += fmt::format("offline because: {}\n", status.reason);
  for (const auto& workspace : status.workspaces) {
    text += fmt::format("- {}: {} pending, {} rejected, {}\n", workspace.name, workspace.pending,
                        workspace.rejected, count_of(workspace.conflicts, "conflict"));
  }
  return show(text);
}

} // namespace memsync::agent
