#include "tests/sim/oracle.h"

#include <fmt/format.h>
#include <set>

#include "replica/rows.h"

namespace memsync::sim {

using base::Json;
using model::WorkspaceId;

namespace {

struct MachineRow {
  std::int64_t key = 0, space = 0;
  std::uint64_t cursor = 0;
  std::size_t outbox = 0;
};

MachineRow read_row(Machine& machine, const WorkspaceId& workspace) {
  auto row = machine.replica().database().read([&](storage::ReadTxn& txn) -> base::Result<MachineRow> {
    auto found = txn.prepare(
        "SELECT key, space, cursor, (SELECT count(*) FROM outbox WHERE workspace = key) FROM workspace WHERE "
        "id = ?1");
    found.bind_all(workspace);
    if (!found.step()) return MachineRow{};
    return MachineRow{found.column_int64(0), found.column_int64(1), found.column_u64(2),
                      static_cast<std::size_t>(found.column_int64(3))};
  });
  require(row.has_value(), "a machine's store cannot be read");
  return *row;
}

hub::Principal owner(World& world) {
  auto principal = world.hub().authenticate(world.machines().front()->token());
  require(principal.has_value(), "the owner cannot sign in");
  return *principal;
}

} // namespace

std::string Oracle::unrest() {
  std::string what;
  const hub::Principal principal = owner(world_);
  for (const WorkspaceId& workspace : world_.workspaces()) {
    const auto head = world_.hub().pull(principal, workspace, {{world_.hub().epoch(), {}}, 1});
    require(head.has_value(), head ? "" : "the hub cannot be read: " + head.error().detail);
    for (auto& machine : world_.machines()) {
      const MachineRow row = read_row(*machine, workspace);
      if (row.cursor != head->range.head.value || row.outbox != 0)
        what += fmt::format(" machine {} at {} of {} with {} unsent;", machine->index(), row.cursor,
                            head->range.head.value, row.outbox);
    }
  }
  return what;
}

Oracle::HubState Oracle::read_hub(const WorkspaceId& workspace) {
  const hub::Principal principal = owner(world_);
  HubState state;
  model::Cursor after{world_.hub().epoch(), {}};
  for (;;) {
    const auto page = world_.hub().pull(principal, workspace, {after, 500});
    require(page.has_value(), "the log cannot be read");
    for (const std::string& entry : page->entries) state.log.push_back(Json::parse(entry));
    after.sequence = page->range.to;
    if (!page->range.more) break;
  }
  const auto opened = world_.hub().open_snapshot(principal, workspace, {});
  require(opened.has_value(), "no snapshot");
  std::string key;
  for (;;) {
    const auto page = world_.hub().snapshot_page(principal, workspace, opened->session, key);
    require(page.has_value(), "no snapshot page");
    for (const std::string* texts : {&page->nodes, &page->relationships, &page->comments, &page->conflicts})
      for (const Json& item : Json::parse("[" + *texts + "]")) state.items[item["id"]] = item.dump();
    key = page->next_key;
    if (page->end) return state;
  }
}

Oracle::Items Oracle::read_machine(Machine& machine, const WorkspaceId& workspace) {
  const MachineRow row = read_row(machine, workspace);
  Items items;
  auto done = machine.replica().database().read([&](storage::ReadTxn& txn) -> base::Result<> {
    for (const char* table : {"node", "relationship", "comment", "conflict"}) {
      auto rows = txn.prepare(fmt::format("SELECT id, state FROM {} WHERE space = ?1", table));
      rows.bind_all(row.space);
      while (rows.step()) items[std::string(rows.column_text(0))] = Json::parse(rows.column_text(1)).dump();
    }
    return {};
  });
  require(done.has_value(), "a machine's items cannot be read");
  return items;
}

void Oracle::judge() {
  for (const WorkspaceId& workspace : world_.workspaces()) {
    const HubState hub = read_hub(workspace);
    judge_log(workspace, hub.log);
    judge_tree(hub.items);
    judge_counters(hub);
    for (auto& machine : world_.machines()) judge_machine(*machine, workspace, hub);
  }
}

void Oracle::judge_log(const WorkspaceId& workspace, const std::vector<Json>& log) {
  std::set<std::string> hashes;
  std::map<std::string, int> times; // by session
  std::map<std::string, std::uint64_t> last_n;
  std::uint64_t sequence = 0;
  for (const Json& entry : log) {
    require(std::stoull(entry["seq"].get<std::string>()) == ++sequence, "3: the log has a gap");
    const std::uint64_t n = std::stoull(entry["n"].get<std::string>());
    require(n == ++last_n[entry["replica"]], "5: operations of a replica are out of order");
    require(hashes.insert(entry["hash"]).second, "2: an operation is in the log twice");
    if (entry["by"].contains("session")) ++times[entry["by"]["session"]];
  }
  std::map<std::size_t, std::set<std::string>> rejected;
  for (auto& machine : world_.machines()) rejected[machine->index()] = read_rejected(*machine, workspace);
  std::map<std::string, int> acknowledged;
  for (const Acknowledged& operation : world_.ledger()) {
    if (operation.workspace != workspace) continue;
    ++acknowledged[operation.session];
    const bool is_kept =
        times.contains(operation.session) || rejected[operation.machine].contains(operation.session);
    require(is_kept || operation.is_waived,
            fmt::format("1: operation {} of machine {} is lost", operation.session, operation.machine));
  }
  for (const auto& [session, count] : times)
    require(count <= acknowledged[session], fmt::format("2: operation {} is in the log twice", session));
}

std::set<std::string> Oracle::read_rejected(Machine& machine, const WorkspaceId& workspace) {
  const MachineRow row = read_row(machine, workspace);
  std::set<std::string> sessions;
  auto done = machine.replica().database().read([&](storage::ReadTxn& txn) -> base::Result<> {
    auto rows = txn.prepare("SELECT operation FROM rejected WHERE workspace = ?1");
    rows.bind_all(row.key);
    while (rows.step()) sessions.insert(Json::parse(rows.column_text(0))["session"]);
    return {};
  });
  require(done.has_value(), "a machine's rejected operations cannot be read");
  return sessions;
}

void Oracle::judge_machine(Machine& machine, const WorkspaceId& workspace, const HubState& hub) {
  const Items items = read_machine(machine, workspace);
  for (const auto& [id, text] : hub.items) {
    const auto at = items.find(id);
    // Conflicts settled long ago need not be in a snapshot.
    require(at != items.end(), fmt::format("6: machine {} lacks {}: {}", machine.index(), id, text));
    require(at->second == text, fmt::format("6: machine {} differs from the hub:\n  {}\n  {}",
                                            machine.index(), at->second, text));
  }
  for (const auto& [id, text] : items)
    require(hub.items.contains(id) || text.find("resolved_at") != std::string::npos,
            fmt::format("6: machine {} has {}, which the hub lacks", machine.index(), id));
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

void Oracle::judge_counters(const HubState& hub) {
  std::set<std::string> taken;
  for (const Json& entry : hub.log)
    if (entry["by"].contains("session")) taken.insert(entry["by"]["session"].get<std::string>());
  std::map<std::string, std::int64_t> sums;
  for (const Acknowledged& operation : world_.ledger())
    if (taken.contains(operation.session)) sums[operation.node.str()] += operation.increment;
  for (const auto& [id, text] : hub.items) {
    const Json item = Json::parse(text);
    if (!item.contains("f")) continue;
    const std::int64_t count =
        item["f"].contains("use_count") ? item["f"]["use_count"][1].get<std::int64_t>() : 0;
    require(count == sums[id], fmt::format("11: the counter of {} is {} instead of {}", id, count, sums[id]));
  }
}

} // namespace memsync::sim
