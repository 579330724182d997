#pragma once

#include "cli/command.h"
#include "replica/damage.h"

namespace memsync::cli {

/// What the doctor found that could be repaired.
struct Ailment {
  std::vector<replica::Damage> damage;
  std::vector<model::WorkspaceId> differing; // whose state is not what the hub's digest says
};

/// What `memsync doctor --repair` would do, one sentence each; none: there is nothing to repair.
Result<std::vector<std::string>> plan_repair(Workbench& bench, const Ailment& ailment);

/// What was done, for people.
struct RepairReport {
  std::string copy;                   // the store as it was
  std::size_t set_aside = 0;          // texts kept for `memsync pending --export aside`
  std::vector<std::string> refetched; // names of workspaces whose state came from the hub again
  std::vector<std::string> waiting;   // ... comes as soon as the hub can be reached
};

/// Copies the store, carries out the plan and, where the hub can be reached, waits up to 50 s for what it
/// has. Fails, with nothing changed, when the copy cannot be made.
Result<RepairReport> carry_out_repair(const Context& context, Workbench& bench, const Ailment& ailment);

std::string format_repair(const RepairReport& report);
Json to_json(const RepairReport& report);

} // namespace memsync::cli
