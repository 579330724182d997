#include <fmt/format.h>
#include <map>

#include "replica/damage.h"
#include "replica/notifications.h"
#include "replica/overlay.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::ErrorCode;
using base::Result;
using storage::ReadTxn;
using storage::Statement;
using storage::WriteTxn;
using Kind = Damage::Kind;

namespace {

/// More of them say nothing new.
constexpr std::size_t k_max_findings = 100;

class Check {
 public:
  explicit Check(ReadTxn& txn) : txn_(txn) {}

  std::vector<Damage> run() {
    read_spaces();
    check_items();
    check_operations();
    check_overlay();
    check_trees();
    check_index();
    for (const std::string& id : find_damaged_notifications(txn_))
      report(Kind::told, {}, fmt::format("the stored notification {} is damaged", id));
    return std::move(findings_);
  }

 private:
  void report(Kind kind, WorkspaceKey workspace, std::string what) {
    if (findings_.size() < k_max_findings) findings_.push_back({kind, workspace, std::move(what)});
  }

  void read_spaces() {
    Statement rows = txn_.prepare("SELECT key, space, staging FROM workspace");
    while (rows.step()) {
      const WorkspaceKey key{rows.column_int64(0)};
      spaces_[rows.column_int64(1)] = key;
      if (!rows.is_null(2)) spaces_[rows.column_int64(2)] = key;
    }
  }
  WorkspaceKey workspace_of(std::int64_t space) const {
    const auto at = spaces_.find(space);
    return at == spaces_.end() ? WorkspaceKey{} : at->second;
  }

  /// Calls `read(statement)` for each row; what it throws about a damaged row is a finding. The first
  /// column says where the row belongs, the second names it.
  enum class Belongs { to_space, to_workspace };
  template <class Read>
  void each(Kind kind, Belongs belongs, std::string_view sql, Read&& read) {
    Statement row = txn_.prepare(sql);
    while (findings_.size() < k_max_findings && row.step()) {
      const std::int64_t place = row.column_int64(0);
      try {
        read(row);
      } catch (const storage::DatabaseError& error) {
        const auto key = belongs == Belongs::to_space ? workspace_of(place) : WorkspaceKey{place};
        // What an earlier snapshot left behind is about to be deleted, and nothing reads it.
        if (key.value != 0) report(kind, key, error.error().message);
      }
    }
  }

  /// Every row of the query (the key of its workspace, a name) is a finding; `text` has a {} for the name.
  void none(Kind kind, std::string_view sql, std::string_view text) {
    Statement row = txn_.prepare(sql);
    while (findings_.size() < k_max_findings && row.step())
      report(kind, WorkspaceKey{row.column_int64(0)}, fmt::format(fmt::runtime(text), row.column_text(1)));
  }

  void check_items() {
    const auto check = [this](std::string_view table, auto load) {
      each(Kind::item, Belongs::to_space, fmt::format("SELECT space, id, state, hash FROM {}", table),
           [load](Statement& row) { load(checked_state(row, row.column_text(1), 2, 3)); });
    };
    check("node", &load_node);
    check("relationship", &load_relationship);
    check("comment", &load_comment);
    check("conflict", &load_conflict);
    each(Kind::item, Belongs::to_space, "SELECT space, id, state, hash FROM base WHERE state IS NOT NULL",
         [](Statement& row) { checked_state(row, row.column_text(1), 2, 3); });
  }

  void check_operations() {
    for (const std::string_view table : {"outbox", "rejected", "acknowledged"})
      each(Kind::operation, Belongs::to_workspace, fmt::format("SELECT workspace, operation FROM {}", table),
           [](Statement& row) { load_operation(row.column_text(1)); });
    none(Kind::numbering,
         "SELECT workspace.key, outbox.n FROM outbox JOIN workspace ON workspace.key = outbox.workspace "
         "WHERE n >= next_n",
         "operation {} of the outbox has a number that was not given yet");
    none(Kind::numbering, "SELECT key, name FROM workspace WHERE cursor > head AND kind <> 'local'",
         "workspace {} has applied more than the hub's log holds");
  }

