#pragma once

#include "model/apply.h"
#include "model/register_text.h"

namespace memsync::model {

/// What became of the parts of an operation; together they are its status.
struct Tally {
  bool applied = false;    // something was set that its author had seen, or that nobody else changed
  bool merged = false;     // something was set beside or over a change its author had not seen
  bool superseded = false; // something was not set
  bool conflict = false;   // something waits for a decision

  Status status() const {
    if (conflict) return Status::conflict;
    if (superseded && !applied && !merged) return Status::superseded;
    return merged || superseded ? Status::merged : Status::applied;
  }
};

/// The rules for one register that two people change: sets registers of nodes on behalf of one operation,
/// notes in the outcome which values lost and which conflicts opened, and which registers changed. It
/// writes nothing into the state.
///
/// A value counts as seen when its stamp is not above the operation's base or is the same replica's own.
/// For `content` that is not enough: a replica's earlier text may have been merged with somebody else's,
/// and the next one, written before that was known, must not erase it. There the hash of the text its
/// author saw decides.
class RegisterMerge {
 public:
  RegisterMerge(State& state, const Operation& operation, const Commit& commit, Outcome& outcome)
      : state_(state), op_(operation), commit_(commit), outcome_(outcome) {}

  bool is_unseen(const Stamp& stamp) const {
    return stamp.sequence > op_.base && stamp.replica != commit_.replica;
  }
  /// Whether another replica edited the node above the operation's base.
  bool was_edited_unseen(const Node& node) const {
    return node.edits.last_except(commit_.replica) > op_.base;
  }
  /// Whether a register has a value above the base of another replica. A comment, or an edit that came to
  /// nothing, changes none.
  bool was_changed_unseen(const Node& node) const;

  /// The stamp of this operation's values.
  Stamp stamp() const { return {commit_.sequence, commit_.clock, commit_.replica, commit_.author}; }
  /// The same, later than what its author had seen: a write that has seen a value beats it, whatever
  /// the clocks say.
  Stamp stamp_over(const Stamp& seen) const;

  /// Sets the registers that the operation names. May end with a rejection in the outcome.
  void set_fields(Node& node);

  /// Sets one register: as it is when its author had seen the present value, else by strategy.
  template <class T>
  void set(const Node& node, Field field, Register<T>& reg, T value);

  /// The same for `content`: changes of one text merge. `seen` is the text its author saw, where the
  /// caller knows it; else it is looked up by its hash.
  void set_content(Node& node, const TextChange& change, std::optional<std::string> seen = std::nullopt);

  /// Sets a register to what somebody chose who was shown `shown` (text of the register) as its value.
  /// Another value, which was set since, loses.
  template <class T>
  void choose(const Node& node, Field field, Register<T>& reg, T value, std::string_view shown) {
    if (is_unseen(reg.stamp) || value_text(reg.value) == shown || reg.value == value)
      return set(node, field, reg, std::move(value));
    overwrite(node, field, reg, std::move(value));
  }

  /// Sets a register whose present value its author has seen.
  template <class T>
  void write(Register<T>& reg, Field field, T value) {
    reg = {std::move(value), stamp_over(reg.stamp)};
    changed_.add(field);
  }

  void note_lost(const NodeId& node, Field field, std::string value, const Stamp& lost) {
    outcome_.lost.push_back({node, field, std::move(value), lost});
  }

  /// Opens a conflict between the node's present value of the field and `local`. All values are texts
  /// of the register; an absent `base` is looked up. The local value of a field is noted as lost, so that the
  /// history has it whatever becomes of the conflict, and its author's next text finds its base.
  void open_conflict(const Node& node, ConflictKind kind, Field field, std::string local,
                     std::string proposed, std::optional<std::string> base = std::nullopt);

  /// The registers set since the last call.
  FieldSet take_changed() { return std::exchange(changed_, {}); }

  Tally tally;

 private:
  bool wins_against(const Stamp& other) const {
    return commit_.clock != other.clock ? commit_.clock > other.clock : commit_.replica >= other.replica;
  }
  template <class T>
  void overwrite(const Node& node, Field field, Register<T>& reg, T value);
  template <class T>
  void agree(Field field, Register<T>& reg);
  void lose(const Node& node, Field field, std::string value);

  bool has_seen_text(const Register<std::string>& content, const TextChange& change) const;
  void merge_content(Node& node, const TextChange& change, const std::optional<std::string>& base);
  std::optional<std::string> find_base_text(const Node& node, const base::Hash128& hash) const;
  void set_tags(Node& node, const SetChange& change);
  void add_uses(Node& node, std::int64_t increment);

  State& state_;
  const Operation& op_;
  const Commit& commit_;
  Outcome& outcome_;
  FieldSet changed_;
};

template <class T>
void RegisterMerge::set(const Node& node, Field field, Register<T>& reg, T value) {
  if (!is_unseen(reg.stamp)) {
    tally.applied = true;
    return write(reg, field, std::move(value));
  }
  if (reg.value == value) return agree(field, reg);
  switch (op_.strategy) {
    case Strategy::client_wins: return overwrite(node, field, reg, std::move(value));
    case Strategy::server_wins: return lose(node, field, value_text(value));
    case Strategy::manual: {
      std::string local = value_text(value);
      std::string proposed = wins_against(reg.stamp) ? local : value_text(reg.value);
      return open_conflict(node, ConflictKind::field, field, std::move(local), std::move(proposed));
    }
    case Strategy::merge:
      if (wins_against(reg.stamp)) return overwrite(node, field, reg, std::move(value));
      return lose(node, field, value_text(value));
  }
}

/// Sets a register over a value its author had not seen, and keeps that value.
template <class T>
void RegisterMerge::overwrite(const Node& node, Field field, Register<T>& reg, T value) {
  note_lost(node.id, field, value_text(reg.value), reg.stamp);
  reg = {std::move(value), wins_against(reg.stamp) ? stamp() : stamp_over(reg.stamp)};
  changed_.add(field);
  tally.merged = true;
}

/// Two made the same change. The later clock stands for both against a third.
template <class T>
void RegisterMerge::agree(Field field, Register<T>& reg) {
  tally.merged = true;
  if (!wins_against(reg.stamp)) return;
  reg.stamp = stamp();
  changed_.add(field);
}

} // namespace memsync::model
