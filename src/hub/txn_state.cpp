#include "hub/txn_state.h"

#include "model/register_text.h"

namespace memsync::hub {

using model::Field;
using model::Node;
using model::NodeId;

std::optional<Node>& TxnState::node(const NodeId& id) {
  const auto known = nodes_.find(id);
  if (known != nodes_.end()) return known->second;
  return nodes_.emplace(id, txn_.find_node(workspace_, id)).first->second;
}

std::optional<Node> TxnState::find_node(const NodeId& id) { return node(id); }

std::optional<model::TreeLink> TxnState::find_link(const NodeId& id) {
  if (const auto known = nodes_.find(id); known != nodes_.end()) {
    if (!known->second) return std::nullopt;
    const Node& found = *known->second;
    return model::TreeLink{found.place.value.parent, found.deleted.value, found.deleted.stamp};
  }
  const auto known = links_.find(id);
  if (known != links_.end()) return known->second;
  return links_.emplace(id, txn_.find_link(workspace_, id)).first->second;
}

std::optional<model::Relationship> TxnState::find_relationship(const model::RelationshipId& id) {
  return txn_.find_relationship(workspace_, id);
}
std::optional<model::Comment> TxnState::find_comment(const model::CommentId& id) {
  return txn_.find_comment(workspace_, id);
}
std::optional<model::Conflict> TxnState::find_conflict(const model::ConflictId& id) {
  return txn_.find_conflict(workspace_, id);
}
std::vector<NodeId> TxnState::nodes_edited_after(model::Sequence sequence) {
  return txn_.nodes_edited_after(workspace_, sequence);
}
std::optional<std::vector<NodeId>> TxnState::find_children(const NodeId& id) {
  return txn_.find_children(workspace_, id);
}
std::optional<std::string> TxnState::find_text(const NodeId& id, const base::Hash128& hash,
                                               model::Sequence after) {
  return txn_.find_text(workspace_, id, hash, after);
}
std::optional<std::string> TxnState::find_value_at(const NodeId& id, Field field, model::Sequence sequence) {
  return txn_.find_value_at(workspace_, id, field, sequence);
}

void TxnState::put_node(const Node& changed, model::FieldSet fields) {
  std::optional<Node>& known = node(changed.id);
  if (!known) {
    const NodeId& parent = changed.place.value.parent;
    const model::DocumentId document =
        parent.is_empty() ? changed.id : find_document(parent).value_or(changed.id);
    txn_.add_node(workspace_, changed, document);
    documents_[changed.id] = document;
    count_nodes(document);
    Count& count = counts_[document];
    ++count.total;
    ++count.added;
  } else {
    model::for_each_register(*known, [&](Field field, const auto& before) {
      if (!fields.has(field)) return;
      ChangedField change{changed.id, field, std::nullopt, model::register_text(changed, field),
                          before.stamp};
      if (before.stamp != model::Stamp{}) change.old_value = model::register_text(*known, field);
      if (change.old_value != change.new_value) changes_.push_back(std::move(change));
    });
    const bool is_moved = fields.has(Field::place) && known->place.value.parent != changed.place.value.parent;
    if (is_moved) {
      flush();
      documents_.clear();
      counts_.clear();
    }
    txn_.set_node(workspace_, changed, is_moved);
  }
  known = changed;
}

void TxnState::put_relationship(const model::Relationship& relationship) {
  txn_.put_relationship(workspace_, relationship);
}
void TxnState::put_comment(const model::Comment& comment) { txn_.put_comment(workspace_, comment); }
void TxnState::put_conflict(const model::Conflict& conflict) { txn_.put_conflict(workspace_, conflict); }

std::optional<model::DocumentId> TxnState::find_document(const NodeId& id) {
  if (const auto known = documents_.find(id); known != documents_.end()) return known->second;
  const auto document = txn_.find_document(workspace_, id);
  if (document) documents_.emplace(id, *document);
  return document;
}

std::string TxnState::title_of(const NodeId& id) {
  const std::optional<Node>& found = node(id);
  return found ? found->title.value : std::string();
}

std::int64_t TxnState::count_nodes(const model::DocumentId& document) {
  const auto known = counts_.find(document);
  if (known != counts_.end()) return known->second.total;
  const std::int64_t total = txn_.count_document_nodes(workspace_, document);
  counts_.emplace(document, Count{total, 0});
  return total;
}

void TxnState::flush() {
  for (auto& [document, count] : counts_)
    if (count.added != 0) txn_.count_added_nodes(workspace_, document, std::exchange(count.added, 0));
}

void TxnState::forget() {
  nodes_.clear();
  links_.clear();
  documents_.clear();
  counts_.clear();
  changes_.clear();
}

} // namespace memsync::hub
