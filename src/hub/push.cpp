#include "hub/push.h"

#include <span>

#include "hub/authorize.h"
#include "hub/notifier.h"
#include "hub/txn_state.h"
#include "model/limits.h"
#include "wire/effect_codec.h"
#include "wire/operation_codec.h"

namespace memsync::hub {

using base::Error;
using base::ErrorCode;
using model::NodeId;
using model::Operation;
using model::OperationKind;
using model::Permission;
using model::Sequence;
using model::Status;

namespace {

constexpr std::chrono::minutes k_tolerated_skew{2};

/// The latest clock the hub accepts; a later one is set back to it, so that no machine with a wrong
/// clock wins every concurrent change for as long as it is ahead.
model::Hlc latest_clock(base::Timestamp now) { return {model::Hlc::from_time(now).value | 0xffffu}; }

/// One push inside its transaction.
class Pusher {
 public:
  Pusher(StoreTxn& txn, const Principal& principal, const model::WorkspaceId& workspace, model::Role role,
         Replica replica, const model::ReplicaId& replica_id, base::Timestamp now)
      : txn_(txn),
        principal_(principal),
        workspace_(workspace),
        role_(role),
        replica_(std::move(replica)),
        replica_id_(replica_id),
        now_(now),
        state_(txn, workspace),
        notifier_(txn, state_, workspace, now),
        head_(txn.lock_head(workspace)) {}

  /// Operations above last_n, consecutive.
  Answer<> apply_all(std::span<const Operation> operations, std::span<const std::optional<Error>> faults) {
    for (std::size_t at = 0; at < operations.size();) {
      const std::size_t size = group_size(operations.subspan(at));
      const auto group = operations.subspan(at, size);
      if (size == 1) {
        apply_alone(group.front(), faults[at]);
      } else {
        TRY(apply_tx(group, faults.subspan(at, size)));
      }
      at += size;
    }
    state_.flush();
    if (operations.empty()) return {};
    txn_.set_head(workspace_, head_);
    txn_.set_last_n(replica_, operations.back().n);
    return {};
  }

  Sequence head() const { return head_; }
  std::vector<model::PushResult>& results() { return results_; }
  std::size_t skewed() const { return skewed_; }
  std::optional<Error>& first_refusal() { return first_refusal_; }

 private:
  static std::size_t group_size(std::span<const Operation> rest) {
    std::size_t size = 1;
    while (!rest[0].tx.is_empty() && size < rest.size() && rest[size].tx == rest[0].tx) ++size;
    return size;
  }

  void apply_alone(const Operation& op, const std::optional<Error>& fault) {
    std::optional<Error> refusal = fault ? fault : find_refusal(op);
    if (!refusal) refusal = apply(op);
    if (!refusal) return;
    reject(op, refusal->code);
    note_refusal(*std::move(refusal));
  }

  void note_refusal(Error refusal) {
    if (!first_refusal_) first_refusal_ = std::move(refusal);
  }

  Answer<> apply_tx(std::span<const Operation> group, std::span<const std::optional<Error>> faults) {
    const Sequence before = head_;
    const std::size_t results_before = results_.size();
    std::size_t culprit = 0;
    std::optional<Error> refusal;
    state_.flush();
    auto applied = txn_.nested([&] {
      for (culprit = 0; culprit < group.size(); ++culprit) {
        refusal = faults[culprit] ? faults[culprit] : find_refusal(group[culprit]);
        if (!refusal) refusal = apply(group[culprit]);
        if (refusal) return false;
      }
      state_.flush();
      return true;
    });
    if (!applied) return std::move(applied).error();
    if (*applied) return {};
    state_.forget();
    head_ = before;
    results_.resize(results_before);
    for (std::size_t i = 0; i < group.size(); ++i)
      reject(group[i], i == culprit ? refusal->code : ErrorCode::tx_failed);
    note_refusal(*std::move(refusal));
    return {};
  }

  // --- what the store must agree to ---

  std::optional<Error> find_refusal(const Operation& op) {
    if (auto refusal = find_missing_permission(op)) return refusal;
    if (op.kind == OperationKind::create && op.place && !op.place->parent.is_empty()) {
      const auto document = state_.find_document(op.place->parent);
      constexpr auto k_most = static_cast<std::int64_t>(model::limits::k_document_nodes);
      if (document && state_.count_nodes(*document) >= k_most)
        return refuse(ErrorCode::too_large,
                      fmt::format("a document holds at most {} nodes: start another one", k_most));
    }
    if (op.fields.assignee && !op.fields.assignee->is_empty()) {
      const auto member = txn_.find_member(workspace_, *op.fields.assignee);
      if (!member || member->removed)
        return refuse(ErrorCode::validation, "the assignee is no member of this workspace");
    }
    return std::nullopt;
  }

