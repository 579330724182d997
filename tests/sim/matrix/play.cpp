#include <map>

#include "model/register_text.h"
#include "tests/sim/matrix/cell.h"
#include "tests/sim/matrix/crew.h"

namespace memsync::matrix {

namespace {

using model::NodeId;
using replica::Editor;

constexpr std::string_view k_text = "one\ntwo\nthree\n";
constexpr std::string_view k_twin = "Twin";

std::string name(Who who) { return who == Who::ana ? "Ana" : "Ben"; }
std::string line_of(Who who) { return "by " + name(who); }

/// What a cell is played on: in a document of its own, the note that both act on, one beside it, and a folder
/// for each person.
struct Stage {
  Cell cell;
  NodeId document, note, beside, folder[2];
  std::map<Who, NodeId> made; // by create_same_title
  std::map<Who, std::uint64_t> numbers;

  NodeId folder_of(Who who) const { return folder[who == Who::ana ? 0 : 1]; }
  /// Moved into each other: Ana moves the note into the one beside it, Ben that one into the note.
  NodeId moved(Who who) const {
    return cell.action(who) == Action::move_into_each_other && who == Who::ben ? beside : note;
  }
  NodeId destination(Who who) const {
    if (cell.action(who) == Action::move) return folder_of(who);
    return who == Who::ana ? beside : note;
  }
};

base::Result<> set_up(Editor& editor, Stage& stage) {
  const auto add = [&](std::string title, NodeId parent) {
    model::FieldChanges fields;
    fields.title = std::move(title);
    fields.kind = model::NodeKind::task;
    fields.content = model::TextChange{std::string(k_text), {}};
    fields.tags = model::SetChange{{"old"}, {}};
    return editor.create(fields, {parent, std::nullopt});
  };
  TRY_ASSIGN(stage.document, add(describe(stage.cell), {}));
  TRY_ASSIGN(stage.note, add("Note", stage.document));
  TRY_ASSIGN(stage.beside, add("Beside", stage.document));
  TRY_ASSIGN(stage.folder[0], add("Left", stage.document));
  TRY_ASSIGN(stage.folder[1], add("Right", stage.document));
  return {};
}

std::string changed_text(Action action, Who who) {
  if (action == Action::edit_text_overlapping) return fmt::format("one\n{}\nthree\n", line_of(who));
  return who == Who::ana ? fmt::format("{}\ntwo\nthree\n", line_of(who))
                         : fmt::format("one\ntwo\n{}\n", line_of(who));
}

base::Result<> act(Editor& editor, Stage& stage, Who who) {
  const Action action = stage.cell.action(who);
  model::FieldChanges fields;
  switch (action) {
    case Action::edit:
      if (who == Who::ana) fields.importance = 0.9;
      if (who == Who::ben) fields.type = "decision";
      return editor.update(stage.note, fields);
    case Action::edit_same_field:
      fields.title = "Title " + line_of(who);
      return editor.update(stage.note, fields);
    case Action::edit_text_apart:
    case Action::edit_text_overlapping:
      fields.content = model::TextChange{changed_text(action, who), base::Hash128::of(k_text)};
      return editor.update(stage.note, fields);
    case Action::tags: return editor.set_tags(stage.note, {line_of(who)});
    case Action::complete: return editor.complete(stage.note, true);
    case Action::move:
    case Action::move_into_each_other:
      return editor.move(stage.moved(who), {stage.destination(who), std::nullopt});
    case Action::remove: return editor.remove(stage.note);
    case Action::restore: return editor.restore(stage.note);
    case Action::create_same_title: {
      fields.title = k_twin;
      TRY_ASSIGN(stage.made[who], editor.create(fields, {stage.note, std::nullopt}));
      return {};
    }
  }
  return {};
}

/// Cells that one hub and its stores play at once: those of one order of arrival whose people have seen the
/// same.
class Round {
 public:
  explicit Round(std::vector<Cell> cells) {
    for (const Cell& cell : cells) stages_.push_back({cell, {}, {}, {}, {}, {}, {}});
    hub_.clock.advance(std::chrono::hours(1));
  }

