#include "model/apply.h"

#include <algorithm>
#include <fmt/format.h>

#include "model/limits.h"
#include "model/merge_register.h"
#include "model/rekey.h"
#include "model/tree.h"

namespace memsync::model {

using base::Error;
using base::ErrorCode;

namespace {

/// Up to this many nodes a deleted subtree is walked; a bigger one is compared with what was edited
/// lately. Somebody who was offline for long deletes thousands of leaves on one old base: looking each
/// time at everything edited since then would be quadratic.
constexpr std::size_t k_small_subtree = 256;

/// Siblings that are read to give some of them shorter keys: some 200 ms.
constexpr std::size_t k_most_siblings = 20'000;

/// One operation on its way into the state. Whatever rejects comes before the first write.
class Application {
 public:
  Application(State& state, const Operation& operation, const Commit& commit)
      : state_(state), op_(operation), commit_(commit), registers_(state, operation, commit, outcome_) {}

  Outcome run() {
    apply_kind();
    if (outcome_.rejection) {
      Outcome rejected;
      rejected.status = Status::rejected;
      rejected.rejection = std::move(outcome_.rejection);
      return rejected;
    }
    for (const Conflict& conflict : outcome_.conflicts) state_.put_conflict(conflict);
    outcome_.status = registers_.tally.status();
    return std::move(outcome_);
  }

 private:
  void apply_kind() {
    switch (op_.kind) {
      case OperationKind::create: return create();
      case OperationKind::update:
      case OperationKind::complete:
      case OperationKind::reopen:
      case OperationKind::assign: return edit();
      case OperationKind::remove: return remove();
      case OperationKind::restore: return restore();
      case OperationKind::move: return move();
      case OperationKind::comment: return comment();
      case OperationKind::relate: return relate();
      case OperationKind::unrelate: return unrelate();
      case OperationKind::resolve: return resolve();
    }
  }

  // --- kinds ---

  void create() {
    Node node;
    node.id = op_.target_node();
    node.created = {commit_.author, op_.client, op_.session, op_.project};
    node.created_at = registers_.stamp();
    if (auto existing = state_.find_node(node.id)) return create_again(*existing, node);
    Place place = *op_.place;
    if (!place.parent.is_empty() && !state_.find_link(place.parent)) {
      place.parent = fallback_parent();
      registers_.tally.merged = true;
    }
    registers_.tally.merged |= raise_to_visible(place);
    if (depth_of(state_, place.parent) >= limits::k_tree_depth) return reject_depth();
    registers_.write(node.place, Field::place, std::move(place));
    registers_.set_fields(node);
    registers_.tally.applied = true;
    node.edits.record(commit_.sequence, commit_.replica);
    put_placed(node, registers_.take_changed(), IsNew::yes);
  }

  /// Somebody made the same node before (offline twins of a project's document): what stands, stands. It
  /// counts as an edit all the same, since its author relies on the node.
  void create_again(Node& existing, Node& wanted) {
    if (!existing.unknown.empty()) return note_superseded();
    revive(existing);
    const FieldSet restored = registers_.take_changed();
    const Tally tally = registers_.tally;
    registers_.set_fields(wanted);
    registers_.take_changed();
    registers_.tally = tally;
    registers_.tally.superseded = true;
    for_each_register(wanted, [&](Field field, const auto& reg) {
      std::string value = value_text(reg.value);
      if (op_.fields.fields().has(field) && value != register_text(existing, field))
        registers_.note_lost(existing.id, field, std::move(value), reg.stamp);
    });
    existing.edits.record(commit_.sequence, commit_.replica);
    put(existing, restored);
  }

  void edit() {
    auto node = find_editable(op_.target_node());
    if (!node) return;
    registers_.set_fields(*node);
    if (op_.kind == OperationKind::complete) registers_.set(*node, Field::completed, node->completed, true);
    if (op_.kind == OperationKind::reopen) registers_.set(*node, Field::completed, node->completed, false);
    put_edited(*node);
  }

  void remove() {
    auto node = find_existing(op_.target_node());
    if (!node) return;
    if (node->deleted.value) return note_superseded();
    remove_unless_edited(*node);
  }

  void restore() {
    auto node = find_existing(op_.target_node());
    if (!node) return;
    if (!find_hider(state_, node->id)) return note_superseded();
    if (node->deleted.value) registers_.write(node->deleted, Field::deleted, false);
    lift_if_hidden(*node);
    registers_.tally.applied = true;
    put_edited(*node);
  }

