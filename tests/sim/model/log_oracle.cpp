#include "tests/sim/model/log_oracle.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

#include "model/register_text.h"
#include "model/text_merge.h"

namespace memsync::model_sim {

using model::Entry;
using model::Field;
using model::NodeId;
using model::Operation;
using model::OperationKind;
using model::Stamp;
using model::Status;
using model::Strategy;

namespace {

std::set<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> words;
  for (std::string word; stream >> word;) words.insert(word);
  return words;
}

bool is_edit(OperationKind kind) {
  return kind == OperationKind::create || kind == OperationKind::update || kind == OperationKind::complete ||
         kind == OperationKind::reopen || kind == OperationKind::comment;
}

std::string quoted(const std::string& text) { return model::value_text(text); }

} // namespace

/// One row under judgement: the shadow is as before it, `items` as after it.
struct LogOracle::Judgement {
  const LogOracle& shadow;
  const Operation& op;
  const Entry& entry;
  const Items& items;

  void fail(const std::string& what) const {
    throw Violation{fmt::format("{} (sequence {}: {} {} of {} by {}, base {}, status {})", what,
                                entry.sequence.value, model::name_of(op.kind), op.session, op.target.view(),
                                entry.replica.view().substr(20), op.base.value,
                                model::name_of(entry.status))};
  }
  void expect(bool holds, const std::string& what) const {
    if (!holds) fail(what);
  }

  NodeId target() const { return op.kind == OperationKind::comment ? op.node : op.target_node(); }
  const Shadow* find(const NodeId& id) const {
    const auto at = shadow.nodes_.find(id);
    return at == shadow.nodes_.end() ? nullptr : &at->second;
  }
  bool is_seen(const Stamp& stamp) const {
    return stamp.sequence <= op.base || stamp.replica == entry.replica;
  }
  const model::Node& after(const NodeId& id) const { return items.nodes.at(id); }

  // --- the tree before and after ---

