#include "replica/salvage.h"

#include <fmt/format.h>

#include "base/json.h"
#include "replica/search_index.h"
#include "replica/set_aside.h"
#include "replica/state.h"
#include "replica/stored.h"
#include "wire/effect_codec.h"

namespace memsync::replica {

using base::Result;
using model::Node;
using model::NodeId;
using storage::Statement;
using storage::WriteTxn;

namespace {

struct DamagedRow {
  std::string id, state;
};

/// The rows whose text does not match their hash or cannot be read.
template <class T>
std::vector<DamagedRow> find_damaged(WriteTxn& txn, Space space, std::string_view table,
                                     T (*load)(std::string_view)) {
  std::vector<DamagedRow> found;
  Statement row = txn.prepare(fmt::format("SELECT id, state, hash FROM {} WHERE space = ?1", table));
  row.bind_all(space.value);
  while (row.step()) {
    try {
      load(checked_state(row, row.column_text(0), 1, 2));
    } catch (const storage::DatabaseError&) {
      found.push_back({std::string(row.column_text(0)), std::string(row.column_text(1))});
    }
  }
  return found;
}

void seal_row(WriteTxn& txn, Space space, std::string_view table, const std::string& id,
              const std::string& state) {
  txn.run(fmt::format("UPDATE {} SET state = ?3, hash = ?4 WHERE space = ?1 AND id = ?2", table), space.value,
          id, state, item_hash(id, state));
}

/// What the search index kept of a node's content; nothing when the index is damaged, too.
std::string indexed_content(WriteTxn& txn, std::int64_t row) {
  try {
    Statement text = txn.prepare("SELECT content FROM prose WHERE rowid = ?1");
    text.bind_all(row);
    return text.step() ? std::string(text.column_text(0)) : std::string();
  } catch (const storage::DatabaseError& error) {
    if (error.error().code != base::ErrorCode::corrupt) throw;
    return {};
  }
}

/// The damaged node as far as its row and the search index still tell it.
Node rebuild_node(WriteTxn& txn, Space space, const DamagedRow& damaged) {
  Node node;
  node.id = NodeId::parse(damaged.id).value_or(NodeId{});
  Statement row = txn.prepare(
      "SELECT title, parent, sibling_key, kind, type, completed, author, created_at, updated_at, edited, "
      "deleted, row FROM node WHERE space = ?1 AND id = ?2");
  row.bind_all(space.value, damaged.id);
  if (!row.step()) return node;
  const auto author = model::UserId::parse(row.column_text(6)).value_or(model::UserId{});
  const model::Sequence edited{std::max<std::uint64_t>(row.column_u64(9), 1)};
  const model::Stamp stamp{edited, model::Hlc::from_time(row.column_time(8)), {}, author};
  node.created.author = author;
  node.created_at = {edited, model::Hlc::from_time(row.column_time(7)), {}, author};
  node.title = {std::string(row.column_text(0)), stamp};
  node.place = {{NodeId::parse(row.column_text(1)).value_or(NodeId{}), std::string(row.column_text(2))},
                stamp};
  node.kind = {model::find_by_name<model::NodeKind>(row.column_text(3)).value_or(model::NodeKind{}), stamp};
  node.type = {std::string(row.column_text(4)), stamp};
  node.completed = {row.column_bool(5), stamp};
  node.deleted = {row.column_bool(10), stamp};
  node.content = {indexed_content(txn, row.column_int64(11)), stamp};
  return node;
}

/// The node enters the index anew. An index that is damaged itself is rebuilt as a whole afterwards.
void forget_index(WriteTxn& txn, Space space, const std::string& id) {
  std::int64_t indexed_as = 0;
  {
    Statement row = txn.prepare("SELECT row FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(space.value, id);
    if (row.step()) indexed_as = row.column_int64(0);
  }
  try {
    remove_from_index(txn, indexed_as);
  } catch (const storage::DatabaseError& error) {
    if (error.error().code != base::ErrorCode::corrupt) throw;
  }
  txn.run("UPDATE node SET indexed = 0 WHERE row = ?1", indexed_as);
}

std::size_t salvage_nodes(WriteTxn& txn, const WorkspaceRow& local, base::Timestamp now) {
  const auto damaged = find_damaged(txn, local.space, "node", &load_node);
  for (const DamagedRow& row : damaged) {
    set_aside_damaged(txn, local.id.view(), local.name, now, row.state);
    auto read = wire::decode_node(row.state);
    const bool is_readable = read && read->id.view() == row.id;
    const Node node = is_readable ? *std::move(read) : rebuild_node(txn, local.space, row);
    seal_row(txn, local.space, "node", row.id, state_text(node));
    // The columns beside it say what the node says again.
    ReplicaState state(txn, local.key, local.space, Indexing::deferred);
    state.write_confirmed(true);
    forget_index(txn, local.space, row.id);
    state.put_node(node, model::FieldSet{});
  }
  return damaged.size();
}

template <class T>
std::size_t salvage_rows(WriteTxn& txn, const WorkspaceRow& local, base::Timestamp now,
                         std::string_view table, T (*load)(std::string_view)) {
  const auto damaged = find_damaged(txn, local.space, table, load);
  for (const DamagedRow& row : damaged) {
    set_aside_damaged(txn, local.id.view(), local.name, now, row.state);
    bool is_readable = false;
    try {
      is_readable = load(row.state).id.view() == row.id;
    } catch (const storage::DatabaseError&) { // not even as text
    }
    if (is_readable) {
      seal_row(txn, local.space, table, row.id, row.state);
    } else {
      txn.run(fmt::format("DELETE FROM {} WHERE space = ?1 AND id = ?2", table), local.space.value, row.id);
    }
  }
  return damaged.size();
}

/// A node whose parent is gone becomes a document of its own.
void adopt_orphans(WriteTxn& txn, const WorkspaceRow& local) {
  std::vector<NodeId> orphans;
  {
    Statement row = txn.prepare(
        "SELECT id FROM node WHERE space = ?1 AND parent <> '' AND NOT EXISTS (SELECT 1 FROM node above "
        "WHERE "
        "above.space = node.space AND above.id = node.parent)");
    row.bind_all(local.space.value);
    while (row.step()) orphans.push_back(row.column_id<NodeId>(0));
  }
  ReplicaState state(txn, local.key, local.space, Indexing::deferred);
  state.write_confirmed(true);
  for (const NodeId& id : orphans) {
    auto node = state.find_node(id);
    if (!node) continue;
    node->place.value.parent = {};
    state.put_node(*node, model::FieldSet{});
  }
}

} // namespace

std::size_t salvage_items(WriteTxn& txn, const WorkspaceRow& local, base::Timestamp now) {
  std::size_t set_aside = salvage_nodes(txn, local, now);
  set_aside += salvage_rows(txn, local, now, "relationship", &load_relationship);
  set_aside += salvage_rows(txn, local, now, "comment", &load_comment);
  set_aside += salvage_rows(txn, local, now, "conflict", &load_conflict);
  adopt_orphans(txn, local);
  return set_aside;
}

} // namespace memsync::replica