  void move() {
    auto node = find_existing(op_.target_node());
    if (!node) return;
    if (!node->deleted.value) return place_node(*node, *op_.place);
    registers_.note_lost(node->id, Field::place, value_text(*op_.place), registers_.stamp());
    note_superseded();
  }

  void comment() {
    if (state_.find_comment(op_.target_comment())) return note_superseded();
    auto node = find_editable(op_.node);
    if (!node) return;
    const Comment comment{op_.target_comment(),
                          op_.node,
                          op_.text,
                          {commit_.author, op_.client, op_.session, op_.project},
                          registers_.stamp()};
    state_.put_comment(comment);
    outcome_.comments.push_back(comment);
    registers_.tally.applied = true;
    put_edited(*node);
  }

  void relate() {
    if (state_.find_relationship(op_.target_relationship())) return note_superseded();
    if (!find_existing(op_.from) || !find_existing(op_.to)) return;
    put({op_.target_relationship(), op_.relationship_type, op_.from, op_.to, false, registers_.stamp()});
  }

  void unrelate() {
    auto relationship = state_.find_relationship(op_.target_relationship());
    if (!relationship) return reject(ErrorCode::not_found, "no such relationship");
    if (relationship->deleted) return note_superseded();
    relationship->deleted = true;
    relationship->stamp = registers_.stamp_over(relationship->stamp);
    put(*relationship);
  }

  void resolve() {
    auto conflict = state_.find_conflict(op_.target_conflict());
    if (!conflict) return reject(ErrorCode::not_found, "no such conflict: list the open ones first");
    if (conflict->resolved) return note_superseded();
    const bool sets_value = *op_.resolution != Resolution::keep_server && conflict->field != Field::deleted &&
                            conflict->field != Field::place;
    auto node = sets_value ? find_editable(conflict->node) : find_existing(conflict->node);
    if (!node) return;
    if (*op_.resolution != Resolution::keep_server) settle(*conflict, *node);
    if (outcome_.rejection) return;
    conflict->resolved = true;
    conflict->resolution = op_.resolution;
    conflict->resolved_at = registers_.stamp();
    outcome_.conflicts.push_back(*conflict);
    registers_.tally.applied = true;
  }

  // --- settling a conflict ---

  /// Sets the chosen value as an edit of somebody who saw the conflict: what others changed after it opened
  /// is not overwritten unseen.
  void settle(const Conflict& conflict, Node& node) {
    const std::string& text = *op_.resolution == Resolution::keep_local ? conflict.local
                              : *op_.resolution == Resolution::merge    ? conflict.proposed
                                                                        : op_.text;
    if (text.empty())
      return reject(ErrorCode::validation,
                    "nothing was proposed for this conflict: choose another resolution");
    Node chosen = node;
    if (!set_register_text(chosen, conflict.field, text))
      return reject(ErrorCode::validation,
                    fmt::format("the value does not fit the field {}", name_of(conflict.field)));
    if (auto valid = validate_register(chosen, conflict.field); !valid) {
      outcome_.rejection = std::move(valid).error();
      return;
    }
    if (conflict.field == Field::deleted) {
      if (chosen.deleted.value && !node.deleted.value) remove_unless_edited(node);
      return;
    }
    if (conflict.field == Field::place) {
      if (!node.deleted.value) place_node(node, chosen.place.value);
      return;
    }
    if (conflict.field == Field::content) {
      Node shown;
      set_register_text(shown, Field::content, conflict.server);
      registers_.set_content(node, {chosen.content.value, base::Hash128::of(shown.content.value)},
                             shown.content.value);
    } else {
      set_chosen(conflict, node, chosen);
    }
    put_edited(node);
  }

  void set_chosen(const Conflict& conflict, Node& node, const Node& chosen) {
    const Field field = conflict.field;
    for_each_register(node, [&](Field each, auto& reg) {
      for_each_register(chosen, [&](Field other, const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(reg)>, std::decay_t<decltype(value)>>)
          if (each == field && other == field)
            registers_.choose(node, field, reg, value.value, conflict.server);
      });
    });
  }

  // --- finding what an operation acts on ---

