#include "tests/sim/matrix/cell.h"

namespace memsync::matrix {

namespace {

using model::ConflictKind;
using model::Strategy;

bool is_text(Action action) {
  return action == Action::edit_text_apart || action == Action::edit_text_overlapping;
}

/// Moves the note itself. Into each other, Ben moves the one beside it.
bool moves_note(const Cell& cell, Who who) {
  return cell.action(who) == Action::move ||
         (cell.action(who) == Action::move_into_each_other && who == Who::ana);
}

/// Puts something below the note.
bool adds_below(const Cell& cell, Who who) {
  return cell.action(who) == Action::create_same_title ||
         (cell.action(who) == Action::move_into_each_other && who == Who::ben);
}

void set(Expected& expected, Who who, Fate fate) { (who == Who::ana ? expected.ana : expected.ben) = fate; }

/// Two values of one field, where nothing tells which is right.
Expected settle_field(const Cell& cell) {
  Expected expected;
  const Who second = other(cell.first);
  switch (cell.strategy) {
    case Strategy::merge: set(expected, Who::ana, Fate::replaced); break; // Ben's clock is later
    case Strategy::client_wins: set(expected, cell.first, Fate::replaced); break;
    case Strategy::server_wins: set(expected, second, Fate::replaced); break;
    case Strategy::manual:
      set(expected, second, Fate::waits);
      expected.conflicts = {ConflictKind::field};
      break;
  }
  return expected;
}

Expected settle_text(const Cell& cell) {
  if (cell.strategy != Strategy::merge) return settle_field(cell);
  if (cell.ana != cell.ben || cell.ana == Action::edit_text_apart) return {};
  Cell undecided = cell;
  undecided.strategy = Strategy::manual;
  return settle_field(undecided);
}

Expected settle_remove(const Cell& cell, Who remover) {
  Expected expected;
  const Who who = other(remover);
  if (cell.action(who) == Action::remove) return expected;
  if (adds_below(cell, who)) {
    expected.is_lifted = true;
    return expected;
  }
  if (moves_note(cell, who)) {
    set(expected, who, Fate::replaced);
    return expected;
  }
  // An edit, or a restore, that the delete had not seen.
  if (cell.first != remover) {
    set(expected, remover, Fate::waits);
    expected.conflicts = {ConflictKind::update_delete};
  } else {
    set(expected, remover, cell.action(who) == Action::restore ? Fate::nothing : Fate::replaced);
  }
  return expected;
}

/// The other one has not seen that Cyd deleted the note.
Expected settle_restore(const Cell& cell, Who restorer) {
  Expected expected;
  const Who who = other(restorer);
  if (cell.first == restorer) return expected;
  if (adds_below(cell, who)) expected.is_lifted = true;
  if (moves_note(cell, who)) set(expected, who, Fate::replaced);
  return expected;
}

} // namespace

Expected expect(const Cell& cell) {
  for (const Who who : k_people)
    if (cell.action(who) == Action::remove) return settle_remove(cell, who);
  for (const Who who : k_people)
    if (cell.action(who) == Action::restore) return settle_restore(cell, who);
  if (cell.ana == Action::move_into_each_other && cell.ben == Action::move_into_each_other) {
    Expected expected;
    set(expected, other(cell.first), Fate::waits);
    expected.conflicts = {ConflictKind::cycle};
    return expected;
  }
  if (moves_note(cell, Who::ana) && moves_note(cell, Who::ben)) return settle_field(cell);
  if (is_text(cell.ana) && is_text(cell.ben)) return settle_text(cell);
  if (cell.ana == Action::edit_same_field && cell.ben == Action::edit_same_field) return settle_field(cell);
  return {};
}

} // namespace memsync::matrix
