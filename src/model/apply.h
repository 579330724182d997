#pragma once

#include <string>
#include <vector>

#include "model/operation.h"

namespace memsync::model {

/// What `apply` needs to know of a node to walk the tree.
struct TreeLink {
  NodeId parent; // empty at the root of a document
  bool deleted = false;
  Stamp deleted_stamp;
};

/// The state that operations apply to. Two real ones exist: the hub's tables and a replica's confirmed
/// base with the outbox on top. Finds return nothing for unknown ids. Implementations may throw what
/// their transaction catches; `apply` passes it through.
class State {
 public:
  virtual ~State() = default;
  virtual std::optional<Node> find_node(const NodeId& id) = 0;
  virtual std::optional<TreeLink> find_link(const NodeId& id) = 0;
  virtual std::optional<Relationship> find_relationship(const RelationshipId& id) = 0;
  virtual std::optional<Comment> find_comment(const CommentId& id) = 0;
  virtual std::optional<Conflict> find_conflict(const ConflictId& id) = 0;
  /// Live nodes (not marked deleted themselves) whose last edit or last change of place is above `sequence`.
  virtual std::vector<NodeId> nodes_edited_after(Sequence sequence) = 0;
  /// The nodes right below `id`, deleted ones included. Nothing: not known here; deletes then look at
  /// all that was edited lately, and moves check only the depth of the moved node itself.
  virtual std::optional<std::vector<NodeId>> find_children(const NodeId& /*id*/) { return std::nullopt; }
  /// The register's text (register_text) as of `sequence`, while history still knows it.
  virtual std::optional<std::string> find_value_at(const NodeId& id, Field field, Sequence sequence) = 0;
  /// The text of that hash (Hash128 of its bytes) which an operation above `after` wanted `content` of
  /// the node to have: a value it had, a lost value, or an operation of the outbox, those applied
  /// earlier in the same transaction included. It is the base of somebody's second change of a text
  /// whose first one was merged; when it is not found, the second change becomes a conflict.
  virtual std::optional<std::string> find_text(const NodeId& /*id*/, const base::Hash128& /*hash*/,
                                               Sequence /*after*/) {
    return std::nullopt;
  }

  /// Writes the registers in `fields` of the node (all for a new one) and its edit mark.
  virtual void put_node(const Node& node, FieldSet fields) = 0;
  virtual void put_relationship(const Relationship& relationship) = 0;
  virtual void put_comment(const Comment& comment) = 0;
  virtual void put_conflict(const Conflict& conflict) = 0;
};

/// The place of an operation in the order: given by the hub, or provisional on a replica.
struct Commit {
  Sequence sequence;
  Hlc clock; // the operation's, clamped by the hub to its own
  ReplicaId replica;
  UserId author;
};

/// What an operation did. `nodes` and the others are what was written, as absolute values.
struct Outcome {
  Status status = Status::applied;
  std::optional<base::Error> rejection; // set exactly when status is rejected
  std::vector<NodeEffect> nodes;
  std::vector<Relationship> relationships;
  std::vector<Comment> comments;
  std::vector<LostValue> lost;
  std::vector<Conflict> conflicts;
};

/// Applies one valid operation: the one merge of memsync, compiled into hub and replica.
///
/// The operation is concurrent with a change when that change came from another replica at a sequence
/// above the operation's `base`. Rules: different registers always merge; sets by delta, counters by
/// increment; one register twice by strategy (merge_register.h); a write that has seen a value always
/// beats it; an edit, also one that was superseded, that had not seen a delete wins over it, whichever
/// came first; what was edited or moved below a node by somebody whom its deleter had not seen is lifted
/// out; a move never makes a cycle or an orphan. A rejected operation changes nothing. All writes go
/// through `state` and are repeated in the outcome.
Outcome apply(State& state, const Operation& operation, const Commit& commit);

/// True when the node or an ancestor of it is deleted, or the node is unknown.
bool is_hidden(State& state, const NodeId& node);

/// True when `ancestor` is `node` itself or above it.
bool is_below(State& state, const NodeId& node, const NodeId& ancestor);

} // namespace memsync::model
