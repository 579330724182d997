#include <fmt/format.h>

#include "replica/overlay.h"
#include "replica/replica.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Result;
using storage::ReadTxn;
using storage::Statement;

namespace {

/// More of them say nothing new.
constexpr std::size_t k_max_findings = 100;

class Check {
 public:
  explicit Check(ReadTxn& txn) : txn_(txn) {}

  std::vector<std::string> run() {
    check_items();
    check_operations();
    check_overlay();
    check_trees();
    check_index();
    return std::move(findings_);
  }

 private:
  void report(std::string finding) {
    if (findings_.size() < k_max_findings) findings_.push_back(std::move(finding));
  }

  /// Calls `read(statement)` for each row; what it throws about a damaged row is a finding.
  template <class Read>
  void each(std::string_view sql, Read&& read) {
    Statement row = txn_.prepare(sql);
    while (findings_.size() < k_max_findings && row.step()) {
      try {
        read(row);
      } catch (const storage::DatabaseError& error) {
        report(error.error().message);
      }
    }
  }

  /// Every row of the query is a finding; `text` has a {} for its first column.
  void none(std::string_view sql, std::string_view text) {
    each(sql, [&](Statement& row) { report(fmt::format(fmt::runtime(text), row.column_text(0))); });
  }

  void check_items() {
    each("SELECT id, state, hash FROM node",
         [](Statement& row) { load_node(checked_state(row, row.column_text(0), 1, 2)); });
    each("SELECT id, state, hash FROM relationship",
         [](Statement& row) { load_relationship(checked_state(row, row.column_text(0), 1, 2)); });
    each("SELECT id, state, hash FROM comment",
         [](Statement& row) { load_comment(checked_state(row, row.column_text(0), 1, 2)); });
    each("SELECT id, state, hash FROM conflict",
         [](Statement& row) { load_conflict(checked_state(row, row.column_text(0), 1, 2)); });
    each("SELECT id, state, hash FROM base WHERE state IS NOT NULL",
         [](Statement& row) { checked_state(row, row.column_text(0), 1, 2); });
  }

  void check_operations() {
    for (const std::string_view table : {"outbox", "rejected", "acknowledged", "quarantine"})
      each(fmt::format("SELECT operation FROM {}", table),
           [](Statement& row) { load_operation(row.column_text(0)); });
    none("SELECT outbox.n FROM outbox JOIN workspace ON workspace.key = outbox.workspace WHERE n >= next_n",
         "operation {} of the outbox has a number that was not given yet");
    none("SELECT name FROM workspace WHERE cursor > head AND kind <> 'local'",
         "workspace {} has applied more than the hub's log holds");
  }

  /// An item has a base row exactly when an outbox operation touches it.
  void check_overlay() {
    none(
        "SELECT base.id FROM base JOIN workspace ON workspace.space = base.space WHERE NOT EXISTS (SELECT 1 "
        "FROM touch WHERE touch.workspace = workspace.key AND touch.item = base.item AND touch.id = base.id)",
        "{} is kept as changed, but no waiting operation changes it");
    none(
        "SELECT touch.id FROM touch JOIN workspace ON workspace.key = touch.workspace WHERE NOT EXISTS "
        "(SELECT "
        "1 FROM base WHERE base.space = workspace.space AND base.item = touch.item AND base.id = touch.id)",
        "{} is changed by a waiting operation, but its confirmed state is missing");
    none(
        "SELECT touch.n FROM touch WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.workspace = "
        "touch.workspace AND outbox.n = touch.n)",
        "operation {} left the outbox, but not what it touched");
  }

  void check_trees() {
    none(
        "SELECT node.id FROM node JOIN workspace ON workspace.space = node.space WHERE parent <> '' AND NOT "
        "EXISTS (SELECT 1 FROM node above WHERE above.space = node.space AND above.id = node.parent)",
        "node {} hangs under a node that does not exist");
    none(
        "SELECT node.id FROM node JOIN node above ON above.space = node.space AND above.id = node.parent "
        "JOIN "
        "workspace ON workspace.space = node.space WHERE above.document <> node.document",
        "node {} is listed in another document than its parent");
    none(
        "SELECT document_size.document FROM document_size WHERE nodes <> (SELECT count(*) FROM node WHERE "
        "node.space = document_size.space AND node.document = document_size.document AND deleted = 0)",
        "document {} has another number of nodes than counted");
  }

  void check_index() {
    none(
        "SELECT id FROM node WHERE indexed = 1 AND deleted = 0 AND NOT EXISTS (SELECT 1 FROM prose WHERE "
        "prose.rowid = node.row)",
        "node {} is missing in the search index");
  }

  ReadTxn& txn_;
  std::vector<std::string> findings_;
};

} // namespace

Result<std::vector<std::string>> Replica::check() {
  std::vector<std::string> findings;
  if (auto structure = database_->quick_check(); !structure) findings.push_back(structure.error().message);
  TRY_ASSIGN(auto more, database_->read([](ReadTxn& txn) -> Result<std::vector<std::string>> {
    return Check(txn).run();
  }));
  findings.insert(findings.end(), more.begin(), more.end());
  return findings;
}

} // namespace memsync::replica
