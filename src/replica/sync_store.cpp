#include "replica/sync_store.h"

#include "model/limits.h"
#include "replica/stored.h"
#include "replica/sync_transaction.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::Operation;
using storage::Statement;
using storage::WriteTxn;

namespace {

/// Who is not among them any more stays as a former member, so that what they wrote keeps its author's name.
void replace_members(WriteTxn& txn, WorkspaceKey key, const wire::WorkspaceInfo& info) {
  txn.run("UPDATE member SET is_former = 1 WHERE workspace = ?1", key.value);
  for (const wire::MemberInfo& member : info.former)
    txn.run(
        "INSERT INTO member (workspace, user, name, email, role, is_former) VALUES (?1, ?2, ?3, '', ?4, 1) "
        "ON CONFLICT (workspace, user) DO UPDATE SET name = excluded.name",
        key.value, member.id, member.name, model::name_of(model::Role::viewer));
  for (const wire::MemberInfo& member : info.members)
    txn.run("INSERT OR REPLACE INTO member (workspace, user, name, email, role) VALUES (?1, ?2, ?3, ?4, ?5)",
            key.value, member.id, member.name, member.email, model::name_of(member.role));
}

void insert_workspace(WriteTxn& txn, const wire::WorkspaceInfo& info, base::Random& random) {
  txn.run(
      "INSERT INTO workspace (id, kind, name, role, strategy, space, replica, next_n, epoch, cursor, head, "
      "state) "
      "VALUES (?1, ?2, ?3, ?4, ?5, (SELECT next_space FROM store), ?6, 1, 0, 0, 0, 'live')",
      info.id, model::name_of(info.kind), info.name, model::name_of(info.role), model::name_of(info.strategy),
      model::ReplicaId::random(random));
  txn.run("UPDATE store SET next_space = next_space + 1");
}

std::size_t encoded_size(std::string_view operation) { return operation.size() + 1; }

/// The run of operations that the query starts with, with the whole tx of the last one where it fits. The
/// query gives more than max_operations.
std::vector<Operation> read_batch(Statement rows, std::size_t max_operations) {
  std::vector<Operation> batch;
  std::size_t bytes = 0, whole = 0; // `whole`: how many end on the border of a tx
  while (rows.step()) {
    Operation next = load_operation(rows.column_text(0));
    if (!batch.empty() && next.n != batch.back().n + 1) break;
    const bool starts_tx = next.tx.is_empty() || batch.empty() || next.tx != batch.back().tx;
    if (starts_tx) whole = batch.size();
    bytes += encoded_size(rows.column_text(0));
    const bool is_over = batch.size() >= max_operations || bytes > model::limits::k_batch_bytes - 4096;
    if (is_over && whole > 0) {
      batch.resize(whole);
      return batch;
    }
    batch.push_back(std::move(next));
  }
  return batch;
}

std::uint64_t rows_for(std::size_t max_operations) {
  return std::max(max_operations, model::limits::k_tx_operations) + 1;
}

} // namespace

Result<std::vector<WorkspaceRow>> SyncStore::hub_workspaces() {
  return replica_.read([](Reader& reader) -> Result<std::vector<WorkspaceRow>> {
    std::vector<WorkspaceRow> rows = reader.workspaces();
    std::erase_if(rows, [](const WorkspaceRow& row) { return row.kind == model::WorkspaceKind::local; });
    return rows;
  });
}

Result<> SyncStore::adopt_account(const wire::Me& me) {
  return write([&](WriteTxn& txn) -> Result<> {
    const model::UserId bound = store_user(txn);
    if (!bound.is_empty() && bound != me.id)
      return Error{
          ErrorCode::permission,
          "this memory belongs to another account of the hub: use another MEMSYNC_HOME for this one"};
    txn.run("UPDATE store SET user = ?1, user_name = ?2, user_email = ?3", me.id, me.name, me.email);
    txn.run("UPDATE workspace SET state = 'unknown_to_hub' WHERE kind <> 'local'");
    for (const wire::WorkspaceInfo& info : me.workspaces) {
      Reader reader(txn, replica_.clock().now());
      if (!reader.find_workspace(info.id)) insert_workspace(txn, info, replica_.random());
      txn.run(
          "UPDATE workspace SET name = ?2, role = ?3, strategy = ?4, kind = ?5, state = 'live' WHERE id = ?1",
          info.id, info.name, model::name_of(info.role), model::name_of(info.strategy),
          model::name_of(info.kind));
      replace_members(txn, reader.workspace(info.id).key, info);
    }
    return {};
  });
}

Result<> SyncStore::set_clock_offset(std::chrono::milliseconds hub_minus_local) {
  return write([&](WriteTxn& txn) -> Result<> {
    txn.run("UPDATE store SET clock_offset = ?1", hub_minus_local.count());
    return {};
  });
}