  std::vector<Played> play() {
    prepare();
    for (Stage& stage : stages_) act_for(ana_, stage, Who::ana);
    ben_.clock.advance(std::chrono::minutes(1));
    for (Stage& stage : stages_) act_for(ben_, stage, Who::ben);
    const Who first = stages_.front().cell.first;
    machine(first).push();
    machine(other(first)).push();
    for (Machine* each : {&ana_, &ben_, &cyd_}) each->pull();
    for (const model::Entry& entry : hub_.entries(hub_.olga)) log_[{entry.replica, entry.n}] = entry;
    hub_.check_sound();
    for (Machine* each : {&ana_, &ben_, &cyd_})
      for (const std::string& finding : each->findings()) FAIL_CHECK(each->name, ": ", finding);
    std::vector<Played> played;
    for (const Stage& stage : stages_) played.push_back({stage.cell, judge(stage)});
    return played;
  }

 private:
  Machine& machine(Who who) { return who == Who::ana ? ana_ : ben_; }

  /// Ana writes the documents; what is to be restored is deleted by Cyd, as only its restorers see.
  void prepare() {
    constexpr std::size_t k_at_once = 50; // a tool call has at most 500 operations
    for (std::size_t begin = 0; begin < stages_.size(); begin += k_at_once) {
      const std::size_t end = std::min(begin + k_at_once, stages_.size());
      ana_.edit(model::Strategy::merge, [&](Editor& editor) -> base::Result<> {
        for (std::size_t i = begin; i < end; ++i) TRY(set_up(editor, stages_[i]));
        return {};
      });
    }
    ana_.push();
    for (Machine* each : {&ana_, &ben_, &cyd_}) each->pull();
    const Cell& cell = stages_.front().cell;
    if (!cell.has(Action::restore)) return;
    cyd_.edit(model::Strategy::merge, [&](Editor& editor) -> base::Result<> {
      for (const Stage& stage : stages_) TRY(editor.remove(stage.note));
      return {};
    });
    cyd_.push();
    for (const Who who : k_people)
      if (cell.action(who) == Action::restore) machine(who).pull();
  }

  static void act_for(Machine& machine, Stage& stage, Who who) {
    const auto receipt =
        machine.edit(stage.cell.strategy, [&](Editor& editor) { return act(editor, stage, who); });
    REQUIRE_EQ(receipt.operations.size(), 1);
    stage.numbers[who] = receipt.operations.front().n;
  }

  // --- what came of it ---

  model::Node node(Machine& machine, const NodeId& id) {
    return machine.read([&](replica::Reader& reader, const replica::WorkspaceRow& row) {
      return reader.find_node(row, id).value().node;
    });
  }
  bool is_visible(const NodeId& id) {
    return ana_.read([&](replica::Reader& reader, const replica::WorkspaceRow& row) {
      return reader.is_visible(row, id);
    });
  }
  std::vector<model::Conflict> conflicts(Machine& machine, const Stage& stage) {
    return machine.read([&](replica::Reader& reader, const replica::WorkspaceRow& row) {
      return reader.open_conflicts(row, stage.document);
    });
  }
  const model::Entry& entry(const Stage& stage, Who who) {
    return log_.at({machine(who).row().replica, stage.numbers.at(who)});
  }

  bool is_in_effect(const Stage& stage, Who who) {
    const model::Node note = node(ana_, stage.note);
    if (stage.cell.action(who) == Action::remove) return note.deleted.value;
    if (stage.cell.action(who) == Action::create_same_title)
      return is_visible(stage.made.at(who)) && node(ana_, stage.made.at(who)).title.value == k_twin;
    if (!is_visible(stage.moved(who))) return false;
    const auto& tags = note.tags.value;
    switch (stage.cell.action(who)) {
      case Action::edit:
        return who == Who::ana ? note.importance.value == 0.9 : note.type.value == "decision";
      case Action::edit_same_field: return note.title.value == "Title " + line_of(who);
      case Action::edit_text_apart:
      case Action::edit_text_overlapping: return note.content.value.find(line_of(who)) != std::string::npos;
      case Action::tags:
        return std::count(tags.begin(), tags.end(), line_of(who)) == 1 &&
               std::count(tags.begin(), tags.end(), "old") == 0;
      case Action::complete: return note.completed.value;
      case Action::move:
      case Action::move_into_each_other:
        return node(ana_, stage.moved(who)).place.value.parent == stage.destination(who) ||
               is_lifted(stage, who);
      case Action::restore: return true;
      case Action::remove:
      case Action::create_same_title: break;
    }
    return false;
  }

