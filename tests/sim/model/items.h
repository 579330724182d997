#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/apply.h"

/// The model form of the simulator: the real merge and tree functions of src/model under hubs and replicas
/// that are a few maps in memory. It runs hundreds of seeds a second; what SQLite, the engine and the wire
/// add is the full simulator's part (tests/sim).
namespace memsync::model_sim {

/// Something that must never happen; the run stops and prints its seed.
struct Violation {
  std::string what;
};
inline void require(bool holds, const std::string& what) {
  if (!holds) throw Violation{what};
}

/// All items of one workspace: on the hub, or confirmed or visible on a replica.
struct Items {
  std::map<model::NodeId, model::Node> nodes;
  std::map<model::RelationshipId, model::Relationship> relationships;
  std::map<model::CommentId, model::Comment> comments;
  std::map<model::ConflictId, model::Conflict> conflicts;

  /// Sets what an entry of the log says, as model::install does for nodes.
  void install(const model::Entry& entry);
  bool operator==(const Items&) const = default;
};

/// The values that registers had, as hub and replica keep them for the merge of texts and for people.
class History {
 public:
  /// Notes what an entry changes, and what lost. `before` are the items without it.
  void record(const model::Entry& entry, const Items& before);
  std::optional<std::string> find_value_at(const model::NodeId& node, model::Field field,
                                           model::Sequence sequence) const;
  /// A text of `content` with that hash which was the value, or lost, above `after`.
  std::optional<std::string> find_text(const model::NodeId& node, const base::Hash128& hash,
                                       model::Sequence after) const;

 private:
  struct Change {
    model::Sequence sequence;
    model::Field field;
    bool lost = false;
    std::optional<std::string> old_value;
    std::string new_value;
  };
  std::map<model::NodeId, std::vector<Change>> changes_;
};

/// The items as the State that operations apply to. `outbox` (may be null) is where texts are looked for
/// first, as a replica does.
class ItemsState final : public model::State {
 public:
  /// The nodes written so far, as they were before (new ones are missing).
  const Items& before() const { return before_; }
  bool has_written() const { return has_written_; }

  ItemsState(Items& items, const History& history, const std::vector<model::Operation>* outbox = nullptr)
      : items_(items), history_(history), outbox_(outbox) {}

  std::optional<model::Node> find_node(const model::NodeId& id) override;
  std::optional<model::TreeLink> find_link(const model::NodeId& id) override;
  std::optional<model::Relationship> find_relationship(const model::RelationshipId& id) override;
  std::optional<model::Comment> find_comment(const model::CommentId& id) override;
  std::optional<model::Conflict> find_conflict(const model::ConflictId& id) override;
  std::vector<model::NodeId> nodes_edited_after(model::Sequence sequence) override;
  std::optional<std::vector<model::NodeId>> find_children(const model::NodeId& id) override;
  std::optional<std::string> find_value_at(const model::NodeId& id, model::Field field,
                                           model::Sequence sequence) override;
  std::optional<std::string> find_text(const model::NodeId& id, const base::Hash128& hash,
                                       model::Sequence after) override;
  void put_node(const model::Node& node, model::FieldSet fields) override;
  void put_relationship(const model::Relationship& relationship) override;
  void put_comment(const model::Comment& comment) override;
  void put_conflict(const model::Conflict& conflict) override;

 private:
  Items& items_;
  const History& history_;
  const std::vector<model::Operation>* outbox_;
  Items before_;
  bool has_written_ = false;
};

} // namespace memsync::model_sim
