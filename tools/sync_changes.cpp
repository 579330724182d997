#include "tools/sync_changes.h"

#include "agent/status.h"
#include "replica/sync_progress.h"
#include "tools/conflict_form.h"
#include "tools/waiting.h"

namespace memsync::tools {

namespace {

/// What is being synced, and where the counters stood.
struct Sync {
  std::optional<model::WorkspaceId> only; // of the call; without it all that the hub knows
  model::WorkspaceId shown;               // whose cursor the answer names
  replica::SyncCounters before;
  std::optional<std::size_t> strategy_not_applied;
};

/// Asked anew each time: the first sync after a login learns which workspaces there are.
std::vector<replica::WorkspaceRow> list_synced(replica::Reader& reader, const Sync& sync) {
  auto rows = reader.workspaces();
  std::erase_if(rows, [&](const replica::WorkspaceRow& row) {
    return row.kind == model::WorkspaceKind::local || !row.is_known_to_hub ||
           (sync.only && row.id != *sync.only);
  });
  return rows;
}

/// The counters as they stood before this call and, where it asked the person, before its earlier runs.
replica::SyncCounters counters_before(Session& session, const mcp::CallContext& context) {
  auto counters = session.sync().report().counters;
  const Json earlier = carried_of(context);
  if (!earlier.is_object()) return counters;
  const auto take_off = [&](std::uint64_t& counter, const char* name) {
    counter -= std::min(counter, earlier.value(name, std::uint64_t{0}));
  };
  take_off(counters.pushed, "pushed");
  take_off(counters.pulled, "pulled");
  take_off(counters.merged, "merged");
  return counters;
}

base::Result<Sync> load(Session& session, const SyncArguments& arguments, const mcp::CallContext& context) {
  return session.replica().read([&](replica::Reader& reader) -> base::Result<Sync> {
    TRY_ASSIGN(const auto chosen, session.choose_workspace(reader, arguments.workspace));
    Sync sync;
    sync.shown = chosen.workspace.id;
    if (arguments.workspace) sync.only = chosen.workspace.id;
    sync.before = counters_before(session, context);
    return sync;
  });
}

base::Result<std::vector<replica::WorkspaceRow>> read_synced(Session& session, const Sync& sync) {
  return session.replica().read(
      [&](replica::Reader& reader) -> base::Result<std::vector<replica::WorkspaceRow>> {
        return list_synced(reader, sync);
      });
}

base::Result<Sync> begin(Session& session, const SyncArguments& arguments, const mcp::CallContext& context) {
  TRY_ASSIGN(Sync sync, load(session, arguments, context));
  if (!arguments.strategy) return sync;
  TRY_ASSIGN(const auto workspaces, read_synced(session, sync));
  std::size_t fixed = 0;
  for (const auto& workspace : workspaces) {
    TRY_ASSIGN(const std::size_t more,
               session.edit(workspace.id, std::nullopt, std::nullopt, [&](replica::Editor& editor) {
                 return editor.apply_strategy(std::nullopt, *arguments.strategy);
               }));
    fixed += more;
  }
  sync.strategy_not_applied = fixed;
  return sync;
}

bool are_settled(Session& session, const std::vector<replica::WorkspaceRow>& workspaces) {
  return std::all_of(workspaces.begin(), workspaces.end(),
                     [&](const auto& workspace) { return session.sync().is_settled(workspace.id); });
}

/// Tells the caller how far it is, now and then: the question whether it is over comes far more often.
class Teller {
 public:
  Teller(Session& session, const mcp::CallContext& context) : session_(session), context_(context) {}

  void look(const Sync& sync) {
    constexpr std::chrono::milliseconds k_pause{250};
    if (session_.instant() < next_) return;
    next_ = session_.instant() + k_pause;
    const auto told =
        session_.replica().database().read([&](storage::ReadTxn& txn) -> base::Result<std::string> {
          replica::Reader reader(txn, session_.now());
          progress_.look(txn, list_synced(reader, sync));
          return progress_.describe();
        });
    if (told)
      context_.progress(
          {progress_.steps_done(), progress_.all_steps(), told->empty() ? "syncing" : "syncing: " + *told});
  }

