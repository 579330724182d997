#pragma once

#include <functional>
#include <set>

#include "model/apply.h"
#include "replica/rows.h"
#include "storage/database.h"

namespace memsync::replica {

/// The kinds of rows that have a confirmed base.
enum class ItemKind { node, relationship, comment, conflict };
std::string_view name_of(ItemKind kind);

struct ItemRef {
  ItemKind kind = ItemKind::node;
  std::string id;
  auto operator<=>(const ItemRef&) const = default;
};

/// The text that the node's register had right after `sequence`, or that it was not set; nothing when the
/// history does not tell, since it never changed there.
std::optional<std::optional<std::string>> find_recorded_value(storage::ReadTxn& txn, WorkspaceKey workspace,
                                                              const model::NodeId& node, model::Field field,
                                                              model::Sequence sequence);

/// Whether new nodes enter the search index in this transaction or later (index_slice). A node that is in
/// it already is kept up to date in either case.
enum class Indexing { immediate, deferred };

/// The visible items of one space as the State that operations apply to. Reads stored rows, checking
/// their hashes (a damaged row throws what the transaction turns into `corrupt`).
///
/// Two ways of writing: `put_*` (from model::apply) writes an outbox operation's effect on top of the
/// confirmed state, which it keeps in `base` first; `install` writes what the hub confirmed, below the
/// outbox where there is one.
class ReplicaState final : public model::State {
 public:
  ReplicaState(storage::WriteTxn& txn, WorkspaceKey workspace, Space space,
               Indexing indexing = Indexing::immediate);

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

  /// True from now on: writes are final (the local workspace, or a snapshot being staged): no base.
  void write_confirmed(bool confirmed) { confirmed_ = confirmed; }

  /// The items written through put_* since the last call: what an outbox operation touches.
  std::set<ItemRef> take_touched();

  /// The ids that were looked up since the last call and are of no visible item.
  std::set<std::string> take_missed() { return std::exchange(missed_, {}); }

  /// Installs confirmed values. Returns true when the item has outbox operations on top, so that it
  /// must be reset and replayed.
  bool install(const model::NodeEffect& effect);
  bool install(const model::Relationship& relationship);
  bool install(const model::Comment& comment);
  bool install(const model::Conflict& conflict);

  /// The confirmed node, whether or not something is on top; nothing when the hub does not know it.
  std::optional<model::Node> find_confirmed(const model::NodeId& id);

  /// Puts the item back to its confirmed state (removing it when there is none) and forgets the base.
  void reset(const ItemRef& item);
  /// Whether an operation of the outbox is on top of the item, or was until its own entry came.
  bool has_base(const ItemRef& item) { return find_base(item.kind, item.id).has_value(); }
  /// Every item with a base.
  std::vector<ItemRef> items_with_base();

 private:
  /// Makes sure that `base` has the confirmed state of an item about to be overlaid.
  void keep_base(ItemKind kind, std::string_view id);
  struct Base {
    std::optional<std::string> state; // nothing: the hub does not know the item
  };
  std::optional<Base> find_base(ItemKind kind, std::string_view id);
  void store_base(ItemKind kind, std::string_view id, const std::string& state);
  void drop_base(ItemKind kind, std::string_view id);
  /// Whether an operation of the outbox is on top of the item.
  bool is_touched(ItemKind kind, std::string_view id);
  void overlay(ItemKind kind, std::string_view id);
  template <class T>
  std::optional<T> find_item(ItemKind kind, std::string_view id, T (*load)(std::string_view));
  template <class Row>
  bool put_confirmed(ItemKind kind, const Row& row, bool has_base);
  template <class Row>
  bool install_row(const Row& row);

  void write(const model::Node& node);
  void restamp(std::int64_t row, const model::Node& node, const std::string& state);
  void write(const model::Relationship& relationship);
  void write(const model::Comment& comment);
  void write(const model::Conflict& conflict);
  void erase(const ItemRef& item);
  std::string document_of(const model::Node& node);
  void move_descendants(const model::NodeId& root, const std::string& document);

  storage::WriteTxn& txn_;
  WorkspaceKey workspace_;
  Space space_;
  Indexing indexing_;
  bool confirmed_ = false;
  std::set<ItemRef> touched_;
  std::set<std::string> missed_;
  std::optional<bool> has_bases_; // whether any item of the space has one, when that is known
  std::pair<model::NodeId, std::string> parent_document_; // the last answer of document_of
};

} // namespace memsync::replica
