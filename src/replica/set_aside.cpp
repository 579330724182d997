#include "replica/set_aside.h"

#include "base/json.h"
#include "wire/operation_codec.h"

namespace memsync::replica {

using base::Result;
using storage::ReadTxn;
using storage::Statement;
using storage::WriteTxn;

namespace {

std::optional<model::Operation> read_operation(std::string_view text) {
  const auto json = base::parse_json(text);
  if (!json) return std::nullopt;
  auto operation = wire::decode_operation(*json);
  if (!operation) return std::nullopt;
  return *std::move(operation);
}

} // namespace

std::string_view name_of(SetAside::Reason reason) {
  return reason == SetAside::Reason::removed ? "removed" : "damaged";
}

std::vector<SetAside> list_set_aside(ReadTxn& txn) {
  std::vector<SetAside> rows;
  Statement row =
      txn.prepare("SELECT rowid, workspace, name, at, operation, reason FROM quarantine ORDER BY rowid");
  while (row.step()) {
    SetAside found;
    found.key = row.column_int64(0);
    found.workspace = row.column_text(1);
    found.workspace_name = row.column_text(2);
    found.at = row.column_time(3);
    found.text = row.column_text(4);
    found.reason = row.column_text(5) == "damaged" ? SetAside::Reason::damaged : SetAside::Reason::removed;
    found.operation = read_operation(found.text);
    rows.push_back(std::move(found));
  }
  return rows;
}

Result<std::vector<SetAside>> list_set_aside(Replica& replica) {
  return replica.database().read(
      [](ReadTxn& txn) -> Result<std::vector<SetAside>> { return list_set_aside(txn); });
}

Result<std::size_t> discard_set_aside(Replica& replica, const std::vector<std::int64_t>& keys) {
  auto done = replica.database().write([&](WriteTxn& txn) -> Result<std::size_t> {
    std::size_t discarded = 0;
    for (const std::int64_t key : keys) {
      txn.run("DELETE FROM quarantine WHERE rowid = ?1", key);
      discarded += static_cast<std::size_t>(txn.changes());
    }
    return discarded;
  });
  if (done) replica.after_commit();
  return done;
}

void set_aside_damaged(WriteTxn& txn, std::string_view workspace, std::string_view workspace_name,
                       base::Timestamp at, std::string_view text) {
  txn.run(
      "INSERT INTO quarantine (workspace, name, at, operation, reason) VALUES (?1, ?2, ?3, ?4, 'damaged')",
      workspace, workspace_name, at, text);
}

} // namespace memsync::replica
