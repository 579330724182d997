#include "tests/sim/model/items.h"

#include "model/register_text.h"

namespace memsync::model_sim {

using model::Field;
using model::Node;
using model::NodeId;
using model::Sequence;

namespace {

template <class Id, class T>
std::optional<T> find(const std::map<Id, T>& items, const Id& id) {
  const auto at = items.find(id);
  return at == items.end() ? std::nullopt : std::optional<T>(at->second);
}

std::optional<std::string> text_with_hash(const std::string& register_text, const base::Hash128& hash) {
  Node holder;
  if (!model::set_register_text(holder, Field::content, register_text)) return std::nullopt;
  if (base::Hash128::of(holder.content.value) != hash) return std::nullopt;
  return holder.content.value;
}

} // namespace

void Items::install(const model::Entry& entry) {
  for (const model::NodeEffect& effect : entry.nodes) model::install(nodes[effect.node.id], effect);
  for (const auto& relationship : entry.relationships) relationships[relationship.id] = relationship;
  for (const auto& comment : entry.comments) comments[comment.id] = comment;
  for (const auto& conflict : entry.conflicts) conflicts[conflict.id] = conflict;
}

void History::record(const model::Entry& entry, const Items& before) {
  for (const model::NodeEffect& effect : entry.nodes) {
    if (effect.is_new) continue;
    const auto old = before.nodes.find(effect.node.id);
    for (std::size_t i = 0; i < model::k_field_count; ++i) {
      const Field field = static_cast<Field>(i);
      if (!effect.fields.has(field)) continue;
      Change change{entry.sequence, field, false, std::nullopt, model::register_text(effect.node, field)};
      if (old != before.nodes.end()) change.old_value = model::register_text(old->second, field);
      if (change.old_value != change.new_value) changes_[effect.node.id].push_back(std::move(change));
    }
  }
  for (const model::LostValue& lost : entry.lost)
    changes_[lost.node].push_back({entry.sequence, lost.field, true, std::nullopt, lost.value});
}

std::optional<std::string> History::find_value_at(const NodeId& node, Field field, Sequence sequence) const {
  const auto at = changes_.find(node);
  if (at == changes_.end()) return std::nullopt;
  std::optional<std::string> value;
  for (const Change& change : at->second) {
    if (change.field != field || change.lost) continue;
    if (change.sequence > sequence) return value ? value : change.old_value;
    value = change.new_value;
  }
  return value;
}

std::optional<std::string> History::find_text(const NodeId& node, const base::Hash128& hash,
                                              Sequence after) const {
  const auto at = changes_.find(node);
  if (at == changes_.end()) return std::nullopt;
  for (const Change& change : at->second) {
    if (change.field != Field::content || change.sequence <= after) continue;
    if (auto text = text_with_hash(change.new_value, hash)) return text;
    if (!change.old_value) continue;
    if (auto text = text_with_hash(*change.old_value, hash)) return text;
  }
  return std::nullopt;
}

std::optional<Node> ItemsState::find_node(const NodeId& id) { return find(items_.nodes, id); }

std::optional<model::TreeLink> ItemsState::find_link(const NodeId& id) {
  const auto at = items_.nodes.find(id);
  if (at == items_.nodes.end()) return std::nullopt;
  return model::TreeLink{at->second.place.value.parent, at->second.deleted.value, at->second.deleted.stamp};
}

std::optional<model::Relationship> ItemsState::find_relationship(const model::RelationshipId& id) {
  return find(items_.relationships, id);
}
std::optional<model::Comment> ItemsState::find_comment(const model::CommentId& id) {
  return find(items_.comments, id);
}
std::optional<model::Conflict> ItemsState::find_conflict(const model::ConflictId& id) {
  return find(items_.conflicts, id);
}

std::vector<NodeId> ItemsState::nodes_edited_after(Sequence sequence) {
  std::vector<NodeId> ids;
  for (const auto& [id, node] : items_.nodes)
    if (!node.deleted.value && std::max(node.edits.last, node.place.stamp.sequence) > sequence)
      ids.push_back(id);
  return ids;
}

std::optional<std::vector<NodeId>> ItemsState::find_children(const NodeId& id) {
  std::vector<NodeId> ids;
  for (const auto& [child, node] : items_.nodes)
    if (node.place.value.parent == id) ids.push_back(child);
  return ids;
}

std::optional<std::string> ItemsState::find_value_at(const NodeId& id, Field field, Sequence sequence) {
  if (auto value = history_.find_value_at(id, field, sequence)) return value;
  const auto at = items_.nodes.find(id);
  if (at == items_.nodes.end() || at->second.created_at.sequence > sequence) return std::nullopt;
  return model::register_text(at->second, field);
}

std::optional<std::string> ItemsState::find_text(const NodeId& id, const base::Hash128& hash,
                                                 Sequence after) {
  if (outbox_)
    for (const model::Operation& operation : *outbox_)
      if (operation.target_node() == id && operation.fields.content &&
          base::Hash128::of(operation.fields.content->text) == hash)
        return operation.fields.content->text;
  const auto at = items_.nodes.find(id);
  if (at != items_.nodes.end() && base::Hash128::of(at->second.content.value) == hash)
    return at->second.content.value;
  return history_.find_text(id, hash, after);
}

void ItemsState::put_node(const Node& node, model::FieldSet) {
  const auto [at, is_new] = items_.nodes.try_emplace(node.id, node);
  has_written_ = true;
  if (is_new) return;
  before_.nodes.try_emplace(node.id, at->second);
  at->second = node;
}
void ItemsState::put_relationship(const model::Relationship& relationship) {
  items_.relationships[relationship.id] = relationship;
  has_written_ = true;
}
void ItemsState::put_comment(const model::Comment& comment) {
  items_.comments[comment.id] = comment;
  has_written_ = true;
}
void ItemsState::put_conflict(const model::Conflict& conflict) {
  items_.conflicts[conflict.id] = conflict;
  has_written_ = true;
}

} // namespace memsync::model_sim
