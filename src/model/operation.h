#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "model/node.h"

namespace memsync::model {

enum class OperationKind {
  create,
  update,
  remove,
  restore,
  move,
  complete,
  reopen,
  assign,
  comment,
  relate,
  unrelate,
  resolve
};
template <>
struct EnumNames<OperationKind> {
  static constexpr std::array<std::string_view, 12> names{"create",  "update",   "delete",   "restore",
                                                          "move",    "complete", "reopen",   "assign",
                                                          "comment", "relate",   "unrelate", "resolve"};
};

/// A new text and the hash (Hash128 of the bytes) of the text its author saw, so that a merge knows its base.
struct TextChange {
  std::string text;
  base::Hash128 base_text_hash;
  bool operator==(const TextChange&) const = default;
};

/// A change of a set by delta: concurrent additions and removals of different elements both stand.
struct SetChange {
  std::vector<std::string> add, remove;
  bool operator==(const SetChange&) const = default;
};
/// What makes `wanted` of the set `before`; each element once.
SetChange set_change(const std::vector<std::string>& before, const std::vector<std::string>& wanted);

/// The registers an operation changes; what is absent stays as it is.
struct FieldChanges {
  std::optional<NodeKind> kind;
  std::optional<std::string> type;
  std::optional<std::string> title;
  std::optional<TextChange> content;
  std::optional<SetChange> tags;
  std::optional<double> importance;
  std::optional<std::string> context;
  std::optional<bool> completed;
  std::optional<UserId> assignee;
  std::optional<std::int64_t> use_count; // increment
  std::optional<std::optional<Strategy>> strategy;

  /// The registers named here.
  FieldSet fields() const;
  bool operator==(const FieldChanges&) const = default;
};

/// The version of operations that this program writes and applies.
inline constexpr int k_operation_schema = 1;

/// How somebody settled a conflict.
enum class Resolution { keep_local, keep_server, merge, custom };
template <>
struct EnumNames<Resolution> {
  static constexpr std::array<std::string_view, 4> names{"keep_local", "keep_server", "merge", "custom"};
};

/// One change to one item; the unit of sync. Its identity is (replica, n); `hash` guards it: the same
/// n with another hash means that two stores share one replica id.
///
/// `base` is the cursor when the user acted. Two operations are concurrent when one changed something,
/// from another replica, at a sequence above the other's base.
struct Operation {
  std::uint64_t n = 0; // 1, 2, 3... per replica id
  base::Hash128 hash;  // of the canonical text without n and hash (wire/operation_codec)
  OperationKind kind = OperationKind::update;
  ItemId target; // the node; for comment, relate, unrelate, resolve: the comment, relationship, conflict
  DocumentId document; // where its author saw it; informative
  Sequence base;
  FieldChanges fields;
  std::optional<Place> place; // create and move
  // relate: all three; comment: `node` and `text`; resolve: `resolution` and, for custom, `text`: the
  // value as JSON text of the register
  std::string relationship_type;
  NodeId from, to;
  NodeId node;
  std::string text;
  std::optional<Resolution> resolution;
  // claims of the author's replica, covered by the hash
  Hlc clock;
  std::string client, session, project;
  Strategy strategy = Strategy::merge;
  TxId tx;              // empty: alone
  bool if_base = false; // reject with `stale` if another replica changed the target above base
  int schema = k_operation_schema;
  /// Members of a newer version, those of `fields` included, as canonical text of a JSON object; empty:
  /// none. Kept and passed on.
  std::string extra;
  std::string newer_kind; // a kind that this version does not know, `kind` is update then; else empty

  NodeId target_node() const { return id_cast<NodeId>(target); }
  RelationshipId target_relationship() const { return id_cast<RelationshipId>(target); }
  CommentId target_comment() const { return id_cast<CommentId>(target); }
  ConflictId target_conflict() const { return id_cast<ConflictId>(target); }
  bool operator==(const Operation&) const = default;
};

/// What became of an operation. Conflict and superseded are outcomes, not failures.
enum class Status { applied, merged, superseded, conflict, rejected };
template <>
struct EnumNames<Status> {
  static constexpr std::array<std::string_view, 5> names{"applied", "merged", "superseded", "conflict",
                                                         "rejected"};
};

/// A value that did not become, or did not stay, the value of its register; kept so that nothing is
/// lost silently. `value` is JSON text of the register. Its author is told, except when the value is
/// the operation's own and the same entry changes that register of that node: then it was merged.
struct LostValue {
  NodeId node;
  Field field = Field::title;
  std::string value;
  Stamp stamp; // of the value that lost
  bool operator==(const LostValue&) const = default;
};

enum class ConflictKind { field, update_delete, cycle };
template <>
struct EnumNames<ConflictKind> {
  static constexpr std::array<std::string_view, 3> names{"field", "update_delete", "cycle"};
};

/// Two changes of one register with one base that stay side by side until somebody decides. Values
/// are JSON text of the register, `base` and `proposed` empty when there is none. Until then the register
/// keeps `server`. Everyone in the workspace sees it.
///
/// update_delete: `field` is deleted; a delete met an edit its author had not seen; `local` is true.
/// cycle: `field` is place; the move would have put a node below itself.
struct Conflict {
  ConflictId id; // derived from the operation and the field: the same on hub and replicas
  ConflictKind kind = ConflictKind::field;
  NodeId node;
  Field field = Field::title;
  std::string base, local, server, proposed;
  Stamp local_stamp, server_stamp;
  Sequence opened;
  // set once resolved
  bool resolved = false;
  std::optional<Resolution> resolution;
  Stamp resolved_at;
  bool operator==(const Conflict&) const = default;
};

/// A row of the hub's log: what an operation did, as absolute values, so that a reader never merges
/// and replay is idempotent. The operation's own fields are not repeated.
struct Entry {
  Sequence sequence;
  ReplicaId replica;
  std::uint64_t n = 0;
  base::Hash128 hash;
  OperationKind kind = OperationKind::update;
  ItemId target;
  Provenance by;
  base::Timestamp at; // when the hub received it
  Hlc clock;
  TxId tx;
  Status status = Status::applied;
  std::optional<base::ErrorCode> code; // of a rejected operation
  std::vector<NodeEffect> nodes;
  std::vector<Relationship> relationships;
  std::vector<Comment> comments;
  std::vector<LostValue> lost;
  std::vector<Conflict> conflicts; // opened, or closed (resolved = true)
  std::string newer_kind;          // as in Operation
  bool operator==(const Entry&) const = default;
};

/// What the hub answers for one pushed operation; the same again when it is pushed again.
struct PushResult {
  std::uint64_t n = 0;
  Status status = Status::applied;
  Sequence sequence;
  std::optional<base::ErrorCode> code;
  std::optional<ConflictId> conflict;
  bool operator==(const PushResult&) const = default;
};

} // namespace memsync::model
