#include <algorithm>

#include "base/json.h"
#include "replica/search_index.h"
#include "replica/stored.h"
#include "replica/sync_transaction.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

using base::Result;
using model::Operation;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// Rows deleted per transaction when a space is emptied: 20 ms under the writer lock.
constexpr int k_purge_slice = 500;

std::vector<Operation> read_operations(WriteTxn& txn, std::string_view sql, WorkspaceKey key) {
  std::vector<Operation> operations;
  Statement rows = txn.prepare(sql);
  rows.bind_all(key.value);
  while (rows.step()) operations.push_back(load_operation(rows.column_text(0)));
  return operations;
}

std::vector<Operation> read_outbox(WriteTxn& txn, WorkspaceKey key) {
  return read_operations(txn, "SELECT operation FROM outbox WHERE workspace = ?1 ORDER BY n", key);
}

/// Under the present id, by their numbers.
std::vector<Operation> read_acknowledged(WriteTxn& txn, const WorkspaceRow& row) {
  return read_operations(txn,
                         "SELECT operation FROM acknowledged WHERE workspace = ?1 AND replica = "
                         "(SELECT replica FROM workspace WHERE key = ?1) ORDER BY n",
                         row.key);
}

void forget_acknowledged(WriteTxn& txn, const WorkspaceRow& row, const Operation& operation) {
  txn.run("DELETE FROM acknowledged WHERE workspace = ?1 AND replica = ?2 AND n = ?3", row.key.value,
          row.replica, operation.n);
}

/// The node as it is indexed; nothing when its row is damaged.
std::optional<model::Node> read_indexed(std::string_view state) {
  try {
    return load_node(state);
  } catch (const storage::DatabaseError&) {
    return std::nullopt;
  }
}

/// The outbox becomes exactly these operations, of which those up to `sent_n` were sent. What is on top of
/// the confirmed items is unchanged until the overlay is rebuilt.
void replace_outbox(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& row,
                    const std::vector<Operation>& operations, std::uint64_t sent_n, base::Timestamp now) {
  txn.run("DELETE FROM outbox WHERE workspace = ?1", row.key.value);
  txn.run("UPDATE workspace SET sent_n = ?2 WHERE key = ?1", row.key.value, sent_n);
  for (const Operation& operation : operations)
    insert_into_outbox(txn, row.key, operation, node_of(overlay.state(), operation), now);
}

/// What a hub accepted under a replica id.
class Accepted {
 public:
  Accepted(WriteTxn& txn, const WorkspaceRow& row, const std::vector<wire::OperationMark>& marks)
      : txn_(txn), row_(row) {
    for (const wire::OperationMark& mark : marks) numbers_.emplace(mark.hash, mark.n);
  }

  /// The number that it has there. Also as it was sent to an earlier log, and as the store that this one is a
  /// copy of offered it to a restored hub.
  std::optional<std::uint64_t> find(Operation operation) {
    if (const auto n = number_of(operation.hash)) return n;
    if (const auto n = number_of(earlier_hash(operation))) return n;
    rebase(operation);
    return number_of(operation.hash);
  }

  bool has_other_numbers(const std::vector<Operation>& operations) {
    return std::any_of(operations.begin(), operations.end(), [&](const Operation& operation) {
      return find(operation).value_or(operation.n) != operation.n;
    });
  }

 private:
  std::optional<std::uint64_t> number_of(const base::Hash128& hash) const {
    const auto at = numbers_.find(hash);
    return at == numbers_.end() ? std::nullopt : std::optional(at->second);
  }

  base::Hash128 earlier_hash(const Operation& operation) {
    Statement row = txn_.prepare("SELECT earlier FROM rebased WHERE workspace = ?1 AND hash = ?2");
    row.bind_all(row_.key.value, operation.hash);
    return row.step() ? row.column_hash(0) : operation.hash;
  }

  WriteTxn& txn_;
  const WorkspaceRow& row_;
  std::map<base::Hash128, std::uint64_t> numbers_;
};

/// What an earlier log had acknowledged under the present id and this one has not. A store that was put back
/// to a copy takes it for accepted when another operation has its number, or when it was rejected.
std::vector<Operation> take_unaccepted(WriteTxn& txn, const WorkspaceRow& row, Accepted& accepted) {
  std::vector<Operation> kept = read_acknowledged(txn, row);
  std::erase_if(kept, [&](const Operation& operation) { return accepted.find(operation).has_value(); });
  for (Operation& operation : kept) {
    forget_acknowledged(txn, row, operation);
    rebase_sent(txn, row, operation);
  }
  return kept;
}

/// Takes out what the hub has, with the numbers that it has there.
std::vector<Operation> take_accepted(std::vector<Operation>& operations, Accepted& accepted) {
  std::vector<Operation> found;
  std::erase_if(operations, [&](const Operation& operation) {
    const auto n = accepted.find(operation);
    if (n) found.push_back(operation), found.back().n = *n;
    return n.has_value();
  });
  return found;
}