  /// Whether what the person put below the note hangs above it instead, since the note was deleted.
  bool is_lifted(const Stage& stage, Who who) {
    const bool is_moved_in = stage.cell.action(who) == Action::move_into_each_other && who == Who::ben;
    if (!is_moved_in && stage.cell.action(who) != Action::create_same_title) return false;
    const NodeId& id = is_moved_in ? stage.beside : stage.made.at(who);
    const auto by = entry(stage, who).status;
    return is_visible(id) && node(ana_, id).place.value.parent == stage.document &&
           by != model::Status::conflict && by != model::Status::superseded;
  }

  Fate fate(const Stage& stage, Who who, const std::vector<model::Conflict>& open) {
    const model::UserId& user = machine(who).person.id;
    for (const model::Conflict& conflict : open)
      if (conflict.local_stamp.author == user) return Fate::waits;
    if (is_in_effect(stage, who)) return Fate::stands;
    for (const Who each : k_people)
      for (const model::LostValue& lost : entry(stage, each).lost)
        if (lost.stamp.author == user) return Fate::replaced;
    const model::Entry& own = entry(stage, who);
    for (const model::NodeEffect& effect : own.nodes)
      if (!effect.fields.empty()) return Fate::replaced; // it stood once: the log has it
    return own.status == model::Status::superseded ? Fate::nothing : Fate::swallowed;
  }

  Ending judge(const Stage& stage) {
    Ending ending;
    ending.conflicts = conflicts(ana_, stage);
    ending.ana = fate(stage, Who::ana, ending.conflicts);
    ending.ben = fate(stage, Who::ben, ending.conflicts);
    ending.is_lifted = is_lifted(stage, Who::ana) || is_lifted(stage, Who::ben);
    const auto demand = [&](bool holds, std::string what) {
      if (!holds) ending.violations.push_back(std::move(what));
    };
    std::vector<NodeId> nodes{stage.document, stage.note, stage.beside, stage.folder[0], stage.folder[1]};
    for (const auto& [who, made] : stage.made) nodes.push_back(made);
    for (Machine* each : {&ben_, &cyd_}) {
      for (const NodeId& id : nodes)
        demand(node(*each, id) == node(ana_, id), "the stores differ in " + node(ana_, id).title.value);
      demand(conflicts(*each, stage) == ending.conflicts, "the stores list different conflicts");
    }
    for (const Who who : k_people) {
      demand(ending.fate(who) != Fate::swallowed, name(who) + "'s change was swallowed");
      demand(entry(stage, who).status != model::Status::rejected, name(who) + "'s change was rejected");
    }
    for (const model::Conflict& conflict : ending.conflicts) demand_record(stage, conflict, demand);
    return ending;
  }

  /// A conflict holds both values and their authors, the node shows the hub's and says that there is one.
  template <class Demand>
  void demand_record(const Stage& stage, const model::Conflict& conflict, Demand&& demand) {
    const model::UserId& later = machine(other(stage.cell.first)).person.id;
    demand(conflict.local_stamp.author == later, "the change that waits is not the one that came later");
    demand(!conflict.local.empty() && !conflict.server.empty() && !conflict.base.empty(),
           "a conflict lacks a value");
    demand(conflict.local != conflict.server, "the two values of a conflict are equal");
    demand(model::register_text(node(ana_, conflict.node), conflict.field) == conflict.server,
           "a node in conflict does not show the hub's value");
    for (Machine* each : {&ana_, &ben_, &cyd_}) {
      const auto sync = each->read([&](replica::Reader& reader, const replica::WorkspaceRow& row) {
        return reader.find_node(row, conflict.node).value().sync;
      });
      demand(sync == replica::SyncState::conflict, "a node in conflict does not say so");
    }
  }

  hub::HubFixture hub_;
  Machine ana_{hub_, "Ana"}, ben_{hub_, "Ben"}, cyd_{hub_, "Cyd"};
  std::vector<Stage> stages_;
  std::map<std::pair<model::ReplicaId, std::uint64_t>, model::Entry> log_;
};

} // namespace

std::vector<Played> play_all() {
  std::map<std::tuple<Who, bool, bool>, std::vector<Cell>> rounds;
  for (const Who first : k_people)
    for (const Action ana : k_actions)
      for (const Action ben : k_actions)
        for (const model::Strategy strategy : k_strategies)
          rounds[{first, ana == Action::restore, ben == Action::restore}].push_back(
              {ana, ben, strategy, first});
  std::vector<Played> played;
  for (auto& [key, cells] : rounds)
    for (Played& each : Round(std::move(cells)).play()) played.push_back(std::move(each));
  return played;
}

} // namespace memsync::matrix