  std::optional<Error> find_missing_permission(const Operation& op) {
    const Permission needed = model::permission_for(op.kind);
    if (needed != Permission::memory_delete_own) {
      if (is_allowed(principal_, role_, needed)) return std::nullopt;
      return missing(needed);
    }
    if (is_allowed(principal_, role_, Permission::memory_delete)) return std::nullopt;
    if (!is_allowed(principal_, role_, Permission::memory_delete_own)) return missing(needed);
    // What its author has not seen the delete does not take along.
    if (txn_.has_created_subtree(workspace_, op.target_node(), principal_.user, op.base)) return std::nullopt;
    return missing(Permission::memory_delete);
  }

  // --- applying ---

  /// Applies and records the operation, or returns why it is rejected.
  std::optional<Error> apply(const Operation& op) {
    const model::Hlc latest = latest_clock(now_);
    if (op.clock.time() > now_ + k_tolerated_skew) ++skewed_;
    const model::Commit commit{Sequence{head_.value + 1}, std::min(op.clock, latest), replica_id_,
                               principal_.user};
    model::Outcome outcome = model::apply(state_, op, commit);
    if (outcome.rejection) return outcome.rejection;
    head_ = commit.sequence;

    model::Entry entry = start_entry(op, outcome.status);
    entry.by = {principal_.user, op.client, op.session, op.project};
    entry.clock = commit.clock;
    entry.tx = op.tx;
    const NodeId node = subject_of(op, outcome);
    notifier_.tell(op, commit, outcome);
    write_history(op, outcome);
    model::PushResult result{op.n, outcome.status, head_, std::nullopt, std::nullopt};
    for (const model::Conflict& conflict : outcome.conflicts)
      if (!conflict.resolved) result.conflict = conflict.id;
    entry.nodes = std::move(outcome.nodes);
    entry.relationships = std::move(outcome.relationships);
    entry.comments = std::move(outcome.comments);
    entry.lost = std::move(outcome.lost);
    entry.conflicts = std::move(outcome.conflicts);

    EntryHeader header = header_of(entry);
    header.node = node;
    header.title = state_.title_of(node);
    header.document = state_.find_document(node).value_or(model::DocumentId{});
    header.client = op.client;
    header.session = op.session;
    finish(op, entry, header, result);
    return std::nullopt;
  }

  /// The log row of a rejected operation carries none of its fields.
  void reject(const Operation& op, ErrorCode code) {
    head_ = Sequence{head_.value + 1};
    model::Entry entry = start_entry(op, Status::rejected);
    entry.by.author = principal_.user;
    entry.code = code;
    finish(op, entry, header_of(entry), {op.n, Status::rejected, head_, code, std::nullopt});
  }

  model::Entry start_entry(const Operation& op, Status status) const {
    model::Entry entry;
    entry.sequence = head_;
    entry.replica = replica_id_;
    entry.n = op.n;
    entry.hash = op.hash;
    entry.kind = op.kind;
    entry.newer_kind = op.newer_kind;
    entry.target = op.target;
    entry.at = now_;
    entry.status = status;
    return entry;
  }

  EntryHeader header_of(const model::Entry& entry) const {
    EntryHeader header;
    header.sequence = entry.sequence;
    header.replica = replica_.key;
    header.n = entry.n;
    header.author = principal_.user;
    header.at = now_;
    header.kind = entry.kind;
    header.status = entry.status;
    header.target = entry.target;
    return header;
  }

  void finish(const Operation& op, const model::Entry& entry, const EntryHeader& header,
              const model::PushResult& result) {
    txn_.add_entry(workspace_, header, wire::encode_entry(entry));
    txn_.add_result(replica_, op.hash, result);
    results_.push_back(result);
  }

  /// The node that the activity feed shows the operation under.
  NodeId subject_of(const Operation& op, const model::Outcome& outcome) {
    switch (op.kind) {
      case OperationKind::comment: return op.node;
      case OperationKind::relate: return op.from;
      case OperationKind::unrelate: {
        const auto relationship = state_.find_relationship(op.target_relationship());
        return relationship ? relationship->from : NodeId{};
      }
      case OperationKind::resolve: {
        if (!outcome.conflicts.empty()) return outcome.conflicts.front().node;
        const auto conflict = state_.find_conflict(op.target_conflict());
        return conflict ? conflict->node : NodeId{};
      }
      case OperationKind::create:
      case OperationKind::update:
      case OperationKind::remove:
      case OperationKind::restore:
      case OperationKind::move:
      case OperationKind::complete:
      case OperationKind::reopen:
      case OperationKind::assign: return op.target_node();
    }
    return {};
  }

  void write_history(const Operation& op, const model::Outcome& outcome) {
    Change change;
    change.sequence = head_;
    change.author = principal_.user;
    change.at = now_;
    change.client = op.client;
    change.session = op.session;
    for (auto& field : state_.take_changes()) {
      change.node = field.node;
      change.field = field.field;
      change.old_value = std::move(field.old_value);
      change.new_value = std::move(field.new_value);
      txn_.add_change(workspace_, state_.find_document(field.node).value_or(field.node), change);
    }
    change.lost = true;
    change.old_value.reset();
    for (const model::LostValue& lost : outcome.lost) {
      change.node = lost.node;
      change.field = lost.field;
      change.author = lost.stamp.author;
      change.new_value = lost.value;
      txn_.add_change(workspace_, state_.find_document(lost.node).value_or(lost.node), change);
    }
  }