/// What another log rejected and this one has is not refused any more.
void forget_refusals(WriteTxn& txn, const WorkspaceRow& row, Accepted& accepted) {
  std::vector<std::pair<model::ReplicaId, std::uint64_t>> found;
  {
    Statement rows = txn.prepare("SELECT replica, n, operation FROM rejected WHERE workspace = ?1");
    rows.bind_all(row.key.value);
    while (rows.step())
      if (accepted.find(load_operation(rows.column_text(2))))
        found.emplace_back(rows.column_id<model::ReplicaId>(0), rows.column_u64(1));
  }
  for (const auto& [replica, n] : found)
    txn.run("DELETE FROM rejected WHERE workspace = ?1 AND replica = ?2 AND n = ?3", row.key.value, replica,
            n);
}

/// Numbers above `last_n` are given anew, without a hole: the hub takes no others. Holes are where it had
/// rejected operations, and where acknowledged ones are no longer kept. Returns the next number.
std::uint64_t number_above(std::vector<Operation>& operations, std::uint64_t last_n) {
  std::uint64_t next = last_n + 1;
  for (Operation& operation : operations)
    if (operation.n > last_n) operation.n = next++;
  return next;
}

} // namespace

void rebase_sent(WriteTxn& txn, const WorkspaceRow& row, Operation& operation) {
  const base::Hash128 earlier = operation.hash;
  rebase(operation);
  if (operation.hash == earlier) return;
  txn.run("INSERT OR REPLACE INTO rebased (workspace, hash, earlier) VALUES (?1, ?2, ?3)", row.key.value,
          operation.hash, earlier);
}

void rebase_unsent(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& row, base::Timestamp now) {
  std::vector<Operation> operations = read_outbox(txn, row.key);
  for (Operation& operation : operations)
    if (operation.n > row.sent_n) rebase(operation);
  replace_outbox(txn, overlay, row, operations, row.sent_n, now);
}

void give_up_numbers(WriteTxn& txn, const WorkspaceRow& row, const model::ReplicaId& replica,
                     std::uint64_t last_n, base::Random& random) {
  txn.run("DELETE FROM acknowledged WHERE workspace = ?1 AND replica = ?2 AND n > ?3", row.key.value, replica,
          last_n);
  txn.run("UPDATE rejected SET replica = ?3 WHERE workspace = ?1 AND replica = ?2 AND n > ?4", row.key.value,
          replica, model::ReplicaId::random(random), last_n);
}

Result<> SyncStore::adopt_log(const model::WorkspaceId& id, std::uint64_t last_n,
                              const std::vector<wire::OperationMark>& accepted) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    std::vector<Operation> queue = read_outbox(txn, row.key);
    std::vector<Operation> kept = read_acknowledged(txn, row);
    Accepted of_hub(txn, row, accepted);
    const bool is_renumbered = of_hub.has_other_numbers(queue) || of_hub.has_other_numbers(kept);
    auto first =
        std::find_if(kept.begin(), kept.end(), [&](const Operation& each) { return each.n > last_n; });
    // Where the numbers here are not those there, none of them tells what the hub has.
    while (is_renumbered && first != kept.begin()) forget_acknowledged(txn, row, *--first);
    // Also, as they were sent, those before down to the last that had seen something of a log. If that one is
    // not what the hub has under its number, this store was put back to a copy, and the answer tells what
    // else is not there. Those above it look the same in both logs: the hub tells of each whether it rejected
    // it.
    while (first != kept.begin()) {
      forget_acknowledged(txn, row, *--first);
      if (first->base != model::Sequence{}) break;
    }
    std::move(first, kept.end(), std::back_inserter(queue));
    std::sort(queue.begin(), queue.end(), [](const Operation& a, const Operation& b) { return a.n < b.n; });
    // What the hub has as it was sent stays as it is: the snapshot or a push tells what became of it.
    std::uint64_t sent_n = std::min(row.sent_n, last_n);
    forget_refusals(txn, row, of_hub);
    std::vector<Operation> known = take_accepted(queue, of_hub);
    for (Operation& operation : queue) {
      if (is_renumbered) operation.n += last_n;
      if (operation.n > sent_n) rebase_sent(txn, row, operation);
    }
    std::uint64_t next_n = std::min(row.next_n, number_above(queue, last_n));
    for (const Operation& operation : known) sent_n = std::max(sent_n, operation.n);
    std::move(known.begin(), known.end(), std::back_inserter(queue));
    std::sort(queue.begin(), queue.end(), [](const Operation& a, const Operation& b) { return a.n < b.n; });
    if (!queue.empty()) next_n = std::max(next_n, queue.back().n + 1);
    txn.run("UPDATE workspace SET next_n = ?2 WHERE key = ?1", row.key.value, next_n);
    give_up_numbers(txn, row, row.replica, last_n, replica_.random());
    Overlay overlay(txn, row, store_user(txn));
    for (const ItemRef& item : overlay.state().items_with_base()) overlay.state().reset(item);
    replace_outbox(txn, overlay, row, queue, sent_n, replica_.clock().now());
    overlay.rebuild();
    return {};
  });
}

