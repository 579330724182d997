#pragma once

#include <unordered_set>

#include "model/state_digest.h"
#include "replica/replica.h"
#include "wire/hub_messages.h"

namespace memsync::replica {

/// Compares the confirmed state of one workspace with what the hub says it is, a slice at a time: a read of
/// everything would keep others waiting. States are comparable only at one sequence and without own
/// operations on top, so the comparison waits for the first and gives up on the second.
class DigestCheck {
 public:
  DigestCheck(const model::WorkspaceId& workspace, wire::WorkspaceDigest hub)
      : workspace_(workspace), hub_(std::move(hub)) {}

  enum class Outcome {
    working, // call again at once
    waiting, // this replica is behind the hub's digest: call again when entries were applied
    equal,
    differs,   // or a row is damaged
    overtaken, // the state moved on, or own operations are on top: compare with a newer digest
  };
  /// Reads for about `budget`.
  base::Result<Outcome> step(Replica& replica, std::chrono::milliseconds budget);

 private:
  enum class Part { start, nodes, relationships, comments, conflicts, end };

  Outcome look(storage::ReadTxn& txn, const WorkspaceRow& row, base::Clock& clock, base::Instant end);
  bool read_slice(storage::ReadTxn& txn, Space space);
  void read_hidden(storage::ReadTxn& txn, Space space);

  const model::WorkspaceId workspace_;
  const wire::WorkspaceDigest hub_;
  Part part_ = Part::start;
  Space space_;
  std::string after_; // the id read last in this part
  std::unordered_set<std::string> hidden_, visible_;
  model::StateDigest digest_;
};

} // namespace memsync::replica