Result<> SyncStore::mark_unknown_to_hub(const model::WorkspaceId& id) {
  return write_workspace(id, [](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    txn.run("UPDATE workspace SET state = 'unknown_to_hub' WHERE key = ?1", row.key.value);
    return {};
  });
}

Result<wire::PushRequest> SyncStore::next_push(const model::WorkspaceId& id, std::uint64_t after,
                                               std::size_t max_operations) {
  TRY_ASSIGN(const bool has_work, replica_.read([&](Reader& reader) -> Result<bool> {
    const auto row = reader.find_workspace(id);
    return row && reader.has_outbox_above(*row, after);
  }));
  if (!has_work) return wire::PushRequest{};
  wire::PushRequest request;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    request.replica = row.replica;
    request.epoch = row.cursor.epoch;
    Statement rows =
        txn.prepare("SELECT operation FROM outbox WHERE workspace = ?1 AND n > ?2 ORDER BY n LIMIT ?3");
    rows.bind_all(row.key.value, after, rows_for(max_operations));
    request.operations = read_batch(std::move(rows), max_operations);
    if (!request.operations.empty())
      txn.run("UPDATE workspace SET sent_n = max(sent_n, ?2) WHERE key = ?1", row.key.value,
              request.operations.back().n);
    return {};
  }));
  return request;
}

Result<wire::PushRequest> SyncStore::next_offer(const model::WorkspaceId& id, const model::ReplicaId& former,
                                                std::uint64_t after, std::size_t max_operations) {
  wire::PushRequest request;
  request.replica = former;
  TRY(write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    Statement rows = txn.prepare(
        "SELECT operation FROM acknowledged WHERE workspace = ?1 AND replica = ?2 AND n > ?3 ORDER BY n "
        "LIMIT ?4");
    rows.bind_all(row.key.value, former, after, rows_for(max_operations));
    request.operations = read_batch(std::move(rows), max_operations);
    return {};
  }));
  return request;
}

std::set<ItemRef> keep_rejected(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& workspace,
                                std::uint64_t n, ErrorCode code, base::Timestamp now) {
  txn.run(
      "INSERT OR REPLACE INTO rejected (workspace, n, replica, kind, node, code, at, operation) "
      "SELECT workspace, n, ?3, kind, node, ?4, ?5, operation FROM outbox WHERE workspace = ?1 AND n = ?2",
      workspace.key.value, n, workspace.replica, base::error_info(code).name, now);
  return overlay.take(n);
}

void keep_acknowledged(WriteTxn& txn, const WorkspaceRow& workspace, std::uint64_t n, base::Timestamp now) {
  txn.run(
      "INSERT OR REPLACE INTO acknowledged (workspace, replica, n, at, operation) "
      "SELECT workspace, ?3, n, ?4, operation FROM outbox WHERE workspace = ?1 AND n = ?2",
      workspace.key.value, n, workspace.replica, now);
}

std::set<ItemRef> acknowledge(WriteTxn& txn, Overlay& overlay, const WorkspaceRow& workspace, std::uint64_t n,
                              base::Timestamp now) {
  keep_acknowledged(txn, workspace, n, now);
  return overlay.take(n);
}

Result<> SyncStore::note_pushed(const model::WorkspaceId& id, const wire::PushAnswer& answer) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    if (row.cursor.epoch != answer.epoch && row.cursor.epoch.value != 0) return {};
    txn.run("UPDATE workspace SET head = max(head, ?2) WHERE key = ?1", row.key.value, answer.head.value);
    Overlay overlay(txn, row, store_user(txn));
    const base::Timestamp now = hub_time(txn, row);
    std::set<ItemRef> freed;
    for (const model::PushResult& result : answer.results) {
      if (result.sequence > row.cursor.sequence || row.cursor.epoch != answer.epoch) continue;
      freed.merge(
          result.status == model::Status::rejected
              ? keep_rejected(txn, overlay, row, result.n, result.code.value_or(ErrorCode::internal), now)
              : acknowledge(txn, overlay, row, result.n, now));
    }
    overlay.replay(std::move(freed));
    return {};
  });
}

Result<> SyncStore::note_head(const model::WorkspaceId& id, const model::Cursor& head) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    if (row.cursor.epoch == head.epoch && row.head < head.sequence)
      txn.run("UPDATE workspace SET head = ?2 WHERE key = ?1", row.key.value, head.sequence.value);
    return {};
  });
}

Result<> SyncStore::note_compared(const model::WorkspaceId& id) {
  return write_workspace(id, [&](WriteTxn& txn, const WorkspaceRow& row) -> Result<> {
    txn.run("UPDATE workspace SET compared_at = ?2 WHERE key = ?1", row.key.value, replica_.clock().now());
    return {};
  });
}

} // namespace memsync::replica