Result<> SyncStore::renew_replica(const model::WorkspaceId& id,
                                  const std::optional<std::vector<wire::OperationMark>>& accepted) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    std::vector<Operation> queue, rest = read_outbox(txn, row.key);
    if (accepted) {
      Accepted of_hub(txn, row, *accepted);
      const base::Timestamp acknowledged_at = hub_time(txn, row);
      std::erase_if(rest, [&](const Operation& operation) {
        const bool is_accepted = of_hub.find(operation).has_value();
        if (is_accepted) keep_acknowledged(txn, row, operation.n, acknowledged_at);
        return is_accepted;
      });
      queue = take_unaccepted(txn, row, of_hub);
    }
    std::move(rest.begin(), rest.end(), std::back_inserter(queue));
    std::uint64_t n = 0;
    for (Operation& operation : queue) operation.n = ++n;
    WorkspaceRow renewed = row;
    renewed.replica = model::ReplicaId::random(replica_.random());
    renewed.next_n = n + 1;
    txn.run("UPDATE workspace SET replica = ?2, next_n = ?3 WHERE key = ?1", row.key.value, renewed.replica,
            renewed.next_n);
    Overlay overlay(txn, renewed, store_user(txn));
    for (const ItemRef& item : overlay.state().items_with_base()) overlay.state().reset(item);
    replace_outbox(txn, overlay, renewed, queue, 0, replica_.clock().now());
    overlay.rebuild();
    return {};
  });
}

Result<> SyncStore::drop_workspace(const model::WorkspaceId& id, model::Epoch log) {
  has_leftovers_ = true;
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    std::vector<std::string_view> kept{"outbox", "rejected"};
    // What another log acknowledged, this one may lack, and nobody is left to offer it.
    if (row.cursor.epoch != log) kept.push_back("acknowledged");
    for (const std::string_view table : kept)
      txn.run(fmt::format("INSERT INTO quarantine (workspace, name, at, operation) SELECT ?2, ?3, ?4, "
                          "operation FROM {} WHERE workspace = ?1",
                          table),
              row.key.value, row.id, row.name, replica_.clock().now());
    txn.run("DELETE FROM base WHERE space = ?1", row.space.value);
    txn.run("DELETE FROM notification WHERE workspace = ?1", row.id);
    for (const std::string_view sql :
         {"DELETE FROM outbox WHERE workspace = ?1", "DELETE FROM touch WHERE workspace = ?1",
          "DELETE FROM awaited WHERE workspace = ?1", "DELETE FROM rejected WHERE workspace = ?1",
          "DELETE FROM acknowledged WHERE workspace = ?1", "DELETE FROM log WHERE workspace = ?1",
          "DELETE FROM change WHERE workspace = ?1", "DELETE FROM history_gap WHERE workspace = ?1",
          "DELETE FROM member WHERE workspace = ?1", "DELETE FROM told WHERE workspace = ?1",
          "DELETE FROM rebased WHERE workspace = ?1", "DELETE FROM workspace WHERE key = ?1"})
      txn.run(sql, row.key.value);
    txn.run("DELETE FROM tool_call"); // answers may quote what was in it
    return {};
  });
}

Result<bool> SyncStore::purge_some() {
  TRY_ASSIGN(has_leftovers_, write([](WriteTxn& txn) -> Result<bool> {
               constexpr std::string_view k_unused =
                   "NOT IN (SELECT space FROM workspace UNION SELECT staging FROM workspace WHERE staging IS "
                   "NOT NULL)";
               struct Row {
                 std::int64_t row = 0;
                 std::optional<model::Node> indexed;
                 bool is_unreadable = false;
               };
               std::vector<Row> nodes;
               {
                 Statement rows = txn.prepare(
                     fmt::format("SELECT row, indexed, state FROM node WHERE space = (SELECT min(space) "
                                 "FROM node WHERE space {}) LIMIT {}",
                                 k_unused, k_purge_slice));
                 while (rows.step()) {
                   Row row{rows.column_int64(0), std::nullopt};
                   if (rows.column_bool(1)) row.indexed = read_indexed(rows.column_text(2));
                   row.is_unreadable = rows.column_bool(1) && !row.indexed;
                   nodes.push_back(std::move(row));
                 }
               }
               for (const Row& node : nodes) {
                 if (node.indexed) update_index(txn, node.row, &*node.indexed, nullptr);
                 if (node.is_unreadable) remove_from_index(txn, node.row);
                 txn.run("DELETE FROM node WHERE row = ?1", node.row);
               }
               if (!nodes.empty()) return true;
               for (const std::string_view table : {"relationship", "comment", "conflict"})
                 txn.run(fmt::format("DELETE FROM {} WHERE space {}", table, k_unused));
               return false;
             }));
  return has_leftovers_;
}

} // namespace memsync::replica
