#include "replica/state.h"

#include <fmt/format.h>

#include "model/register_text.h"
#include "replica/overlay.h"
#include "replica/search_index.h"
#include "replica/stored.h"
#include "wire/effect_codec.h"

namespace memsync::replica {

using model::Comment;
using model::Conflict;
using model::Node;
using model::NodeId;
using model::Relationship;
using storage::Statement;
using storage::WriteTxn;

namespace {

constexpr std::string_view k_item_names[] = {"node", "relationship", "comment", "conflict"};

std::string_view select_state(ItemKind kind) {
  switch (kind) {
    case ItemKind::node: return "SELECT state, hash FROM node WHERE space = ?1 AND id = ?2";
    case ItemKind::relationship: return "SELECT state, hash FROM relationship WHERE space = ?1 AND id = ?2";
    case ItemKind::comment: return "SELECT state, hash FROM comment WHERE space = ?1 AND id = ?2";
    case ItemKind::conflict: return "SELECT state, hash FROM conflict WHERE space = ?1 AND id = ?2";
  }
  return {};
}

// What overloads in templates need to know of each kind of item but the node, which is richer.
constexpr ItemKind kind_of(const Relationship&) { return ItemKind::relationship; }
constexpr ItemKind kind_of(const Comment&) { return ItemKind::comment; }
constexpr ItemKind kind_of(const Conflict&) { return ItemKind::conflict; }

} // namespace

std::string_view name_of(ItemKind kind) { return k_item_names[static_cast<std::size_t>(kind)]; }

ReplicaState::ReplicaState(WriteTxn& txn, WorkspaceKey workspace, Space space, Indexing indexing)
    : txn_(txn), workspace_(workspace), space_(space), indexing_(indexing) {}

/// The item's visible row, through `load`, or nothing.
template <class T>
std::optional<T> ReplicaState::find_item(ItemKind kind, std::string_view id, T (*load)(std::string_view)) {
  Statement row = txn_.prepare(select_state(kind));
  row.bind_all(space_.value, id);
  if (row.step()) return load(checked_state(row, id, 0, 1));
  missed_.emplace(id);
  return std::nullopt;
}

std::optional<Node> ReplicaState::find_node(const NodeId& id) {
  return find_item(ItemKind::node, id.view(), &load_node);
}

std::optional<model::TreeLink> ReplicaState::find_link(const NodeId& id) {
  model::TreeLink link;
  {
    Statement row = txn_.prepare("SELECT parent, deleted FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(space_.value, id);
    if (!row.step()) {
      missed_.insert(id.str());
      return std::nullopt;
    }
    link.parent = NodeId::parse(row.column_text(0)).value_or(NodeId{});
    link.deleted = row.column_bool(1);
  }
  if (link.deleted) link.deleted_stamp = find_node(id).value_or(Node{}).deleted.stamp;
  return link;
}

std::optional<Relationship> ReplicaState::find_relationship(const model::RelationshipId& id) {
  return find_item(ItemKind::relationship, id.view(), &load_relationship);
}

std::optional<Comment> ReplicaState::find_comment(const model::CommentId& id) {
  return find_item(ItemKind::comment, id.view(), &load_comment);
}

std::optional<Conflict> ReplicaState::find_conflict(const model::ConflictId& id) {
  return find_item(ItemKind::conflict, id.view(), &load_conflict);
}

std::vector<NodeId> ReplicaState::nodes_edited_after(model::Sequence sequence) {
  std::vector<NodeId> ids;
  Statement rows = txn_.prepare("SELECT id FROM node WHERE space = ?1 AND edited > ?2 AND deleted = 0");
  rows.bind_all(space_.value, sequence.value);
  while (rows.step()) ids.push_back(rows.column_id<NodeId>(0));
  return ids;
}

std::optional<std::vector<NodeId>> ReplicaState::find_children(const NodeId& id) {
  std::vector<NodeId> ids;
  Statement rows = txn_.prepare("SELECT id FROM node WHERE space = ?1 AND parent = ?2");
  rows.bind_all(space_.value, id);
  while (rows.step()) ids.push_back(rows.column_id<NodeId>(0));
  return ids;
}

std::optional<std::string> ReplicaState::find_text(const NodeId& id, const base::Hash128& hash,
                                                   model::Sequence after) {
  {
    Statement rows = txn_.prepare("SELECT operation FROM outbox WHERE workspace = ?1 AND node = ?2");
    rows.bind_all(workspace_.value, id);
    while (rows.step()) {
      const auto content = load_operation(rows.column_text(0)).fields.content;
      if (content && base::Hash128::of(content->text) == hash) return content->text;
    }
  }
  Statement rows = txn_.prepare(
      "SELECT old_value, new_value FROM change WHERE workspace = ?1 AND node = ?2 AND field = 'content' "
      "AND sequence > ?3 ORDER BY sequence DESC");
  rows.bind_all(workspace_.value, id, after.value);
  Node holder;
  while (rows.step())
    for (const int column : {1, 0})
      if (model::set_register_text(holder, model::Field::content, rows.column_text(column)) &&
          base::Hash128::of(holder.content.value) == hash)
        return holder.content.value;
  return std::nullopt;
}

std::optional<std::optional<std::string>> find_recorded_value(storage::ReadTxn& txn, WorkspaceKey workspace,
                                                              const NodeId& node, model::Field field,
                                                              model::Sequence sequence) {
  using Value = std::optional<std::string>;
  const auto find = [&](std::string_view sql) -> std::optional<Value> {
    Statement row = txn.prepare(sql);
    row.bind_all(workspace.value, node, model::name_of(field), sequence.value);
    if (!row.step()) return std::nullopt;
    return row.is_null(0) ? Value() : Value(row.column_text(0));
  };
  if (auto set_before = find(
          "SELECT new_value FROM change WHERE workspace = ?1 AND node = ?2 AND field = ?3 AND sequence <= ?4 "
          "AND lost = 0 ORDER BY sequence DESC LIMIT 1"))
    return set_before;
  return find(
      "SELECT old_value FROM change WHERE workspace = ?1 AND node = ?2 AND field = ?3 AND sequence > ?4 "
      "AND lost = 0 ORDER BY sequence LIMIT 1");
}

std::optional<std::string> ReplicaState::find_value_at(const NodeId& id, model::Field field,
                                                       model::Sequence sequence) {
  const auto recorded = find_recorded_value(txn_, workspace_, id, field, sequence);
  if (recorded && *recorded) return *recorded;
  // Never changed as far as history goes: it is what it was, unless it was set later.
  const auto node = find_confirmed(id);
  std::optional<std::string> value;
  if (node)
    model::for_each_register(*node, [&](model::Field each, const auto& reg) {
      if (each == field && reg.stamp.sequence <= sequence) value = model::register_text(*node, field);
    });
  return value;
}

// --- on top: the effects of outbox operations ---

void ReplicaState::overlay(ItemKind kind, std::string_view id) {
  if (!confirmed_) keep_base(kind, id);
  touched_.insert({kind, std::string(id)});
}

void ReplicaState::put_node(const Node& node, model::FieldSet) {
  overlay(ItemKind::node, node.id.view());
  write(node);
}

void ReplicaState::put_relationship(const Relationship& relationship) {
  overlay(ItemKind::relationship, relationship.id.view());
  write(relationship);
}

void ReplicaState::put_comment(const Comment& comment) {
  overlay(ItemKind::comment, comment.id.view());
  write(comment);
}

void ReplicaState::put_conflict(const Conflict& conflict) {
  overlay(ItemKind::conflict, conflict.id.view());
  write(conflict);
}

std::set<ItemRef> ReplicaState::take_touched() { return std::exchange(touched_, {}); }

// --- below: what the hub confirmed ---

bool ReplicaState::install(const model::NodeEffect& effect) {
  const auto base = find_base(ItemKind::node, effect.node.id.view());
  Node node;
  if (base) {
    if (base->state) node = load_node(*base->state);
  } else {
    node = find_node(effect.node.id).value_or(Node{});
  }
  model::install(node, effect);
  if (node.id.is_empty())
    throw storage::DatabaseError(
        base::Error{base::ErrorCode::resync,
                    fmt::format("the hub changed node {}, which this replica lacks", effect.node.id.view())});
  return put_confirmed(ItemKind::node, node, base.has_value());
}

template <class Row>
bool ReplicaState::put_confirmed(ItemKind kind, const Row& row, bool has_base) {
  if (has_base && is_touched(kind, row.id.view())) {
    store_base(kind, row.id.view(), state_text(row));
    return true;
  }
  write(row);
  // The last operation on top was acknowledged just now: what is confirmed is visible again.
  if (has_base) drop_base(kind, row.id.view());
  return false;
}

template <class Row>
bool ReplicaState::install_row(const Row& row) {
  const ItemKind kind = kind_of(row);
  return put_confirmed(kind, row, find_base(kind, row.id.view()).has_value());
}

bool ReplicaState::install(const Relationship& row) { return install_row(row); }
bool ReplicaState::install(const Comment& row) { return install_row(row); }
bool ReplicaState::install(const Conflict& row) { return install_row(row); }

std::optional<Node> ReplicaState::find_confirmed(const NodeId& id) {
  const auto base = find_base(ItemKind::node, id.view());
  if (!base) return find_node(id);
  if (!base->state) return std::nullopt;
  return load_node(*base->state);
}

void ReplicaState::reset(const ItemRef& item) {
  const auto base = find_base(item.kind, item.id);
  if (!base) return;
  if (!base->state) {
    erase(item);
  } else {
    switch (item.kind) {
      case ItemKind::node: write(load_node(*base->state)); break;
      case ItemKind::relationship: write(load_relationship(*base->state)); break;
      case ItemKind::comment: write(load_comment(*base->state)); break;
      case ItemKind::conflict: write(load_conflict(*base->state)); break;
    }
  }
  drop_base(item.kind, item.id);
}

bool ReplicaState::is_touched(ItemKind kind, std::string_view id) {
  Statement row = txn_.prepare("SELECT 1 FROM touch WHERE workspace = ?1 AND item = ?2 AND id = ?3 LIMIT 1");
  row.bind_all(workspace_.value, name_of(kind), id);
  return row.step();
}

std::vector<ItemRef> ReplicaState::items_with_base() {
  std::vector<ItemRef> items;
  for (const ItemKind kind :
       {ItemKind::node, ItemKind::relationship, ItemKind::comment, ItemKind::conflict}) {
    Statement rows = txn_.prepare("SELECT id FROM base WHERE space = ?1 AND item = ?2");
    rows.bind_all(space_.value, name_of(kind));
    while (rows.step()) items.push_back({kind, std::string(rows.column_text(0))});
  }
  return items;
}

void ReplicaState::keep_base(ItemKind kind, std::string_view id) {
  if (find_base(kind, id)) return;
  std::optional<std::string> state;
  {
    Statement row = txn_.prepare(select_state(kind));
    row.bind_all(space_.value, id);
    if (row.step()) state = checked_state(row, id, 0, 1);
  }
  has_bases_ = true;
  txn_.run("INSERT INTO base (space, item, id, state, hash) VALUES (?1, ?2, ?3, ?4, ?5)", space_.value,
           name_of(kind), id, state, state ? std::optional(item_hash(id, *state)) : std::nullopt);
}

std::optional<ReplicaState::Base> ReplicaState::find_base(ItemKind kind, std::string_view id) {
  if (!has_bases_) {
    Statement any = txn_.prepare("SELECT 1 FROM base WHERE space = ?1 LIMIT 1");
    any.bind_all(space_.value);
    has_bases_ = any.step();
  }
  if (!*has_bases_) return std::nullopt;
  Statement row = txn_.prepare("SELECT state, hash FROM base WHERE space = ?1 AND item = ?2 AND id = ?3");
  row.bind_all(space_.value, name_of(kind), id);
  if (!row.step()) return std::nullopt;
  if (row.is_null(0)) return Base{};
  return Base{std::string(checked_state(row, id, 0, 1))};
}

void ReplicaState::store_base(ItemKind kind, std::string_view id, const std::string& state) {
  txn_.run("UPDATE base SET state = ?4, hash = ?5 WHERE space = ?1 AND item = ?2 AND id = ?3", space_.value,
           name_of(kind), id, state, item_hash(id, state));
}

void ReplicaState::drop_base(ItemKind kind, std::string_view id) {
  txn_.run("DELETE FROM base WHERE space = ?1 AND item = ?2 AND id = ?3", space_.value, name_of(kind), id);
}

// --- rows ---

std::string ReplicaState::document_of(const Node& node) {
  const NodeId parent = node.place.value.parent;
  if (parent.is_empty()) return node.id.str();
  if (parent_document_.first == parent) return parent_document_.second;
  Statement row = txn_.prepare("SELECT document FROM node WHERE space = ?1 AND id = ?2");
  row.bind_all(space_.value, parent);
  // While a snapshot is staged the parent may come later: finishing it sets the documents again.
  if (!row.step()) return parent.str();
  parent_document_ = {parent, std::string(row.column_text(0))};
  return parent_document_.second;
}

void ReplicaState::move_descendants(const NodeId& root, const std::string& document) {
  parent_document_ = {};
  txn_.run(
      "WITH RECURSIVE below (id) AS (SELECT ?2 UNION SELECT node.id FROM node JOIN below ON node.space = ?1 "
      "AND "
      "node.parent = below.id) UPDATE node SET document = ?3 WHERE space = ?1 AND id IN below AND document "
      "<> ?3",
      space_.value, root, document);
}

void ReplicaState::write(const Node& node) {
  const std::string state = state_text(node);
  std::int64_t row = 0;
  bool is_indexed = false;
  std::optional<Node> before;
  std::string document_before;
  {
    Statement old =
        txn_.prepare("SELECT row, indexed, state, document FROM node WHERE space = ?1 AND id = ?2");
    old.bind_all(space_.value, node.id);
    if (old.step()) {
      row = old.column_int64(0);
      if (wire::has_same_registers(old.column_text(2), state)) return old.reset(), restamp(row, node, state);
      is_indexed = old.column_bool(1);
      if (is_indexed) before = load_node(old.column_text(2));
      document_before = old.column_text(3);
    }
  }
  const std::string document = document_of(node);
  const model::Stamp& newest = newest_stamp(node);
  const bool index_now = is_indexed || (row == 0 && indexing_ == Indexing::immediate);
  Statement put = txn_.prepare(
      "INSERT INTO node (space, id, document, parent, sibling_key, deleted, edited, kind, type, title, "
      "completed, "
      "assignee, author, created_at, updated_at, updated_by, indexed, state, hash) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) "
      "ON CONFLICT (space, id) DO UPDATE SET document = ?3, parent = ?4, sibling_key = ?5, deleted = ?6, "
      "edited = ?7, "
      "kind = ?8, type = ?9, title = ?10, completed = ?11, assignee = ?12, author = ?13, created_at = ?14, "
      "updated_at = ?15, updated_by = ?16, state = ?18, hash = ?19");
  put.bind_all(space_.value, node.id, document, node.place.value.parent.view(), node.place.value.key,
               node.deleted.value, edited_at(node).value, model::name_of(node.kind.value), node.type.value,
               node.title.value, node.completed.value, node.assignee.value.view(), node.created.author.view(),
               node.created_at.clock.time(), newest.clock.time(), newest.author.view(), index_now, state,
               item_hash(node.id.view(), state));
  put.run();
  if (row != 0 && document_before != document) move_descendants(node.id, document);
  if (index_now) update_index(txn_, row ? row : txn_.last_insert_rowid(), before ? &*before : nullptr, &node);
}

/// Writes a node of which only the stamps are others than those stored, as when the hub confirms what is
/// visible already: its place, its texts and what is indexed of them stay.
void ReplicaState::restamp(std::int64_t row, const Node& node, const std::string& state) {
  const model::Stamp& newest = newest_stamp(node);
  txn_.run(
      "UPDATE node SET edited = ?2, author = ?3, created_at = ?4, updated_at = ?5, updated_by = ?6, "
      "state = ?7, hash = ?8 WHERE row = ?1",
      row, edited_at(node).value, node.created.author.view(), node.created_at.clock.time(),
      newest.clock.time(), newest.author.view(), state, item_hash(node.id.view(), state));
}

void ReplicaState::write(const Relationship& r) {
  const std::string state = state_text(r);
  txn_.run(
      "INSERT OR REPLACE INTO relationship (space, id, type, from_node, to_node, deleted, state, hash) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      space_.value, r.id, r.type, r.from, r.to, r.deleted, state, item_hash(r.id.view(), state));
}

void ReplicaState::write(const Comment& c) {
  const std::string state = state_text(c);
  txn_.run("INSERT OR REPLACE INTO comment (space, id, node, state, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
           space_.value, c.id, c.node, state, item_hash(c.id.view(), state));
}

void ReplicaState::write(const Conflict& c) {
  const std::string state = state_text(c);
  txn_.run(
      "INSERT OR REPLACE INTO conflict (space, id, node, resolved, state, hash) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6)",
      space_.value, c.id, c.node, c.resolved, state, item_hash(c.id.view(), state));
}

void ReplicaState::erase(const ItemRef& item) {
  parent_document_ = {};
  switch (item.kind) {
    case ItemKind::node: {
      std::int64_t row = 0;
      std::optional<Node> before;
      {
        Statement old = txn_.prepare("SELECT row, indexed, state FROM node WHERE space = ?1 AND id = ?2");
        old.bind_all(space_.value, item.id);
        if (!old.step()) return;
        row = old.column_int64(0);
        if (old.column_bool(1)) before = load_node(old.column_text(2));
      }
      if (before) update_index(txn_, row, &*before, nullptr);
      return txn_.run("DELETE FROM node WHERE row = ?1", row);
    }
    case ItemKind::relationship:
      return txn_.run("DELETE FROM relationship WHERE space = ?1 AND id = ?2", space_.value, item.id);
    case ItemKind::comment:
      return txn_.run("DELETE FROM comment WHERE space = ?1 AND id = ?2", space_.value, item.id);
    case ItemKind::conflict:
      return txn_.run("DELETE FROM conflict WHERE space = ?1 AND id = ?2", space_.value, item.id);
  }
}

} // namespace memsync::replica