  StoreTxn& txn_;
  const Principal& principal_;
  const model::WorkspaceId workspace_;
  const model::Role role_;
  const Replica replica_;
  const model::ReplicaId replica_id_;
  const base::Timestamp now_;
  TxnState state_;
  Notifier notifier_;
  Sequence head_; // the last sequence given
  std::vector<model::PushResult> results_;
  std::size_t skewed_ = 0;
  std::optional<Error> first_refusal_;
};

/// With all that the hub accepted of the replica, which recognises its own operations by their hashes: their
/// numbers may be others since it sent them to another log.
wire::Problem at_log(StoreReader& reader, ErrorCode code, std::string detail, model::Epoch epoch,
                     const Replica& replica) {
  wire::Problem problem;
  problem.code = code;
  problem.detail = std::move(detail);
  problem.epoch = epoch;
  problem.last_n = replica.last_n;
  problem.accepted = reader.list_accepted(replica);
  return problem;
}

/// The stored results of the operations that were accepted before; `forked` if one was another then.
Answer<std::vector<model::PushResult>> find_known(StoreReader& reader, const Replica& replica,
                                                  std::span<const Operation> operations, model::Epoch epoch) {
  std::vector<model::PushResult> results;
  for (const Operation& op : operations) {
    const auto stored = reader.find_result(replica, op.n);
    if (stored && stored->hash == op.hash) {
      results.push_back(stored->result);
      continue;
    }
    return at_log(reader, ErrorCode::forked,
                  fmt::format("operation {} is known with other content: this replica is a copy of "
                              "another one and needs an id of its own",
                              op.n),
                  epoch, replica);
  }
  return results;
}

} // namespace

base::Result<PreparedPush> prepare_push(wire::PushRequest request) {
  const auto& operations = request.operations;
  if (operations.size() > model::limits::k_batch_operations)
    return refuse(ErrorCode::too_large, fmt::format("at most {} operations in one push: send fewer",
                                                    model::limits::k_batch_operations));
  PreparedPush push;
  push.faults.reserve(operations.size());
  std::uint64_t expected = operations.empty() ? 0 : operations.front().n;
  if (!operations.empty() && expected == 0) return refuse(ErrorCode::validation, "operations count from 1");
  for (const Operation& op : operations) {
    if (op.n != expected)
      return refuse(ErrorCode::gap, fmt::format("operation {} follows {}: send them in order, none left out",
                                                op.n, expected - 1));
    ++expected;
    std::optional<Error> fault;
    if (!wire::has_valid_hash(op)) {
      fault = refuse(ErrorCode::validation, "the hash is not that of the operation");
    } else if (auto valid = model::validate(op); !valid) {
      fault = std::move(valid).error();
    }
    push.faults.push_back(std::move(fault));
  }
  push.request = std::move(request);
  return push;
}

Answer<PushEffect> apply_push(StoreTxn& txn, const Principal& principal, const model::WorkspaceId& workspace,
                              const PreparedPush& push, base::Timestamp now) {
  TRY_ASSIGN(const auto role, authorize(txn, principal, Permission::memory_read, workspace, now));
  const wire::PushRequest& request = push.request;
  const model::Epoch epoch = txn.epoch();
  auto known = txn.find_replica(workspace, request.replica);
  if (known && known->user != principal.user)
    return refuse(ErrorCode::permission, "this replica id belongs to somebody else: use a store of your own");
  Replica replica = known.value_or(Replica{});
  if (request.epoch.value != 0 && request.epoch != epoch)
    return at_log(txn, ErrorCode::epoch, "the hub's log was replaced: fetch a snapshot and push again", epoch,
                  replica);

  const std::span<const Operation> all(request.operations);
  if (!all.empty() && all.front().n > replica.last_n + 1)
    return at_log(txn, ErrorCode::gap,
                  fmt::format("operation {} came, {} is the next: send what is between them first",
                              all.front().n, replica.last_n + 1),
                  epoch, replica);
  const std::size_t repeated =
      all.empty() ? 0 : std::min<std::size_t>(all.size(), replica.last_n + 1 - all.front().n);
  TRY_ASSIGN(auto results, find_known(txn, replica, all.first(repeated), epoch));

  PushEffect effect;
  effect.answer = {epoch, {}, std::max(replica.last_n, all.empty() ? 0 : all.back().n), std::move(results)};
  if (!known && !all.empty()) replica = txn.add_replica(workspace, request.replica, principal.user);
  Pusher pusher(txn, principal, workspace, role, replica, request.replica, now);
  TRY(pusher.apply_all(all.subspan(repeated), std::span(push.faults).subspan(repeated)));
  effect.accepted = pusher.results().size();
  effect.skewed = pusher.skewed();
  effect.first_refusal = std::move(pusher.first_refusal());
  for (const model::PushResult& result : pusher.results()) {
    effect.rejected += result.status == Status::rejected ? 1 : 0;
    effect.answer.results.push_back(result);
  }
  effect.answer.head = pusher.head();
  return effect;
}

} // namespace memsync::hub
