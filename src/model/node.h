#pragma once

#include <bitset>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "model/hlc.h"
#include "model/ids.h"
#include "model/names.h"
#include "model/strategy.h"

namespace memsync::model {

enum class NodeKind { memory, task, note };
template <>
struct EnumNames<NodeKind> {
  static constexpr std::array<std::string_view, 3> names{"memory", "task", "note"};
};

/// The registers of a node. Each changes on its own and carries the stamp of its last change.
enum class Field {
  kind,
  type,
  title,
  content,
  tags,
  importance,
  context,
  completed,
  assignee,
  place,
  use_count,
  strategy,
  deleted
};
template <>
struct EnumNames<Field> {
  static constexpr std::array<std::string_view, 13> names{
      "kind",      "type",     "title", "content",   "tags",     "importance", "context",
      "completed", "assignee", "place", "use_count", "strategy", "deleted"};
};
inline constexpr std::size_t k_field_count = EnumNames<Field>::names.size();

/// A set of registers.
class FieldSet {
 public:
  FieldSet() = default;
  FieldSet(std::initializer_list<Field> fields) {
    for (const Field field : fields) add(field);
  }
  static FieldSet all() {
    FieldSet set;
    set.bits_.set();
    return set;
  }
  FieldSet& add(Field field) { return bits_.set(static_cast<std::size_t>(field)), *this; }
  FieldSet& add(FieldSet other) { return bits_ |= other.bits_, *this; }
  bool has(Field field) const { return bits_.test(static_cast<std::size_t>(field)); }
  bool empty() const { return bits_.none(); }
  bool operator==(const FieldSet&) const = default;

 private:
  std::bitset<k_field_count> bits_;
};

/// Who set a register, when and in which position of the log.
struct Stamp {
  Sequence sequence;
  Hlc clock;
  ReplicaId replica;
  UserId author;
  bool operator==(const Stamp&) const = default;
};

template <class T>
struct Register {
  T value{};
  Stamp stamp;
  bool operator==(const Register&) const = default;
};

/// Where a node hangs: under which parent (none: it is the root of a document) and in which order
/// among its siblings, by (key, id). One register, so that a move is one change.
struct Place {
  NodeId parent;
  std::string key;
  bool operator==(const Place&) const = default;
};

/// Who wrote something, as that person's replica reported it; only `author` is vouched for by the hub.
struct Provenance {
  UserId author;
  std::string client;  // e.g. "claude-code/2.1.329"
  std::string session; // the agent session
  std::string project; // e.g. a git remote
  bool operator==(const Provenance&) const = default;
};

/// What a delete needs to know about edits it may not have seen: the position of the last edit, who
/// made it, and the position of the last edit by anybody else.
struct EditMark {
  Sequence last;
  ReplicaId replica;
  Sequence last_by_other;

  /// The position of the last edit that did not come from `self`.
  Sequence last_except(const ReplicaId& self) const { return replica == self ? last_by_other : last; }
  void record(Sequence sequence, const ReplicaId& by) {
    if (replica != by) last_by_other = last;
    last = sequence;
    replica = by;
  }
  bool operator==(const EditMark&) const = default;
};

/// One item of shared memory: a memory, a task or a note. `content` is text up to 128 KiB; `context`
/// a JSON object as canonical text, empty when there is none; an empty `assignee` means nobody.
/// Who completed a task and when is the stamp of `completed`.
struct Node {
  NodeId id;
  Provenance created;
  Stamp created_at;
  Register<NodeKind> kind;
  Register<std::string> type;
  Register<std::string> title;
  Register<std::string> content;
  Register<std::vector<std::string>> tags; // sorted, unique
  Register<double> importance{0.5, {}};
  Register<std::string> context;
  Register<bool> completed;
  Register<UserId> assignee;
  Register<Place> place;
  Register<std::int64_t> use_count;
  Register<std::optional<Strategy>> strategy; // of a document: the default for changes below it
  Register<bool> deleted;
  EditMark edits;
  /// Registers of a newer version, name to JSON text: kept and passed on; the node is read-only then.
  std::map<std::string, std::string> unknown;

  bool is_document_root() const { return place.value.parent.is_empty(); }
  bool operator==(const Node&) const = default;
};

/// Calls `visit(Field, register)` for every register of a Node (const or not), in the order of Field.
template <class N, class Visit>
void for_each_register(N& node, Visit&& visit) {
  visit(Field::kind, node.kind);
  visit(Field::type, node.type);
  visit(Field::title, node.title);
  visit(Field::content, node.content);
  visit(Field::tags, node.tags);
  visit(Field::importance, node.importance);
  visit(Field::context, node.context);
  visit(Field::completed, node.completed);
  visit(Field::assignee, node.assignee);
  visit(Field::place, node.place);
  visit(Field::use_count, node.use_count);
  visit(Field::strategy, node.strategy);
  visit(Field::deleted, node.deleted);
}

/// Absolute register values: only the registers in `fields` of `node` are meaningful, plus `edits`.
/// `is_new` says that `created` and `created_at` are, too. With every field set it is a whole node.
struct NodeEffect {
  Node node;
  FieldSet fields;
  bool is_new = false;
  bool operator==(const NodeEffect&) const = default;
};

/// The position of the last edit or change of place.
Sequence edited_at(const Node& node);
/// The newest stamp of the node's registers: who changed it last, and when.
const Stamp& newest_stamp(const Node& node);

/// A whole node as an effect.
NodeEffect whole(const Node& node);

/// Sets the registers of `effect` that are newer (by sequence) than those of `node`: idempotent, and
/// independent of how a log is split into batches.
void install(Node& node, const NodeEffect& effect);

/// Typed edge between two nodes; hidden while an end is hidden. A set element: added under a unique
/// id, removed by that id.
struct Relationship {
  RelationshipId id;
  std::string type;
  NodeId from, to;
  bool deleted = false;
  Stamp stamp;
  bool operator==(const Relationship&) const = default;
};

/// Appended to a node; never changed.
struct Comment {
  CommentId id;
  NodeId node;
  std::string text;
  Provenance created;
  Stamp stamp;
  bool operator==(const Comment&) const = default;
};

} // namespace memsync::model
