#pragma once

#include <map>
#include <set>
#include <string>

#include "model/operation.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Judges what one machine shows between two of its transactions, long before anything is at rest: some
/// defects heal by then. Throws Violation with the number of the invariant it found broken.
///
///  4, 12 what is confirmed is what the log says up to the cursor, and nothing of later rows
///  16 read your writes: an operation that the machine acknowledged is in that part of the log, or in the
///     outbox, or kept apart; and not in the log and the outbox, which would show it twice
///  16 what is visible is what is confirmed with the whole outbox applied on top
class VisibleJudge {
 public:
  explicit VisibleJudge(World& world) : world_(world) {}

  void judge(Machine& machine);

 private:
  struct Shown;
  void judge(Machine& machine, const model::WorkspaceId& workspace);
  void judge_confirmed(const Shown& shown, const std::vector<model::Entry>& log);
  void judge_writes(const Machine& machine, const model::WorkspaceId& workspace, const Shown& shown,
                    const std::vector<model::Entry>& log);
  void judge_overlay(Machine& machine, const model::WorkspaceId& workspace);
  /// The log up to the cursor; nothing when the hub's log is another one.
  std::optional<std::vector<model::Entry>> read_log(const model::WorkspaceId& workspace,
                                                    const model::Cursor& cursor);

  World& world_;
};

} // namespace memsync::sim