  struct Link {
    NodeId parent;
    Stamp deleted_at;
    bool is_known = false, is_deleted = false;
  };
  Link link_before(const NodeId& id) const {
    const Shadow* node = find(id);
    if (!node) return {};
    Link link{{}, {}, true, false};
    model::Node holder;
    const Value& place = node->registers.at(Field::place);
    model::set_register_text(holder, Field::place, place.text);
    link.parent = holder.place.value.parent;
    if (const auto deleted = node->registers.find(Field::deleted); deleted != node->registers.end()) {
      link.is_deleted = deleted->second.text == "true";
      link.deleted_at = deleted->second.stamp;
    }
    return link;
  }
  Link link_after(const NodeId& id) const {
    const auto at = items.nodes.find(id);
    if (at == items.nodes.end()) return {};
    return {at->second.place.value.parent, at->second.deleted.stamp, true, at->second.deleted.value};
  }
  enum class When { before, after };
  Link link(const NodeId& id, When when) const {
    return when == When::before ? link_before(id) : link_after(id);
  }
  /// Whoever hides the node: deleted, itself or above it.
  std::vector<NodeId> hiders(NodeId id, When when) const {
    std::vector<NodeId> found;
    for (std::size_t steps = 0; !id.is_empty(); ++steps) {
      const Link at = link(id, when);
      expect(at.is_known && steps < 10'000, "8: the tree is broken");
      if (at.is_deleted) found.push_back(id);
      id = at.parent;
    }
    return found;
  }
  bool is_below(NodeId id, const NodeId& ancestor) const {
    for (; !id.is_empty(); id = link_before(id).parent)
      if (id == ancestor) return true;
    return false;
  }
  /// Where something ends up that was to hang below `id`.
  NodeId nearest_visible(NodeId id) const {
    while (!id.is_empty() && !hiders(id, When::before).empty()) id = link_before(id).parent;
    return id;
  }
  /// The node whose author relies on it from this row on, so that no delete may hide it unseen.
  NodeId edited() const {
    if (entry.status == Status::rejected) return {};
    if (is_edit(op.kind)) return target();
    if (op.kind == OperationKind::restore && entry.status != Status::superseded) return target();
    const auto open = shadow.conflicts_.find(op.target_conflict());
    if (op.kind != OperationKind::resolve || open == shadow.conflicts_.end()) return {};
    const model::Conflict& conflict = open->second;
    const bool is_of_value = conflict.field != Field::deleted && conflict.field != Field::place;
    const bool is_set = !conflict.resolved && *op.resolution != model::Resolution::keep_server;
    return is_of_value && is_set ? conflict.node : NodeId{};
  }
  bool was_edited_unseen(const Shadow& node) const {
    return std::any_of(node.edits.begin(), node.edits.end(), [&](const Edit& edit) {
      return edit.sequence > op.base && edit.replica != entry.replica;
    });
  }

  // --- what must be said about values that did not win ---

  bool has_lost(Field field, const std::string& text) const {
    return std::any_of(entry.lost.begin(), entry.lost.end(), [&](const model::LostValue& lost) {
      return lost.field == field && lost.value == text;
    });
  }
  bool has_opened(Field field, const std::string& local) const {
    return std::any_of(entry.conflicts.begin(), entry.conflicts.end(), [&](const model::Conflict& conflict) {
      return conflict.field == field && conflict.local == local && !conflict.resolved;
    });
  }

  // --- rules ---

  void judge();
  void judge_rejected() const;
  void judge_create() const;
  void judge_edit() const;
  void judge_register(const NodeId& id, Field field, const std::string& wanted) const;
  void judge_content(const std::string& seen) const;
  void judge_deltas(const Shadow& before) const;
  void judge_not_swallowed() const;
  void judge_remove() const;
  void judge_move() const;
  void judge_resolve() const;
  void judge_clocks() const;
  void judge_conflicts() const;
};

void LogOracle::Judgement::judge() {
  if (entry.status == Status::rejected) return judge_rejected();
  judge_tree(items);
  judge_clocks();
  judge_conflicts();
  switch (op.kind) {
    case OperationKind::create: return judge_create();
    case OperationKind::update:
    case OperationKind::complete:
    case OperationKind::reopen:
    case OperationKind::comment: return judge_edit();
    case OperationKind::remove: return judge_remove();
    case OperationKind::restore:
      return expect(hiders(target(), When::after).empty(), "10: a restored node is hidden");
    case OperationKind::move: return judge_move();
    case OperationKind::resolve: return judge_resolve();
    case OperationKind::assign:
    case OperationKind::relate:
    case OperationKind::unrelate: return;
  }
}

/// Only what its author could know may be refused: the item never came to be, or its delete was seen.
void LogOracle::Judgement::judge_rejected() const {
  expect(entry.nodes.empty() && entry.lost.empty() && entry.conflicts.empty(), "a rejection has effects");
  if (entry.code == base::ErrorCode::too_large) return;
  if (op.kind == OperationKind::resolve || op.kind == OperationKind::unrelate) {
    // What its author saw proposed may be what only that replica could work out.
    const auto open = shadow.conflicts_.find(op.target_conflict());
    const bool is_known = op.kind == OperationKind::resolve && open != shadow.conflicts_.end();
    const bool lacks_value = op.resolution == model::Resolution::merge;
    return expect(!is_known || (lacks_value && open->second.proposed.empty()), "1: a resolve is rejected");
  }
  if (op.kind == OperationKind::relate)
    return expect(!find(op.from) || !find(op.to), "1: a relate is rejected");
  if (!find(target())) return;
  if (op.kind == OperationKind::move && !find(op.place->parent)) return;
  const Link at = link_before(target());
  expect(is_edit(op.kind) && at.is_deleted && is_seen(at.deleted_at), "10: an edit is rejected");
}

void LogOracle::Judgement::judge_create() const {
  const bool was_known = find(target()) != nullptr;
  expect(items.nodes.contains(target()), "1: a created node is missing");
  judge_not_swallowed();
  if (was_known) {
    if (op.fields.title && quoted(*op.fields.title) != model::register_text(after(target()), Field::title))
      expect(has_lost(Field::title, quoted(*op.fields.title)), "14: the title of a twin is nowhere");
    return;
  }
  expect(hiders(target(), When::after).empty(), "10: a created node is hidden");
  expect(after(target()).title.value == op.fields.title.value_or(""), "1: a created node lacks its title");
  if (op.fields.content)
    expect(after(target()).content.value == op.fields.content->text, "1: a created node lacks its text");
  if (op.place->parent.is_empty() || find(op.place->parent))
    expect(after(target()).place.value.parent == nearest_visible(op.place->parent),
           "8: a created node hangs elsewhere");
}

void LogOracle::Judgement::judge_edit() const {
  judge_not_swallowed();
  const model::FieldChanges& f = op.fields;
  if (f.title) judge_register(target(), Field::title, quoted(*f.title));
  if (f.type) judge_register(target(), Field::type, quoted(*f.type));
  if (f.importance) judge_register(target(), Field::importance, model::value_text(*f.importance));
  if (op.kind == OperationKind::complete) judge_register(target(), Field::completed, "true");
  if (op.kind == OperationKind::reopen) judge_register(target(), Field::completed, "false");
  if (op.kind == OperationKind::comment)
    expect(items.comments.contains(op.target_comment()), "1: a comment is missing");
  judge_deltas(*find(target()));
}

void LogOracle::Judgement::judge_register(const NodeId& id, Field field, const std::string& wanted) const {
  const std::string now = model::register_text(after(id), field);
  const auto& registers = find(id)->registers;
  const auto before = registers.find(field);
  const std::string_view name = model::name_of(field);
  if (before == registers.end() || is_seen(before->second.stamp))
    return expect(now == wanted, fmt::format("9: {}: a value that was seen beat the write", name));
  const Value& other = before->second;
  if (other.text == wanted) return expect(now == wanted, fmt::format("9: {}: two who agree", name));
  bool takes = false;
  switch (op.strategy) {
    case Strategy::merge:
      takes = std::pair(entry.clock, entry.replica) > std::pair(other.stamp.clock, other.stamp.replica);
      break;
    case Strategy::client_wins: takes = true; break;
    case Strategy::server_wins: break;
    case Strategy::manual:
      expect(now == other.text, fmt::format("14: {}: manual took a value", name));
      return expect(has_opened(field, wanted), fmt::format("14: {}: no conflict was opened", name));
  }
  expect(now == (takes ? wanted : other.text), fmt::format("9: {}: the wrong one won", name));
  expect(has_lost(field, takes ? other.text : wanted), fmt::format("14: {}: the loser is nowhere", name));
}

/// Every word that the author added is there, no word of others went, unless a conflict or a lost value
/// holds the whole text.
void LogOracle::Judgement::judge_content(const std::string& seen) const {
  const auto& registers = find(target())->registers;
  const auto at = registers.find(Field::content);
  model::Node holder;
  if (at != registers.end()) model::set_register_text(holder, Field::content, at->second.text);
  const std::string& before = holder.content.value;
  const std::string& wanted = op.fields.content->text;
  const std::string& now = after(target()).content.value;
  judge_text_laws(seen, wanted, before);
  // Below the base it was on the author's screen, though perhaps under a resolve that did not come to be.
  const bool was_received = at == registers.end() || at->second.stamp.sequence <= op.base;
  if (before == seen || was_received) return expect(now == wanted, "9: a text that was seen beat the write");
  if (has_opened(Field::content, quoted(wanted)))
    return expect(now == before, "14: a conflict changed the text");
  if (op.strategy == Strategy::server_wins && has_lost(Field::content, quoted(wanted)))
    return expect(now == before, "14: server_wins changed the text");
  if (op.strategy == Strategy::client_wins && has_lost(Field::content, quoted(before)))
    return expect(now == wanted, "14: client_wins did not set the text");
  const auto base = words_of(seen), mine = words_of(wanted), theirs = words_of(before), all = words_of(now);
  for (const std::string& word : mine)
    expect(base.contains(word) || all.contains(word), "10: a word somebody added is gone");
  for (const std::string& word : theirs)
    expect(base.contains(word) || all.contains(word), "10: a word of somebody else is gone");
}

void LogOracle::Judgement::judge_deltas(const Shadow& before) const {
  const model::Node& node = after(target());
  expect(node.use_count.value == before.uses + op.fields.use_count.value_or(0),
         "11: a counter is not the sum of its increments");
  if (!op.fields.tags) return;
  std::set<std::string> tags = before.tags;
  for (const std::string& tag : op.fields.tags->remove) tags.erase(tag);
  tags.insert(op.fields.tags->add.begin(), op.fields.tags->add.end());
  expect(std::set<std::string>(node.tags.value.begin(), node.tags.value.end()) == tags,
         "11: a set is not the sum of its changes");
}

/// What hides an edit is a delete that its author had seen.
void LogOracle::Judgement::judge_not_swallowed() const {
  const std::vector<NodeId> above = hiders(target(), When::after);
  expect(above.empty() || is_seen(link_after(above.front()).deleted_at),
         "10: an edit is swallowed by a delete it had not seen");
}

void LogOracle::Judgement::judge_remove() const {
  const Shadow& root = *find(target());
  if (link_before(target()).is_deleted) return expect(entry.nodes.empty(), "9: a delete deleted twice");
  if (was_edited_unseen(root)) {
    expect(!after(target()).deleted.value, "10: a delete hides an edit it had not seen");
    return expect(has_opened(Field::deleted, "true"), "14: a delete that waits opened no conflict");
  }
  expect(after(target()).deleted.value, "1: a delete did nothing");
  for (const auto& [id, node] : shadow.nodes_) {
    if (id == target() || !is_below(id, target()) || !hiders(id, When::before).empty()) continue;
    if (!was_edited_unseen(node) && is_seen(node.registers.at(Field::place).stamp)) continue;
    expect(hiders(id, When::after).empty(), "10: a delete hides an edit below it that it had not seen");
  }
}

void LogOracle::Judgement::judge_move() const {
  if (link_before(target()).is_deleted)
    return expect(has_lost(Field::place, model::value_text(*op.place)), "14: a move is nowhere");
  const NodeId& wanted = op.place->parent;
  if (is_below(wanted, target())) {
    expect(has_opened(Field::place, model::value_text(*op.place)), "14: a cycle opened no conflict");
    return expect(after(target()).place.value.parent == link_before(target()).parent, "8: a cycle");
  }
  judge_register(target(), Field::place,
                 model::value_text(model::Place{nearest_visible(wanted), op.place->key}));
}

void LogOracle::Judgement::judge_resolve() const {
  const auto open = shadow.conflicts_.find(op.target_conflict());
  if (open == shadow.conflicts_.end()) return fail("14: a conflict nobody knows was resolved");
  const model::Conflict& conflict = open->second;
  if (conflict.resolved)
    return expect(entry.nodes.empty() && entry.status == Status::superseded,
                  "14: a conflict was resolved twice");
  expect(items.conflicts.at(conflict.id).resolved, "14: a resolve left the conflict open");
  if (*op.resolution == model::Resolution::keep_server)
    return expect(entry.nodes.empty(), "14: keeping the hub's value changed something");
  const Field field = conflict.field;
  const bool is_scalar = field == Field::title || field == Field::type || field == Field::importance ||
                         field == Field::completed;
  if (!is_scalar) return;
  const std::string& chosen = *op.resolution == model::Resolution::keep_local ? conflict.local
                              : *op.resolution == model::Resolution::merge    ? conflict.proposed
                                                                              : op.text;
  judge_register(conflict.node, field, chosen);
}

/// A value that replaces one its author saw carries a later clock, whatever the machine's says: else a
/// third, between the two, would beat the newer and lose to the older.
void LogOracle::Judgement::judge_clocks() const {
  for (const model::NodeEffect& effect : entry.nodes) {
    const Shadow* before = find(effect.node.id);
    if (!before) continue;
    model::for_each_register(effect.node, [&](Field field, const auto& reg) {
      const auto at = before->registers.find(field);
      if (!effect.fields.has(field) || at == before->registers.end() || !is_seen(at->second.stamp)) return;
      if (at->second.text == model::register_text(effect.node, field)) return; // two who agree
      const Stamp& seen = at->second.stamp;
      expect(std::pair(reg.stamp.clock, reg.stamp.replica) >= std::pair(seen.clock, seen.replica),
             fmt::format("9: {}: a later write has an earlier clock", model::name_of(field)));
    });
  }
}

void LogOracle::Judgement::judge_conflicts() const {
  for (const model::Conflict& conflict : entry.conflicts)
    if (conflict.resolved)
      expect(op.kind == OperationKind::resolve && op.target_conflict() == conflict.id,
             "14: a conflict closed by itself");
  for (const auto& [id, conflict] : shadow.conflicts_) {
    const auto at = items.conflicts.find(id);
    expect(at != items.conflicts.end(), "14: a conflict is gone");
    if (op.kind != OperationKind::resolve || op.target_conflict() != id)
      expect(at->second.resolved == conflict.resolved, "14: a conflict changed by itself");
  }
}

void LogOracle::committed(const Row& row, const Items& items, const std::string& seen_text) {
  const Entry& entry = row.entry;
  const Operation& op = row.operation;
  require(entry.sequence.value == ++sequence_, "3: the log has a gap");
  require(entry.n == ++last_n_[entry.replica], "5: operations of a replica are out of order");
  require(sessions_.insert(op.session).second, "2: an operation is in the log twice");
  if (entry.status == Status::rejected) rejected_.insert(op.session);
  Judgement judgement{*this, op, entry, items};
  judgement.judge();
  const bool is_known = nodes_.contains(op.target_node());
  if (entry.status != Status::rejected && op.kind == OperationKind::update && op.fields.content && is_known)
    judgement.judge_content(seen_text);

  const NodeId edited = judgement.edited();
  for (const model::NodeEffect& effect : entry.nodes) {
    Shadow& shadow = nodes_[effect.node.id];
    model::for_each_register(effect.node, [&](Field field, const auto& reg) {
      if (!effect.fields.has(field)) return;
      shadow.registers[field] = {model::register_text(effect.node, field), reg.stamp};
    });
    if (effect.is_new && !shadow.registers.contains(Field::place))
      shadow.registers[Field::place] = {model::register_text(effect.node, Field::place),
                                        effect.node.place.stamp};
    shadow.tags = {effect.node.tags.value.begin(), effect.node.tags.value.end()};
    shadow.uses = effect.node.use_count.value;
  }
  for (const model::Conflict& conflict : entry.conflicts) conflicts_[conflict.id] = conflict;
  if (!edited.is_empty()) nodes_[edited].edits.push_back({entry.sequence, entry.replica});
}

void judge_tree(const Items& items) {
  for (const auto& [id, node] : items.nodes) {
    NodeId up = node.place.value.parent;
    for (std::size_t steps = 0; !up.is_empty(); ++steps) {
      require(steps <= items.nodes.size(), fmt::format("8: a cycle above {}", id.view()));
      const auto at = items.nodes.find(up);
      require(at != items.nodes.end(), fmt::format("8: {} is an orphan", id.view()));
      up = at->second.place.value.parent;
    }
  }
}

void judge_text_laws(const std::string& base, const std::string& ours, const std::string& theirs) {
  using model::merge_text;
  require(merge_text(base, ours, base).text == ours, "15: merge(b, x, b) is not x");
  require(merge_text(base, base, theirs).text == theirs, "15: merge(b, b, x) is not x");
  const auto same = merge_text(base, ours, ours);
  require(same.text == ours && !same.has_conflict, "15: merge(b, x, x) is not x");
  const auto one = merge_text(base, ours, theirs), other = merge_text(base, theirs, ours);
  require(one.has_conflict == other.has_conflict, "15: the sides of a merge cannot be exchanged");
  require(one.has_conflict || one.text == other.text, "15: a merge depends on which side is which");
}

} // namespace memsync::model_sim