  /// The node, or rejects: unknown, changed since the operation's base although it forbade that, or holding
  /// what only a newer version understands.
  std::optional<Node> find_existing(const NodeId& id) {
    auto node = state_.find_node(id);
    if (!node) {
      reject(ErrorCode::not_found, fmt::format("no node {}", id.view()));
    } else if (op_.if_base && registers_.was_changed_unseen(*node)) {
      reject(ErrorCode::stale, fmt::format("node {} changed since it was read: read it again", id.view()));
      node.reset();
    } else if (!node->unknown.empty()) {
      // What a newer version keeps there may depend on what this one would change.
      reject(ErrorCode::validation,
             fmt::format("node {} was changed by a newer memsync and can only be read here: update this one",
                         id.view()));
      node.reset();
    }
    return node;
  }

  /// As find_existing, for an edit: one that had seen the node's delete is rejected.
  std::optional<Node> find_editable(const NodeId& id) {
    auto node = find_existing(id);
    if (node && !revive(*node)) {
      reject(ErrorCode::not_found, fmt::format("node {} was deleted: restore it first", id.view()));
      node.reset();
    }
    return node;
  }

  /// An edit that had not seen a delete undoes it: of the node itself or, by lifting the node out, of a
  /// node above. False when the delete of the node itself was seen.
  bool revive(Node& node) {
    if (node.deleted.value) {
      if (!registers_.is_unseen(node.deleted.stamp)) return false;
      registers_.note_lost(node.id, Field::deleted, value_text(true), node.deleted.stamp);
      registers_.write(node.deleted, Field::deleted, false);
      registers_.tally.merged = true;
    }
    if (const auto hider = find_hider(state_, node.place.value.parent)) {
      const auto link = state_.find_link(*hider);
      if (link && registers_.is_unseen(link->deleted_stamp)) lift_if_hidden(node);
    }
    return true;
  }

  /// Where a new node goes whose parent never reached this log: under the document it was written in.
  NodeId fallback_parent() {
    if (op_.document.is_empty() || op_.document == op_.target_node() || !state_.find_link(op_.document))
      return {};
    return op_.document;
  }

  // --- the tree ---

  void place_node(Node& node, Place place) {
    if (!place.parent.is_empty() && !state_.find_link(place.parent))
      return reject(ErrorCode::not_found, fmt::format("no node {} to move below", place.parent.view()));
    if (is_below(state_, place.parent, node.id))
      return registers_.open_conflict(node, ConflictKind::cycle, Field::place, value_text(place),
                                      register_text(node, Field::place));
    const bool was_raised = raise_to_visible(place);
    if (!fits(place.parent, node.id)) return reject_depth();
    registers_.set(node, Field::place, node.place, std::move(place));
    const FieldSet changed = registers_.take_changed();
    if (changed.empty()) return;
    registers_.tally.merged |= was_raised;
    put_placed(node, changed);
  }

  /// Whether a node and what is below it may hang below `parent`. What does not go deeper than it is
  /// need not be walked.
  bool fits(const NodeId& parent, const NodeId& node) {
    const std::size_t depth = depth_of(state_, parent);
    if (depth >= limits::k_tree_depth) return false;
    return depth < depth_of(state_, node) || has_at_most_levels(state_, node, limits::k_tree_depth - depth);
  }

  bool raise_to_visible(Place& place) {
    if (!find_hider(state_, place.parent)) return false;
    place.parent = nearest_visible(state_, place.parent);
    return true;
  }

  void lift_if_hidden(Node& node) {
    if (find_hider(state_, node.place.value.parent))
      lift_to(node, nearest_visible(state_, node.place.value.parent));
  }

  void lift_to(Node& node, const NodeId& parent) {
    registers_.write(node.place, Field::place, Place{parent, node.place.value.key});
    registers_.tally.merged = true;
  }

  void remove_unless_edited(Node& node) {
    if (registers_.was_edited_unseen(node))
      return registers_.open_conflict(node, ConflictKind::update_delete, Field::deleted, "true", "false",
                                      "false");
    registers_.write(node.deleted, Field::deleted, true);
    registers_.tally.applied = true;
    put(node, registers_.take_changed());
    lift_unseen_below(node);
  }

