#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "hub/store.h"
#include "model/apply.h"

namespace memsync::hub {

/// The state of one workspace that operations apply to, over the store's transaction. Keeps what it read
/// and wrote decoded, writes through, and collects what each operation changed for history.
class TxnState final : public model::State {
 public:
  TxnState(StoreTxn& txn, const model::WorkspaceId& workspace) : txn_(txn), workspace_(workspace) {}

  std::optional<model::Node> find_node(const model::NodeId& id) override;
  std::optional<model::TreeLink> find_link(const model::NodeId& id) override;
  std::optional<model::Relationship> find_relationship(const model::RelationshipId& id) override;
  std::optional<model::Comment> find_comment(const model::CommentId& id) override;
  std::optional<model::Conflict> find_conflict(const model::ConflictId& id) override;
  std::vector<model::NodeId> nodes_edited_after(model::Sequence sequence) override;
  std::optional<std::vector<model::NodeId>> find_children(const model::NodeId& id) override;
  std::optional<std::string> find_text(const model::NodeId& id, const base::Hash128& hash,
                                       model::Sequence after) override;
  std::optional<std::string> find_value_at(const model::NodeId& id, model::Field field,
                                           model::Sequence sequence) override;
  void put_node(const model::Node& node, model::FieldSet fields) override;
  void put_relationship(const model::Relationship& relationship) override;
  void put_comment(const model::Comment& comment) override;
  void put_conflict(const model::Conflict& conflict) override;

  /// The root above the node; nothing for an unknown node.
  std::optional<model::DocumentId> find_document(const model::NodeId& node);
  std::string title_of(const model::NodeId& node);
  /// How many nodes the document holds.
  std::int64_t count_nodes(const model::DocumentId& document);

  /// A register that changed; who and when is known to the caller.
  struct ChangedField {
    model::NodeId node;
    model::Field field;
    std::optional<std::string> old_value, new_value;
    model::Stamp old_stamp;
  };
  const std::vector<ChangedField>& changes() const { return changes_; }
  /// What changed since the last call, without what new nodes began with.
  std::vector<ChangedField> take_changes() { return std::exchange(changes_, {}); }

  /// Writes the counts of nodes added; to be called before the transaction (or its part) ends.
  void flush();
  /// After a part of the transaction was undone.
  void forget();

 private:
  std::optional<model::Node>& node(const model::NodeId& id);

  StoreTxn& txn_;
  const model::WorkspaceId workspace_;
  std::unordered_map<model::NodeId, std::optional<model::Node>> nodes_;
  std::unordered_map<model::NodeId, std::optional<model::TreeLink>> links_;
  std::unordered_map<model::NodeId, model::DocumentId> documents_;
  struct Count {
    std::int64_t total = 0, added = 0;
  };
  std::unordered_map<model::DocumentId, Count> counts_;
  std::vector<ChangedField> changes_;
};

} // namespace memsync::hub
