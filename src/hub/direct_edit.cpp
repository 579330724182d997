#include "hub/direct_edit.h"

#include "wire/operation_codec.h"

namespace memsync::hub {

namespace {

/// The same for every request of a token or session, so that it has one row in the hub's list of replicas.
model::ReplicaId replica_of(const Principal& principal, const model::WorkspaceId& workspace) {
  const base::Sha256 digest = base::sha256(fmt::format("api:{}:{}", principal.key(), workspace.view()));
  constexpr std::size_t k_length = model::ReplicaId::k_length;
  return model::ReplicaId::from_bytes(std::span<const std::uint8_t, k_length>(digest.data(), k_length));
}

/// Together or not at all; the id follows from what it groups.
void make_one_tx(std::vector<model::Operation>& operations, const model::ReplicaId& replica) {
  if (operations.size() < 2) return;
  const base::Sha256 digest = base::sha256(fmt::format("api tx:{}:{}", replica.view(), operations.front().n));
  constexpr std::size_t k_length = model::TxId::k_length;
  const auto tx = model::TxId::from_bytes(std::span<const std::uint8_t, k_length>(digest.data(), k_length));
  for (model::Operation& operation : operations) operation.tx = tx;
}

} // namespace

DirectEdit::DirectEdit(StoreTxn& txn, const Principal& principal, const model::WorkspaceId& workspace,
                       base::Timestamp now)
    : txn_(txn),
      principal_(principal),
      workspace_(workspace),
      now_(now),
      seen_(txn.lock_head(workspace)),
      replica_(replica_of(principal, workspace)) {
  if (const auto known = txn.find_replica(workspace, replica_)) next_n_ = known->last_n + 1;
}

model::Operation DirectEdit::start(model::OperationKind kind, const model::ItemId& target) {
  model::Operation operation;
  operation.n = next_n_++;
  operation.kind = kind;
  operation.target = target;
  operation.base = seen_;
  operation.clock = model::Hlc::from_time(now_);
  operation.client = "memsync-api";
  operation.session = principal_.key();
  return operation;
}

Answer<PushEffect> DirectEdit::apply() {
  make_one_tx(operations_, replica_);
  for (model::Operation& operation : operations_) wire::seal(operation);
  TRY_ASSIGN(const auto prepared, prepare_push({replica_, {}, std::move(operations_)}));
  TRY_ASSIGN(auto effect, apply_push(txn_, principal_, workspace_, prepared, now_));
  if (effect.first_refusal) return *std::move(effect.first_refusal);
  return effect;
}

} // namespace memsync::hub