  /// An item has a base row exactly when an outbox operation touches it.
  void check_overlay() {
    none(Kind::overlay,
         "SELECT workspace.key, base.id FROM base JOIN workspace ON workspace.space = base.space WHERE NOT "
         "EXISTS (SELECT 1 FROM touch WHERE touch.workspace = workspace.key AND touch.item = base.item AND "
         "touch.id = base.id)",
         "{} is kept as changed, but no waiting operation changes it");
    none(Kind::overlay,
         "SELECT workspace.key, touch.id FROM touch JOIN workspace ON workspace.key = touch.workspace WHERE "
         "NOT EXISTS (SELECT 1 FROM base WHERE base.space = workspace.space AND base.item = touch.item AND "
         "base.id = touch.id)",
         "{} is changed by a waiting operation, but its confirmed state is missing");
    none(Kind::overlay,
         "SELECT touch.workspace, touch.n FROM touch WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE "
         "outbox.workspace = touch.workspace AND outbox.n = touch.n)",
         "operation {} left the outbox, but not what it touched");
  }

  void check_trees() {
    none(Kind::tree,
         "SELECT workspace.key, node.id FROM node JOIN workspace ON workspace.space = node.space WHERE "
         "parent <> '' AND NOT EXISTS (SELECT 1 FROM node above WHERE above.space = node.space AND above.id "
         "= node.parent)",
         "node {} hangs under a node that does not exist");
    none(Kind::tree,
         "SELECT workspace.key, node.id FROM node JOIN node above ON above.space = node.space AND above.id = "
         "node.parent JOIN workspace ON workspace.space = node.space WHERE above.document <> node.document",
         "node {} is listed in another document than its parent");
    none(Kind::tree,
         "SELECT workspace.key, document_size.document FROM document_size JOIN workspace ON workspace.space "
         "= document_size.space WHERE nodes <> (SELECT count(*) FROM node WHERE node.space = "
         "document_size.space AND node.document = document_size.document AND deleted = 0)",
         "document {} has another number of nodes than counted");
  }

  void check_index() {
    none(Kind::index,
         "SELECT workspace.key, node.id FROM node JOIN workspace ON workspace.space = node.space WHERE "
         "indexed = 1 AND deleted = 0 AND NOT EXISTS (SELECT 1 FROM prose WHERE prose.rowid = node.row)",
         "node {} is missing in the search index");
    none(
        Kind::index,
        "SELECT 0, prose.rowid FROM prose WHERE NOT EXISTS (SELECT 1 FROM node WHERE node.row = prose.rowid)",
        "the search index holds row {}, which no node has");
  }

  ReadTxn& txn_;
  std::map<std::int64_t, WorkspaceKey> spaces_;
  std::vector<Damage> findings_;
};

/// FTS5's own check, which is an INSERT: undone in any case.
Result<> check_search_tables(Replica& replica, std::vector<Damage>& findings) {
  for (const std::string_view table : {"prose", "identifier"}) {
    bool is_done = false;
    const auto checked = replica.database().write([&](WriteTxn& txn) -> Result<> {
      txn.run(fmt::format("INSERT INTO {0} ({0}) VALUES ('integrity-check')", table));
      is_done = true;
      return base::Error{ErrorCode::cancelled, "undone"};
    });
    if (is_done) continue;
    if (checked.error().code != ErrorCode::corrupt) return checked.error();
    findings.push_back({Kind::index, {}, fmt::format("the search index \"{}\" is damaged", table)});
  }
  return {};
}

} // namespace

Result<std::vector<Damage>> find_damage(Replica& replica) {
  std::vector<Damage> findings;
  if (auto structure = replica.database().quick_check(); !structure) {
    if (structure.error().code != ErrorCode::corrupt) return structure.error();
    // Newer versions of SQLite look into the search tables, too.
    const bool is_index = structure.error().message.find("FTS5") != std::string::npos;
    findings.push_back({is_index ? Kind::index : Kind::structure, {}, structure.error().message});
  }
  TRY_ASSIGN(auto more, replica.database().read(
                            [](ReadTxn& txn) -> Result<std::vector<Damage>> { return Check(txn).run(); }));
  findings.insert(findings.end(), more.begin(), more.end());
  const bool misses_rows = std::any_of(findings.begin(), findings.end(),
                                       [](const Damage& each) { return each.kind == Kind::index; });
  if (!misses_rows) TRY(check_search_tables(replica, findings));
  return findings;
}

Result<std::vector<std::string>> Replica::check() {
  TRY_ASSIGN(const auto damage, find_damage(*this));
  std::vector<std::string> findings;
  for (const Damage& each : damage) findings.push_back(each.what);
  return findings;
}

} // namespace memsync::replica
