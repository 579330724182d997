#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/apply.h"
#include "model/register_text.h"

namespace memsync::model::tests {

/// A State in memory that forgets nothing: every value a register had, every text an operation wanted.
class MemoryState final : public State {
 public:
  // What a real store may lack.
  bool knows_children = true;
  bool knows_history = true;
  bool knows_texts = true;

  std::map<NodeId, Node> nodes;
  std::map<RelationshipId, Relationship> relationships;
  std::map<CommentId, Comment> comments;
  std::map<ConflictId, Conflict> conflicts;

  std::optional<Node> find_node(const NodeId& id) override { return find(nodes, id); }
  std::optional<TreeLink> find_link(const NodeId& id) override {
    const auto at = nodes.find(id);
    if (at == nodes.end()) return std::nullopt;
    return TreeLink{at->second.place.value.parent, at->second.deleted.value, at->second.deleted.stamp};
  }
  std::optional<Relationship> find_relationship(const RelationshipId& id) override {
    return find(relationships, id);
  }
  std::optional<Comment> find_comment(const CommentId& id) override { return find(comments, id); }
  std::optional<Conflict> find_conflict(const ConflictId& id) override { return find(conflicts, id); }

  std::vector<NodeId> nodes_edited_after(Sequence sequence) override {
    std::vector<NodeId> ids;
    for (const auto& [id, node] : nodes)
      if (!node.deleted.value && std::max(node.edits.last, node.place.stamp.sequence) > sequence)
        ids.push_back(id);
    return ids;
  }

  std::optional<std::vector<NodeId>> find_children(const NodeId& parent) override {
    if (!knows_children) return std::nullopt;
    std::vector<NodeId> ids;
    for (const auto& [id, node] : nodes)
      if (node.place.value.parent == parent) ids.push_back(id);
    return ids;
  }

  std::optional<std::string> find_value_at(const NodeId& id, Field field, Sequence sequence) override {
    if (!knows_history) return std::nullopt;
    std::optional<std::string> value;
    for (const Change& change : changes_)
      if (change.node == id && change.field == field && change.sequence <= sequence) value = change.value;
    return value;
  }

  std::optional<std::string> find_text(const NodeId& id, const base::Hash128& hash, Sequence after) override {
    if (!knows_texts) return std::nullopt;
    for (const Change& wanted : wanted_texts_)
      if (wanted.node == id && wanted.sequence > after && base::Hash128::of(wanted.value) == hash)
        return wanted.value;
    return std::nullopt;
  }

  void put_node(const Node& node, FieldSet fields) override {
    nodes[node.id] = node;
    for_each_register(node, [&](Field field, const auto& reg) {
      if (fields.has(field))
        changes_.push_back({node.id, field, reg.stamp.sequence, register_text(node, field)});
    });
  }
  void put_relationship(const Relationship& relationship) override {
    relationships[relationship.id] = relationship;
  }
  void put_comment(const Comment& comment) override { comments[comment.id] = comment; }
  void put_conflict(const Conflict& conflict) override { conflicts[conflict.id] = conflict; }

  /// Notes the text that an operation wants a node to have, as a store does with its operations.
  void note_wanted(const Operation& operation, Sequence sequence) {
    if (operation.fields.content)
      wanted_texts_.push_back(
          {operation.target_node(), Field::content, sequence, operation.fields.content->text});
  }

  /// Whether the register ever had the value.
  bool ever_had(const NodeId& id, Field field, const std::string& value) const {
    for (const Change& change : changes_)
      if (change.node == id && change.field == field && change.value == value) return true;
    return false;
  }

 private:
  struct Change {
    NodeId node;
    Field field;
    Sequence sequence;
    std::string value;
  };

  template <class Id, class T>
  static std::optional<T> find(const std::map<Id, T>& items, const Id& id) {
    const auto at = items.find(id);
    return at == items.end() ? std::nullopt : std::optional<T>(at->second);
  }

  std::vector<Change> changes_;
  std::vector<Change> wanted_texts_;
};

} // namespace memsync::model::tests