  /// Nodes below that others edited, or moved there, unseen by the deleter must not be hidden by this
  /// delete: each is lifted to where the deleted node hangs, from the top down, so that one that is lifted
  /// carries its own subtree along. What another delete hides, or hid before, stays hidden by that one.
  void lift_unseen_below(const Node& root) {
    for (const NodeId& id : list_candidates(root.id)) {
      if (find_hider(state_, id) != root.id) continue;
      auto node = state_.find_node(id);
      if (!node) continue;
      if (!registers_.was_edited_unseen(*node) && !registers_.is_unseen(node->place.stamp)) continue;
      lift_to(*node, root.place.value.parent);
      put(*node, registers_.take_changed());
    }
  }

  std::vector<NodeId> list_candidates(const NodeId& root) {
    if (auto below = list_below(state_, root, k_small_subtree)) return *std::move(below);
    std::vector<std::pair<std::size_t, NodeId>> edited;
    for (const NodeId& id : state_.nodes_edited_after(op_.base))
      if (id != root && is_below(state_, id, root)) edited.emplace_back(depth_of(state_, id), id);
    std::sort(edited.begin(), edited.end());
    std::vector<NodeId> nodes;
    nodes.reserve(edited.size());
    for (const auto& [depth, id] : edited) nodes.push_back(id);
    return nodes;
  }

  // --- results ---

  enum class IsNew { no, yes };

  /// As put, for a node whose place was set: a key that has grown too long has the siblings around it keyed
  /// anew, in the same entry. Only where the order is final: replicas take the keys that the hub gave.
  void put_placed(Node& node, FieldSet changed, IsNew is_new = IsNew::no) {
    std::vector<Node> others;
    const Place& place = node.place.value;
    if (place.key.size() > k_longest_sibling_key && !place.parent.is_empty() &&
        !commit_.sequence.is_provisional())
      others = shorten_keys_around(node);
    put(node, changed, is_new);
    for (const Node& other : others) put(other, {Field::place});
  }

  /// Gives `node` its new key and returns the siblings that have one, too. Who placed a sibling, and when,
  /// stays as it is: nobody moved it.
  std::vector<Node> shorten_keys_around(Node& node) {
    const auto children = state_.find_children(node.place.value.parent);
    if (!children || children->size() > k_most_siblings) return {};
    std::map<NodeId, Node> nodes;
    std::vector<Sibling> siblings{{node.place.value.key, node.id}};
    for (const NodeId& id : *children) {
      auto child = id == node.id ? std::nullopt : state_.find_node(id);
      if (!child) continue;
      siblings.push_back({child->place.value.key, id});
      nodes.emplace(id, *std::move(child));
    }
    std::sort(siblings.begin(), siblings.end());
    const auto at = std::find_if(siblings.begin(), siblings.end(),
                                 [&](const Sibling& sibling) { return sibling.id == node.id; });
    base::SeededRandom random(commit_.sequence.value);
    std::vector<Node> others;
    for (Sibling& sibling : shorten_keys(siblings, static_cast<std::size_t>(at - siblings.begin()), random)) {
      const bool is_self = sibling.id == node.id;
      Node& changed = is_self ? node : nodes.at(sibling.id);
      changed.place.value.key = std::move(sibling.key);
      changed.place.stamp.sequence = commit_.sequence;
      if (!is_self) others.push_back(changed);
    }
    return others;
  }

  /// Also an edit that changed nothing (superseded, or a conflict now) is one that no delete may hide.
  void put_edited(Node& node) {
    if (outcome_.rejection) return;
    node.edits.record(commit_.sequence, commit_.replica);
    put(node, registers_.take_changed());
  }

  void put(const Node& node, FieldSet changed, IsNew is_new = IsNew::no) {
    state_.put_node(node, changed);
    outcome_.nodes.push_back({node, changed, is_new == IsNew::yes});
  }

  void put(const Relationship& relationship) {
    state_.put_relationship(relationship);
    outcome_.relationships.push_back(relationship);
    registers_.tally.applied = true;
  }

  void note_superseded() { registers_.tally.superseded = true; }

  void reject(ErrorCode code, std::string message) { outcome_.rejection = Error{code, std::move(message)}; }
  void reject_depth() {
    reject(ErrorCode::too_large,
           fmt::format("the tree would be deeper than {} levels", limits::k_tree_depth));
  }

  State& state_;
  const Operation& op_;
  const Commit& commit_;
  Outcome outcome_;
  RegisterMerge registers_;
};

} // namespace

Outcome apply(State& state, const Operation& operation, const Commit& commit) {
  return Application(state, operation, commit).run();
}

} // namespace memsync::model
