#pragma once

#include <vector>

#include "hub/push.h"

namespace memsync::hub {

/// Changes made through the API by somebody without a replica: operations of a replica id that belongs to the
/// token they came with, which have seen everything up to this moment, and go the way of every push.
class DirectEdit {
 public:
  DirectEdit(StoreTxn& txn, const Principal& principal, const model::WorkspaceId& workspace,
             base::Timestamp now);

  /// The next operation on that item, to be completed by the caller.
  model::Operation start(model::OperationKind kind, const model::ItemId& target);
  void add(model::Operation operation) { operations_.push_back(std::move(operation)); }
  bool is_empty() const { return operations_.empty(); }

  /// Applies them together. Fails, and the transaction is to be undone, with why the first one was rejected.
  Answer<PushEffect> apply();

 private:
  StoreTxn& txn_;
  const Principal& principal_;
  const model::WorkspaceId workspace_;
  const base::Timestamp now_;
  const model::Sequence seen_;
  model::ReplicaId replica_;
  std::uint64_t next_n_ = 1;
  std::vector<model::Operation> operations_;
};

} // namespace memsync::hub
