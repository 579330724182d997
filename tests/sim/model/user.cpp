#include "tests/sim/model/user.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

#include "model/register_text.h"
#include "model/sibling_key.h"

namespace memsync::model_sim {

using model::FieldChanges;
using model::Node;
using model::NodeId;
using model::Operation;
using model::OperationKind;

namespace {

Change make(OperationKind kind, const NodeId& target) {
  Change change;
  change.operation.kind = kind;
  change.operation.target = model::id_cast<model::ItemId>(target);
  return change;
}

bool is_visible(const Items& items, NodeId id) {
  while (!id.is_empty()) {
    const auto at = items.nodes.find(id);
    if (at == items.nodes.end() || at->second.deleted.value) return false;
    id = at->second.place.value.parent;
  }
  return true;
}

bool is_below(const Items& items, NodeId id, const NodeId& ancestor) {
  while (!id.is_empty() && id != ancestor) id = items.nodes.at(id).place.value.parent;
  return id == ancestor;
}

} // namespace

std::optional<Change> User::act(const Items& visible) {
  std::vector<NodeId> nodes;
  for (const auto& [id, node] : visible.nodes)
    if (is_visible(visible, id)) nodes.push_back(id);
  const auto dice = random_.below(100);
  if (nodes.empty() || dice < 18) return create(visible, nodes);
  const Node& node = visible.nodes.at(pick(nodes));
  if (dice < 48) return update(node);
  if (dice < 60) return edit_text(node);
  if (dice < 68) return make(OperationKind::remove, node.id);
  if (dice < 72) return restore(visible);
  if (dice < 84) return move(visible, nodes);
  if (dice < 88) return make(node.completed.value ? OperationKind::reopen : OperationKind::complete, node.id);
  if (dice < 96) return resolve(visible);
  Change change;
  change.operation.kind = OperationKind::comment;
  change.operation.target = model::ItemId::random(random_);
  change.operation.node = node.id;
  change.operation.text = "a remark";
  if (dice < 98) return change;
  change.operation.kind = OperationKind::relate;
  change.operation.from = node.id;
  change.operation.to = pick(nodes);
  change.operation.relationship_type = "RELATED_TO";
  return change;
}

std::string User::fresh_word() { return fmt::format("w{}", random_.below(1'000'000'000)); }

Change User::create(const Items& visible, const std::vector<NodeId>& nodes) {
  // Some nodes are made by everybody under one id, as a project's document is.
  const NodeId id =
      chance(10) ? *NodeId::parse(fmt::format("{:0>20}", random_.below(3))) : NodeId::random(random_);
  Change change = make(OperationKind::create, id);
  const NodeId parent = nodes.empty() || chance(15) ? NodeId{} : pick(nodes);
  change.operation.place = model::Place{parent, key_below(visible, parent)};
  change.operation.fields.title = fresh_word();
  std::string text;
  for (int line = 0; line < 4; ++line) text += fresh_word() + " " + fresh_word() + "\n";
  change.operation.fields.content = model::TextChange{text, {}};
  return change;
}

Change User::update(const Node& node) {
  Change change = make(OperationKind::update, node.id);
  FieldChanges& fields = change.operation.fields;
  const auto tag = [&] { return fmt::format("tag{}", random_.below(6)); };
  switch (random_.below(6)) {
    case 0:
    case 1: fields.title = chance(10) ? "the same" : fresh_word(); break;
    case 2: fields.type = fmt::format("type{}", random_.below(4)); break;
    case 3: fields.importance = static_cast<double>(random_.below(100)) / 100.0; break;
    case 4: fields.use_count = 1 + static_cast<std::int64_t>(random_.below(5)); break;
    case 5:
      fields.tags = model::SetChange{{tag()}, {tag()}};
      if (fields.tags->add == fields.tags->remove) fields.tags->remove.clear();
      break;
  }
  if (chance(15)) fields.title = fresh_word();
  return change;
}

/// Changes, adds or removes one line, or adds a word to one.
Change User::edit_text(const Node& node) {
  Change change = make(OperationKind::update, node.id);
  change.seen_text = node.content.value;
  std::vector<std::string> lines;
  std::istringstream stream(node.content.value);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  if (lines.empty()) lines.push_back(fresh_word());
  const std::size_t at = random_.below(lines.size());
  switch (random_.below(4)) {
    case 0: lines[at] = fresh_word(); break;
    case 1: lines[at] += " " + fresh_word(); break;
    case 2: lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), fresh_word()); break;
    case 3: lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); break;
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  change.operation.fields.content = model::TextChange{text, base::Hash128::of(node.content.value)};
  return change;
}

std::optional<Change> User::move(const Items& visible, const std::vector<NodeId>& nodes) {
  const NodeId& node = pick(nodes);
  const NodeId parent = chance(15) ? NodeId{} : pick(nodes);
  if (is_below(visible, parent, node)) return std::nullopt;
  Change change = make(OperationKind::move, node);
  change.operation.place = model::Place{parent, key_below(visible, parent)};
  return change;
}

/// A key for a random spot among the children, which must order there.
std::string User::key_below(const Items& visible, const NodeId& parent) {
  std::vector<std::string> keys;
  for (const auto& [id, node] : visible.nodes)
    if (node.place.value.parent == parent) keys.push_back(node.place.value.key);
  std::sort(keys.begin(), keys.end());
  const std::size_t at = random_.below(keys.size() + 1);
  const std::string before = at == 0 ? "" : keys[at - 1], after = at == keys.size() ? "" : keys[at];
  std::string key = model::key_between(before, after, random_);
  if (after.empty() || before < after)
    require(key > before && (after.empty() || key < after), "a sibling key is not between its neighbours");
  return key;
}

std::optional<Change> User::restore(const Items& visible) {
  std::vector<NodeId> deleted;
  for (const auto& [id, node] : visible.nodes)
    if (node.deleted.value) deleted.push_back(id);
  if (deleted.empty()) return std::nullopt;
  return make(OperationKind::restore, pick(deleted));
}

std::optional<Change> User::resolve(const Items& visible) {
  std::vector<const model::Conflict*> open;
  for (const auto& [id, conflict] : visible.conflicts)
    if (!conflict.resolved) open.push_back(&conflict);
  if (open.empty()) return std::nullopt;
  const model::Conflict& conflict = *open[random_.below(open.size())];
  Change change;
  change.operation.kind = OperationKind::resolve;
  change.operation.target = model::id_cast<model::ItemId>(conflict.id);
  change.operation.resolution = static_cast<model::Resolution>(random_.below(4));
  if (change.operation.resolution == model::Resolution::merge && conflict.proposed.empty())
    change.operation.resolution = model::Resolution::keep_local;
  if (change.operation.resolution == model::Resolution::custom) change.operation.text = conflict.local;
  return change;
}

} // namespace memsync::model_sim
