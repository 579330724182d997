#pragma once

#include "tests/sim/store_view.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Judges what one machine shows between two of its transactions, long before anything is at rest: some
/// defects heal by then. Throws Violation with the number of the invariant it found broken.
///
///  4, 12 what is confirmed is what the log says up to the cursor, and nothing of later rows; compared as
///     JSON
///  16 read your writes: an operation that the machine acknowledged is in that part of the log, or in the
///     outbox, or kept apart; and not in the log and the outbox, which would show it twice
///  8, 16 what is visible is what is confirmed with the whole outbox applied on top: the replica's own way of
///     doing it from scratch, against what it did step by step
class VisibleJudge {
 public:
  explicit VisibleJudge(World& world) : world_(world) {}

  void judge(Machine& machine);

 private:
  void judge(Machine& machine, const model::WorkspaceId& workspace);
  void judge_confirmed(const StoreView& store, const LogArchive& archive);
  void judge_writes(const Machine& machine, const model::WorkspaceId& workspace, const StoreView& store,
                    const LogArchive& archive);
  void judge_overlay(Machine& machine, const model::WorkspaceId& workspace);

  World& world_;
};

} // namespace memsync::sim
