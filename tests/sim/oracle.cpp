#include "tests/sim/oracle.h"

#include <fmt/format.h>

namespace memsync::sim {

using base::Json;
using model::WorkspaceId;

namespace {

/// Conflicts settled long ago need not be in a snapshot.
bool is_settled_conflict(const std::string& item) { return item.find("resolved_at") != std::string::npos; }

std::string session_of(const Json& entry) { return entry["by"].value("session", ""); }

} // namespace

std::string Oracle::unrest() {
  if (!world_.is_hub_up()) return " the hub is down;";
  std::string what;
  for (const WorkspaceId& workspace : world_.workspaces()) {
    const std::uint64_t head = world_.archive(workspace).head();
    for (auto& machine : world_.machines()) {
      if (!machine->is_running()) return " a machine is down;";
      const auto store = read_store(*machine, workspace);
      const bool is_member = world_.is_member(*machine, workspace);
      if (!is_member && store)
        what += fmt::format(" machine {} keeps what it may not see;", machine->index());
      if (is_member && !store) what += fmt::format(" machine {} was never told;", machine->index());
      if (is_member && store && (store->cursor != head || store->outbox != 0))
        what += fmt::format(" machine {} at {} of {} with {} unsent;", machine->index(), store->cursor, head,
                            store->outbox);
    }
  }
  return what;
}

Oracle::Items Oracle::read_hub(const WorkspaceId& workspace) {
  const auto opened = world_.hub().open_snapshot(world_.owner(), workspace, {});
  require(opened.has_value(), "no snapshot");
  Items items;
  std::string key;
  for (;;) {
    const auto page = world_.hub().snapshot_page(world_.owner(), workspace, opened->session, key);
    require(page.has_value(), "no snapshot page");
    for (const std::string* texts : {&page->nodes, &page->relationships, &page->comments, &page->conflicts})
      for (const Json& item : Json::parse("[" + *texts + "]"))
        items[item["id"]] = LogArchive::normal_form(item);
    key = page->next_key;
    if (page->end) return items;
  }
}

void Oracle::judge() {
  for (const WorkspaceId& workspace : world_.workspaces()) {
    const Items hub = read_hub(workspace);
    const LogArchive& archive = world_.archive(workspace);
    judge_log(workspace, archive.entries());
    judge_snapshot(archive, hub);
    judge_tree(hub);
    judge_counters(archive.entries(), hub);
    judge_separation(workspace, hub);
    for (auto& machine : world_.machines()) judge_machine(*machine, workspace, hub);
  }
  judge_soundness();
}

void Oracle::judge_soundness() {
  for (auto& machine : world_.machines()) {
    const auto findings = machine->replica().check();
    const bool is_sound = findings && findings->empty();
    require(is_sound, is_sound ? ""
                               : fmt::format("19: the check of machine {} finds: {}", machine->index(),
                                             findings ? findings->front() : findings.error().message));
  }
  const auto report = world_.site().store().check();
  require(report && report->problems.empty(),
          report && report->problems.empty()
              ? ""
              : "19: the check of the hub finds: " +
                    (report ? report->problems.front() : report.error().message));
}

void Oracle::judge_log(const WorkspaceId& workspace, const std::vector<Json>& log) {
  std::set<std::string> hashes;
  std::map<std::string, int> times; // by session
  std::map<std::string, std::uint64_t> last_n;
  for (const Json& entry : log) { // its sequences are gapless: LogArchive sees to it
    const std::uint64_t n = std::stoull(entry["n"].get<std::string>());
    require(n == ++last_n[entry["replica"]], "5: operations of a replica are out of order");
    // A copy of a store offers again what was rejected from the other one: that had no effect.
    if (entry["status"] != "rejected")
      require(hashes.insert(entry["hash"]).second, "2: an operation is in the log twice");
    ++times[session_of(entry)];
  }
  std::map<std::size_t, std::set<std::string>> kept;
  for (auto& machine : world_.machines()) kept[machine->index()] = read_kept(*machine, workspace);
  std::map<std::string, int> written;
  for (const Acknowledged& operation : world_.ledger()) {
    if (operation.workspace != workspace) continue;
    ++written[operation.session];
    const bool is_kept =
        times.contains(operation.session) || kept[operation.machine].contains(operation.session);
    require(is_kept || operation.is_waived,
            fmt::format("1: operation {} of machine {} is lost", operation.session, operation.machine));
  }
  for (const auto& [session, count] : times)
    require(session.empty() || count <= written[session],
            fmt::format("2: operation {} is in the log twice", session));
}

void Oracle::judge_snapshot(const LogArchive& archive, const Items& hub) {
  const LogArchive::Items expected = archive.items_at(archive.head());
  for (const auto& [id, text] : hub) {
    const auto at = expected.find(id);
    require(at != expected.end(), fmt::format("7: the log never made {}", id));
    require(*at->second == text,
            fmt::format("7: a snapshot differs from the log:\n  {}\n  {}", text, *at->second));
  }
  for (const auto& [id, text] : expected)
    require(hub.contains(id) || is_settled_conflict(*text),
            fmt::format("7, 14: a snapshot lacks {}: {}", id, *text));
}

void Oracle::judge_machine(Machine& machine, const WorkspaceId& workspace, const Items& hub) {
  require(count_leftovers(machine) == 0,
          fmt::format("20: machine {} has rows of no workspace", machine.index()));
  const auto store = read_store(machine, workspace);
  if (!store) return; // at rest only members have it
  for (const auto& [id, text] : hub) {
    const auto at = store->confirmed.find(id);
    require(at != store->confirmed.end(),
            fmt::format("6: machine {} lacks {}: {}", machine.index(), id, text));
    const std::string shown = LogArchive::normal_form(Json::parse(at->second));
    require(shown == text,
            fmt::format("6: machine {} differs from the hub:\n  {}\n  {}", machine.index(), shown, text));
  }
  for (const auto& [id, text] : store->confirmed)
    require(hub.contains(id) || is_settled_conflict(text),
            fmt::format("6: machine {} has {}, which the hub lacks", machine.index(), id));
  require(store->stranded.empty(),
          store->stranded.empty()
              ? ""
              : fmt::format("1: operation {} of machine {} waits for a node that is there",
                            *store->stranded.begin(), machine.index()));
}

void Oracle::judge_tree(const Items& items) {
  std::map<std::string, std::string> parents;
  for (const auto& [id, text] : items) {
    const Json item = Json::parse(text);
    if (!item.contains("f")) continue;
    const Json& parent = item["f"]["place"][1]["parent"];
    parents[id] = parent.is_null() ? "" : parent.get<std::string>();
  }
  for (const auto& [id, parent] : parents) {
    std::set<std::string> seen{id};
    for (std::string at = parent; !at.empty(); at = parents[at]) {
      require(parents.contains(at), "8: an orphan: " + id);
      require(seen.insert(at).second, "8: a cycle through " + at);
    }
  }
}

void Oracle::judge_counters(const std::vector<Json>& log, const Items& hub) {
  std::set<std::string> taken;
  for (const Json& entry : log)
    if (entry["status"] != "rejected") taken.insert(session_of(entry));
  std::map<std::string, std::int64_t> sums;
  for (const Acknowledged& operation : world_.ledger())
    if (taken.contains(operation.session)) sums[operation.node.str()] += operation.increment;
  for (const auto& [id, text] : hub) {
    const Json item = Json::parse(text);
    if (!item.contains("f")) continue;
    const std::int64_t count =
        item["f"].contains("use_count") ? item["f"]["use_count"][1].get<std::int64_t>() : 0;
    require(count == sums[id], fmt::format("11: the counter of {} is {} instead of {}", id, count, sums[id]));
  }
}

void Oracle::judge_separation(const WorkspaceId& workspace, const Items& hub) {
  std::set<std::string> own;
  for (const model::NodeId& node : world_.nodes(workspace)) own.insert(node.str());
  for (const auto& [id, text] : hub)
    require(own.contains(id) || !Json::parse(text).contains("f"),
            fmt::format("20: {} was not made in this workspace", id));
}

} // namespace memsync::sim
