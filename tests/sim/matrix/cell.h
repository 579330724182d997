#pragma once

#include <array>
#include <string>
#include <vector>

#include "model/operation.h"

/// The matrix of two people who act without having seen each other: every action of one against every action
/// of the other, under every strategy, in both orders of arrival at the hub.
namespace memsync::matrix {

enum class Action {
  edit,
  edit_same_field,
  edit_text_apart,
  edit_text_overlapping,
  tags,
  complete,
  move,
  move_into_each_other,
  remove,
  restore,
  create_same_title
};
inline constexpr std::array k_actions{Action::edit,
                                      Action::edit_same_field,
                                      Action::edit_text_apart,
                                      Action::edit_text_overlapping,
                                      Action::tags,
                                      Action::complete,
                                      Action::move,
                                      Action::move_into_each_other,
                                      Action::remove,
                                      Action::restore,
                                      Action::create_same_title};
inline constexpr std::array k_strategies{model::Strategy::merge, model::Strategy::client_wins,
                                         model::Strategy::server_wins, model::Strategy::manual};

/// Ana acts a minute before Ben, by their clocks; which of both arrives first is the other question.
enum class Who { ana, ben };
inline constexpr std::array k_people{Who::ana, Who::ben};
constexpr Who other(Who who) { return who == Who::ana ? Who::ben : Who::ana; }

struct Cell {
  Action ana = Action::edit, ben = Action::edit;
  model::Strategy strategy = model::Strategy::merge; // of both changes
  Who first = Who::ana;                              // at the hub

  Action action(Who who) const { return who == Who::ana ? ana : ben; }
  bool has(Action action) const { return ana == action || ben == action; }
};

/// What became of one person's change, once everybody has everything.
enum class Fate {
  stands,    // it is what everybody sees
  replaced,  // it does not stand; its value is kept in the history
  waits,     // in a conflict that is open for everybody
  nothing,   // it had nothing left to do: what it wanted was so already
  swallowed, // none of these: never
};

struct Ending {
  Fate ana = Fate::swallowed, ben = Fate::swallowed;
  std::vector<model::Conflict> conflicts; // open ones
  bool is_lifted = false;                 // a note hangs elsewhere than its author put it, to stay visible
  std::vector<std::string> violations;    // of what must hold in every cell

  Fate fate(Who who) const { return who == Who::ana ? ana : ben; }
};

struct Played {
  Cell cell;
  Ending ending;
};

/// Plays every cell with a real hub and three real stores.
std::vector<Played> play_all();

/// How the cell must end by the rules of merging, written down without looking at the merge.
struct Expected {
  Fate ana = Fate::stands, ben = Fate::stands;
  std::vector<model::ConflictKind> conflicts;
  bool is_lifted = false;
};
Expected expect(const Cell& cell);

/// The tables of docs/conflicts.md.
std::string write_matrix(const std::vector<Played>& played);

std::string_view name_of(Action action);
std::string describe(const Cell& cell);
std::string_view name_of(Fate fate);

} // namespace memsync::matrix
