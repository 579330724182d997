#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "hub/answer.h"
#include "hub/store.h"

namespace memsync::hub {

/// A push as checked outside the transaction, where hashing holds nobody up.
struct PreparedPush {
  wire::PushRequest request;
  /// For each operation why it is rejected whatever the store says; nothing when its shape is right.
  std::vector<std::optional<base::Error>> faults;
};

/// Checks the hash and the shape of each operation. Fails with `too_large` for a batch beyond the limits
/// and `gap` when the numbers in it are not consecutive.
base::Result<PreparedPush> prepare_push(wire::PushRequest request);

/// What a push did, for metrics and for waking the readers.
struct PushEffect {
  wire::PushAnswer answer;
  std::size_t accepted = 0; // new log entries
  std::size_t rejected = 0;
  std::size_t skewed = 0;                   // operations whose clock was ahead by more than two minutes
  std::optional<base::Error> first_refusal; // why the first of the new operations was rejected
};

/// Applies a push in its transaction: each operation gets its sequence, log entry and stored result, or the
/// result it got before. Operations of one tx are applied together or all rejected, the one that failed with
/// its own code and the others with `tx_failed`. A rejected operation consumes its number.
///
/// Fails, with nothing applied: as authorize does (memory.read); `permission` when the replica id is somebody
/// else's; `epoch`; `forked` when an n is known with another hash; `gap`.
Answer<PushEffect> apply_push(StoreTxn& txn, const Principal& principal, const model::WorkspaceId& workspace,
                              const PreparedPush& push, base::Timestamp now);

} // namespace memsync::hub
