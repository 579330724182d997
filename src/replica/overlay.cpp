#include "replica/overlay.h"

#include <algorithm>

#include "base/json.h"
#include "replica/stored.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

using model::Operation;
using model::OperationKind;
using storage::Statement;

Overlay::Overlay(storage::WriteTxn& txn, const WorkspaceRow& workspace, model::UserId user, Indexing indexing)
    : txn_(txn), workspace_(workspace), user_(user), state_(txn, workspace.key, workspace.space, indexing) {}

model::Outcome Overlay::apply(const Operation& operation) {
  const model::Commit commit{model::Sequence{model::Sequence::k_first_provisional + operation.n},
                             operation.clock, workspace_.replica, user_};
  state_.take_missed();
  model::Outcome outcome = model::apply(state_, operation, commit);
  std::set<std::string> missed = state_.take_missed();
  for (const ItemRef& item : state_.take_touched()) {
    missed.erase(item.id);
    txn_.run("INSERT OR IGNORE INTO touch (workspace, item, id, n) VALUES (?1, ?2, ?3, ?4)",
             workspace_.key.value, name_of(item.kind), item.id, operation.n);
  }
  for (const std::string& id : missed)
    txn_.run("INSERT OR IGNORE INTO awaited (workspace, id) VALUES (?1, ?2)", workspace_.key.value, id);
  return outcome;
}

std::set<ItemRef> Overlay::take(std::uint64_t n) {
  std::set<ItemRef> touched = items_touched_by(n);
  txn_.run("DELETE FROM touch WHERE workspace = ?1 AND n = ?2", workspace_.key.value, n);
  txn_.run("DELETE FROM outbox WHERE workspace = ?1 AND n = ?2", workspace_.key.value, n);
  return touched;
}

void Overlay::replay(std::set<ItemRef> items) {
  // Without a base nothing is on top of an item: most operations leave nothing behind but what the hub
  // confirmed.
  std::erase_if(items, [&](const ItemRef& item) { return !state_.has_base(item); });
  if (items.empty()) return;
  std::set<std::uint64_t> operations;
  std::vector<ItemRef> open(items.begin(), items.end());
  while (!open.empty()) {
    const ItemRef item = std::move(open.back());
    open.pop_back();
    for (const std::uint64_t n : operations_touching(item)) {
      if (!operations.insert(n).second) continue;
      for (const ItemRef& other : items_touched_by(n))
        if (items.insert(other).second) open.push_back(other);
    }
  }
  const std::vector<Link> before = links_of(items);
  for (const ItemRef& item : items) state_.reset(item);
  std::set<ItemRef> touched;
  for (const std::uint64_t n : operations) {
    apply_again(n);
    touched.merge(items_touched_by(n));
  }
  // Another outcome for the tree (a delete that waits now, say) changes what operations on other items do.
  const bool touches_others = !std::includes(items.begin(), items.end(), touched.begin(), touched.end());
  if (touches_others || links_of(items) != before) replay_all();
}

std::vector<Overlay::Link> Overlay::links_of(const std::set<ItemRef>& items) {
  std::vector<Link> links;
  for (const ItemRef& item : items) {
    if (item.kind != ItemKind::node) continue;
    const auto link = state_.find_link(model::NodeId::parse(item.id).value_or(model::NodeId{}));
    links.push_back(link ? Link{true, link->deleted, link->parent} : Link{});
  }
  return links;
}

void Overlay::replay_all() {
  for (const ItemRef& item : state_.items_with_base()) state_.reset(item);
  rebuild();
}

void Overlay::rebuild() {
  std::vector<std::uint64_t> operations;
  {
    Statement rows = txn_.prepare("SELECT n FROM outbox WHERE workspace = ?1 ORDER BY n");
    rows.bind_all(workspace_.key.value);
    while (rows.step()) operations.push_back(rows.column_u64(0));
  }
  txn_.run("DELETE FROM touch WHERE workspace = ?1", workspace_.key.value);
  txn_.run("DELETE FROM awaited WHERE workspace = ?1", workspace_.key.value);
  for (const std::uint64_t n : operations) apply_again(n);
}

