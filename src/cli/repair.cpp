#include "cli/repair.h"

#include "agent/display.h"
#include "tools/waiting.h"

namespace memsync::cli {

namespace {

constexpr std::chrono::seconds k_fetch_limit{50};

Result<std::vector<replica::WorkspaceRow>> read_workspaces(Workbench& bench) {
  return bench.replica.read([](replica::Reader& reader) -> Result<std::vector<replica::WorkspaceRow>> {
    return reader.workspaces();
  });
}

/// Names of the workspaces whose state is still to come.
std::vector<std::string> list_waiting(Workbench& bench) {
  std::vector<std::string> names;
  const auto rows = read_workspaces(bench);
  if (!rows) return names;
  for (const replica::WorkspaceRow& row : *rows)
    if (row.wants_resync) names.push_back(row.name);
  return names;
}

/// Lets the sync fetch what was dropped, as far as that goes in the time.
void fetch_again(const Context& context, Workbench& bench) {
  if (context.settings.hub.empty()) return;
  const base::Instant latest = bench.session.instant() + k_fetch_limit;
  bench.start_sync();
  bench.session.sync().request_sync();
  bench.run_until([&] {
    return list_waiting(bench).empty() || agent::is_known_offline(bench.session.sync().report()) ||
           bench.session.instant() >= latest;
  });
}

} // namespace

Result<std::vector<std::string>> plan_repair(Workbench& bench, const Ailment& ailment) {
  TRY_ASSIGN(const auto rows, read_workspaces(bench));
  return replica::plan_repair(rows, ailment.damage, ailment.differing);
}

Result<RepairReport> carry_out_repair(const Context& context, Workbench& bench, const Ailment& ailment) {
  RepairReport report;
  report.copy = fmt::format("{}/before-repair-{}.db", context.settings.home,
                            bench.session.now().time_since_epoch().count());
  if (const auto copied = bench.replica.database().backup_to(report.copy); !copied)
    return base::Error{copied.error().code, fmt::format("nothing was changed, since the store could not be "
                                                        "copied first: {}",
                                                        copied.error().message)};
  TRY_ASSIGN(const replica::Repaired done, replica::repair(bench.replica, ailment.differing));
  report.set_aside = done.set_aside;
  fetch_again(context, bench);
  TRY(index_rest(context, bench));
  report.waiting = list_waiting(bench);
  TRY_ASSIGN(const auto rows, read_workspaces(bench));
  for (const replica::WorkspaceRow& row : rows) {
    const bool was_dropped =
        std::find(done.refetch.begin(), done.refetch.end(), row.id) != done.refetch.end();
    if (was_dropped && !row.wants_resync) report.refetched.push_back(row.name);
  }
  return report;
}

std::string format_repair(const RepairReport& report) {
  std::string text = fmt::format("Repaired. The store as it was: {}\n", report.copy);
  if (report.set_aside > 0)
    text += fmt::format("Set aside: {}; see `memsync pending --export aside`.\n",
                        agent::count_of(report.set_aside, "unreadable text"));
  for (const std::string& name : report.refetched)
    text += fmt::format("Fetched again from the hub: \"{}\".\n", agent::show(name));
  for (const std::string& name : report.waiting)
    text += fmt::format("To be fetched as soon as the hub can be reached: \"{}\".\n", agent::show(name));
  return text;
}

Json to_json(const RepairReport& report) {
  return {{"copy", report.copy},
          {"set_aside", report.set_aside},
          {"refetched", report.refetched},
          {"waiting", report.waiting}};
}

} // namespace memsync::cli