 private:
  Session& session_;
  const mcp::CallContext context_;
  replica::SyncProgress progress_;
  base::Instant next_{};
};

bool is_over(Session& session, const Sync& sync, const mcp::CallContext& context, Teller& teller) {
  if (context.cancelled.stop_requested() || agent::is_known_offline(session.sync().report())) return true;
  teller.look(sync);
  if (!session.sync().report().has_synced) return false;
  const auto workspaces = read_synced(session, sync);
  return workspaces && are_settled(session, *workspaces);
}

/// Why there was no workspace to sync although there is a hub.
std::string describe_nothing(const replica::WorkspaceRow* only, bool has_synced) {
  if (only && only->kind == model::WorkspaceKind::local)
    return "Nothing to sync: `local` never leaves this machine. `memsync share DOCUMENT --to WORKSPACE` "
           "copies a document to a workspace that does.";
  if (only)
    return fmt::format("Nothing was synced: the hub no longer knows workspace \"{}\"; its data stays here.",
                       agent::show(only->name));
  if (has_synced) return "Nothing to sync: the hub lists no workspace for this account.";
  return "The hub has not said yet which workspaces there are: sync again in a moment.";
}

std::string describe(const SyncResult& result, std::size_t workspaces, const replica::WorkspaceRow* only,
                     const agent::SyncReport& report) {
  if (result.connection == "no_hub")
    return "Nothing to sync: everything here is local. `memsync login` or `memsync join` shares it.";
  if (only && only->kind == model::WorkspaceKind::local) return describe_nothing(only, report.has_synced);
  if (result.connection == "offline") return agent::describe_outage(report, result.pending);
  if (workspaces == 0) return describe_nothing(only, report.has_synced);
  std::string text =
      fmt::format("{} pushed, {} pulled.", agent::count_of(result.pushed, "change"), result.pulled);
  if (!result.is_settled)
    text += fmt::format(" Still working: {} pending.", agent::count_of(result.pending, "change"));
  if (result.rejected > 0)
    text += fmt::format(" The hub refused {}: see get_pending_operations.",
                        agent::count_of(result.rejected, "change"));
  if (result.conflicts.size() > 0) text += " Conflicts wait for a decision: see resolve_conflict.";
  return text;
}

base::Result<SyncResult> finish(Session& session, const Sync& sync) {
  return session.replica().read([&](replica::Reader& reader) -> base::Result<SyncResult> {
    SyncResult result;
    if (const auto shown = reader.find_workspace(sync.shown)) {
      result.workspace = agent::show(shown->name);
      result.cursor = shown->cursor.str();
    }
    const auto workspaces = list_synced(reader, sync);
    for (const auto& workspace : workspaces) {
      result.pending += reader.pending_count(workspace);
      result.rejected += reader.rejected_count(workspace);
    }
    result.conflicts = list_conflicts(reader, workspaces, std::nullopt, k_room_beside, session.now());
    const auto after = session.sync().report().counters;
    // The leading process may have changed meanwhile; its counters start anew then.
    const auto since = [](std::uint64_t now, std::uint64_t then) { return now - std::min(now, then); };
    result.pushed = since(after.pushed, sync.before.pushed);
    result.pulled = since(after.pulled, sync.before.pulled);
    result.merged = since(after.merged, sync.before.merged);
    result.connection = agent::connection_name(session, reader);
    result.is_settled = !agent::is_known_offline(session.sync().report()) && are_settled(session, workspaces);
    result.strategy_not_applied = sync.strategy_not_applied;
    const auto only = sync.only ? reader.find_workspace(*sync.only) : std::nullopt;
    result.message = describe(result, workspaces.size(), only ? &*only : nullptr, session.sync().report());
    return result;
  });
}

} // namespace

base::Result<SyncArguments> SyncArguments::parse(const Arguments& in) {
  return SyncArguments{in.text("workspace"), in.choice<model::Strategy>("strategy"),
                       std::chrono::seconds(in.number_or("wait_seconds", 10))};
}

void sync_changes(Session& session, const SyncArguments& arguments, const mcp::CallContext& context,
                  std::function<void(base::Result<SyncResult>)> done) {
  const auto sync = begin(session, arguments, context);
  if (!sync) return done(sync.error());
  const auto workspaces = read_synced(session, *sync);
  if (!workspaces) return done(workspaces.error());
  if (workspaces->empty() && sync->only) return done(finish(session, *sync));
  auto teller = std::make_shared<Teller>(session, context);
  teller->look(*sync); // from here on it counts
  session.sync().request_sync();
  session.sync().when_settled(
      [&session, sync = *sync, context, teller] { return is_over(session, sync, context, *teller); },
      deadline_of(session, context, arguments.wait),
      [&session, sync = *sync, done = std::move(done)] { done(finish(session, sync)); });
}

mcp::ToolResult render(const SyncResult& result) {
  Json json = {{"workspace", result.workspace}, {"pushed", result.pushed},
               {"pulled", result.pulled},       {"merged", result.merged},
               {"pending", result.pending},     {"rejected", result.rejected},
               {"cursor", result.cursor},       {"connection", result.connection},
               {"settled", result.is_settled},  {"message", result.message}};
  add_conflicts(json, result.conflicts);
  if (result.strategy_not_applied) json["strategy_not_applied"] = *result.strategy_not_applied;
  return {std::move(json), result.message + "\n" + to_text(result.conflicts), {}, false};
}

} // namespace memsync::tools