bool Overlay::is_awaited(std::string_view id) {
  Statement row = txn_.prepare("SELECT 1 FROM awaited WHERE workspace = ?1 AND id = ?2");
  row.bind_all(workspace_.key.value, id);
  return row.step();
}

bool Overlay::is_empty() {
  Statement row = txn_.prepare("SELECT 1 FROM outbox WHERE workspace = ?1 LIMIT 1");
  row.bind_all(workspace_.key.value);
  return !row.step();
}

std::set<std::uint64_t> Overlay::operations_touching(const ItemRef& item) {
  std::set<std::uint64_t> operations;
  Statement rows = txn_.prepare("SELECT n FROM touch WHERE workspace = ?1 AND item = ?2 AND id = ?3");
  rows.bind_all(workspace_.key.value, name_of(item.kind), item.id);
  while (rows.step()) operations.insert(rows.column_u64(0));
  return operations;
}

std::set<ItemRef> Overlay::items_touched_by(std::uint64_t n) {
  std::set<ItemRef> items;
  Statement rows = txn_.prepare("SELECT item, id FROM touch WHERE workspace = ?1 AND n = ?2");
  rows.bind_all(workspace_.key.value, n);
  while (rows.step())
    for (const ItemKind kind :
         {ItemKind::node, ItemKind::relationship, ItemKind::comment, ItemKind::conflict})
      if (name_of(kind) == rows.column_text(0)) items.insert({kind, std::string(rows.column_text(1))});
  return items;
}

void Overlay::apply_again(std::uint64_t n) {
  std::optional<Operation> operation;
  {
    Statement row = txn_.prepare("SELECT operation FROM outbox WHERE workspace = ?1 AND n = ?2");
    row.bind_all(workspace_.key.value, n);
    if (row.step()) operation = load_operation(row.column_text(0));
  }
  if (!operation) return;
  txn_.run("DELETE FROM touch WHERE workspace = ?1 AND n = ?2", workspace_.key.value, n);
  // What does not apply on top of the new confirmed state (its node is gone, say) stays in the outbox
  // without effect: the hub decides, and its log entry says what became of it.
  if (operation->newer_kind.empty()) apply(*operation);
}

void insert_into_outbox(storage::WriteTxn& txn, WorkspaceKey workspace, const Operation& operation,
                        const model::NodeId& node, base::Timestamp at) {
  std::string document = operation.document.str();
  {
    Statement row = txn.prepare(
        "SELECT document FROM node WHERE space = (SELECT space FROM workspace WHERE key = ?1) AND id = ?2");
    row.bind_all(workspace.value, node);
    if (row.step()) document = row.column_text(0);
  }
  const std::string_view other_document =
      operation.document.view() == document ? std::string_view() : operation.document.view();
  txn.run(
      "INSERT INTO outbox (workspace, n, hash, kind, target, node, document, other_document, tx, at, "
      "operation) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      workspace.value, operation.n, operation.hash, model::name_of(operation.kind), operation.target,
      node.view(), document, other_document, operation.tx.view(), at, wire::encode_operation(operation));
}

model::NodeId node_of(model::State& state, const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::comment: return operation.node;
    case OperationKind::relate: return operation.from;
    case OperationKind::unrelate: {
      const auto relationship = state.find_relationship(operation.target_relationship());
      return relationship ? relationship->from : model::NodeId{};
    }
    case OperationKind::resolve: {
      const auto conflict = state.find_conflict(operation.target_conflict());
      return conflict ? conflict->node : model::NodeId{};
    }
    case OperationKind::create:
    case OperationKind::update:
    case OperationKind::remove:
    case OperationKind::restore:
    case OperationKind::move:
    case OperationKind::complete:
    case OperationKind::reopen:
    case OperationKind::assign: return operation.target_node();
  }
  return {};
}

Operation load_operation(std::string_view text) {
  auto json = base::parse_json(text);
  auto operation = json ? wire::decode_operation(*json) : base::Result<Operation>(json.error());
  if (operation && wire::has_valid_hash(*operation)) return *std::move(operation);
  throw storage::DatabaseError(
      {base::ErrorCode::corrupt, "a stored operation is damaged: run \"memsync doctor\" to see which"});
}

} // namespace memsync::replica
