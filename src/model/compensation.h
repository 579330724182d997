#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/operation.h"

/// How changes are taken back: by new operations that set registers to what they were and remove what was
/// added. Hub and replica plan it here and take the steps each in its own way.
namespace memsync::model {

/// A change as the history tells it.
struct WrittenChange {
  Sequence sequence;
  OperationKind kind = OperationKind::update;
  Status status = Status::applied;
  ItemId target; // of the operation, where it is known
  NodeId node;   // with its title then
  std::string title;
  std::optional<Field> field; // none: an event without a field, such as a comment
  bool is_lost = false;       // the new value did not become, or did not stay, the value
  std::optional<std::string> old_value, new_value;
};

/// One step back: a register to an earlier value, or an item that was added and goes again.
struct StepBack {
  enum class Kind { set_register, remove_node, unrelate };
  Kind kind = Kind::set_register;
  NodeId node;
  std::string title;
  /// Texts of the register: what to take back, and what stood there before.
  struct Swap {
    std::string written; // empty: not known
    std::string earlier;
  };
  Field field = Field::title; // of set_register
  std::vector<Swap> swaps;    // of set_register, newest first; between two of them lies what others wrote
  bool is_forced = false;     // also where somebody changed the same later
  Sequence sequence;          // of unrelate: of the change that made the relationship
  ItemId target;              // of unrelate: the relationship, where it is known
};

/// What undoes `changes` (newest first), to be taken in order: nodes become visible, then go to their places,
/// then get their values, and at last what was added goes; the newest first of each. What cannot be taken
/// back is in `impossible`, with the reason.
struct CompensationPlan {
  std::vector<StepBack> steps;
  std::vector<std::pair<WrittenChange, std::string>> impossible;
};
CompensationPlan plan_compensation(const std::vector<WrittenChange>& changes, bool is_forced);

/// True when `step` must see what the steps before did: it removes, they bring back and move.
bool is_removal(const StepBack& step);

/// True when the register's text `current` is what stood there before all that the step takes back.
bool is_restored(const StepBack& step, const std::string& current);

/// The text that the register gets when `current` stands there now: the earlier value, or the newest that
/// somebody else wrote in between; of a content, the earlier text with what others changed in between or
/// since, if it merges; nothing where it is to be left alone.
std::optional<std::string> value_to_restore(const StepBack& step, const std::string& current);

/// Whether `user` made the node and wrote all that it has; how often others used it does not count. What
/// somebody else wrote must not go with a node that is taken back.
bool is_all_by(const Node& node, const UserId& user);

// Why a step was not taken.
inline constexpr const char* k_node_is_missing = "the node is not here";
inline constexpr const char* k_node_is_deleted = "the node was deleted; restore it if it should go back";
inline constexpr const char* k_parent_is_missing = "what it was below is not there any more";
inline constexpr const char* k_assignee_has_left = "who it was assigned to is no member any more";
inline constexpr const char* k_value_is_unknown = "the old value is not known";
inline constexpr const char* k_changed_again = "changed again since; edit it if it should go back, too";
inline constexpr const char* k_changed_by_others =
    "somebody else changed it, or wrote below it, since; delete it if it should go";

} // namespace memsync::model
