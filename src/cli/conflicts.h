#pragma once

#include "cli/command.h"
#include "tools/resolve_conflict.h"

namespace memsync::cli {

struct ConflictsOptions {
  std::string workspace; // empty: the current one
};
/// `memsync conflicts`: lists what waits for a decision, oldest first.
Result<> run_conflicts(const Context& context, const ConflictsOptions& options);

/// The open conflicts of a workspace (empty: of the current one), whole values.
struct OpenConflicts {
  tools::ResolveResult found;
  std::string workspace;     // its name
  std::size_t elsewhere = 0; // open ones in other workspaces
};
Result<OpenConflicts> find_open_conflicts(Workbench& bench, const std::string& workspace);
void show_conflicts(const Context& context, const OpenConflicts& open);

} // namespace memsync::cli
