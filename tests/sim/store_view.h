#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tests/sim/machine.h"

namespace memsync::sim {

/// What the store of a machine holds of one workspace, read as rows and JSON.
struct StoreView {
  /// Item id to its text as stored.
  using Texts = std::map<std::string, std::string>;

  std::uint64_t epoch = 0, cursor = 0; // 0: nothing yet
  std::size_t outbox = 0;
  Texts confirmed;                    // what the hub said, below what the outbox changed
  std::set<std::string> unsent, kept; // sessions, one per operation; kept: rejected or in the quarantine
  std::set<std::string> acknowledged; // sessions; kept for a hub that is restored, and not shown
  std::set<std::string> stranded;     // sessions; rejected for want of a node that is confirmed now
};

/// Nothing when the machine does not have the workspace, whose quarantine is then still in `kept` of
/// read_kept.
std::optional<StoreView> read_store(Machine& machine, const model::WorkspaceId& workspace);
/// Sessions of operations that will never be sent, and are kept for their author.
std::set<std::string> read_kept(Machine& machine, const model::WorkspaceId& workspace);
/// Rows of items that belong to no workspace any more.
std::int64_t count_leftovers(Machine& machine);

} // namespace memsync::sim
