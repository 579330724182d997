#pragma once

#include <set>
#include <vector>

#include "replica/rows.h"
#include "replica/state.h"
#include "storage/database.h"

namespace memsync::replica {

/// The outbox as a layer on top of the confirmed items of one workspace. Applying an operation keeps the
/// confirmed state of what it touches in `base` and notes in `touch` which items those are. When the
/// hub confirms something below, exactly the items that depend on it are put back to their confirmed
/// state and the operations that touched them are applied again, in order.
///
/// Invariant between transactions: an item has a base row exactly when an outbox operation touches it,
/// and visible = base + those operations.
class Overlay {
 public:
  Overlay(storage::WriteTxn& txn, const WorkspaceRow& workspace, model::UserId user,
          Indexing indexing = Indexing::immediate);

  /// Applies an outbox operation on top of what is visible. The caller has stored its row.
  model::Outcome apply(const model::Operation& operation);

  /// Deletes operation n from the outbox; returns what it had touched, which must be replayed.
  std::set<ItemRef> take(std::uint64_t n);

  /// Replays the items and whatever their operations touch besides.
  void replay(std::set<ItemRef> items);

  /// Replays everything: after a change of the tree that operations on other items may depend on.
  void replay_all();

  /// Forgets what was touched and applied, for a new space without base rows, and applies the whole outbox.
  void rebuild();

  bool is_empty();

  /// Whether an operation of the outbox looked for the item, perhaps as the parent of another, and it was not
  /// there. May be true for longer than it holds, until the next `rebuild`.
  bool is_awaited(std::string_view id);

  ReplicaState& state() { return state_; }

 private:
  /// Where a node hangs, as operations on others see it.
  struct Link {
    bool is_known = false, is_deleted = false;
    model::NodeId parent;
    bool operator==(const Link&) const = default;
  };
  std::vector<Link> links_of(const std::set<ItemRef>& items);
  std::set<std::uint64_t> operations_touching(const ItemRef& item);
  std::set<ItemRef> items_touched_by(std::uint64_t n);
  void apply_again(std::uint64_t n);

  storage::WriteTxn& txn_;
  const WorkspaceRow& workspace_;
  const model::UserId user_;
  ReplicaState state_;
};

/// Stores an operation in the outbox as `queued`. `node` is what it changes, for lists and dirty checks:
/// both the document that node is in now and the one it was written in become dirty.
void insert_into_outbox(storage::WriteTxn& txn, WorkspaceKey workspace, const model::Operation& operation,
                        const model::NodeId& node, base::Timestamp at);

/// The node an operation changes: the target, the commented node, the origin of a relationship, the
/// node of a conflict (empty when that is unknown).
model::NodeId node_of(model::State& state, const model::Operation& operation);

/// An operation as stored in outbox, rejected and acknowledged; ends the transaction with `corrupt` when
/// it cannot be read or does not match its hash.
model::Operation load_operation(std::string_view text);

} // namespace memsync::replica
