#include "hub/backends/sqlite_check.h"

#include <fmt/format.h>
#include <map>

#include "hub/backends/sqlite_txn.h"
#include "wire/effect_codec.h"

namespace memsync::hub {

using model::Node;
using model::NodeId;
using storage::Statement;

namespace {

constexpr std::size_t k_max_problems = 100;

/// One workspace of the file, deleted ones included.
struct Row {
  std::int64_t key = 0;
  std::string id;
  std::uint64_t head = 0, floor = 0;
};

class Checker {
 public:
  Checker(storage::ReadTxn& txn, CheckReport& report) : txn_(txn), report_(report) {}

  void run() {
    for (const Row& workspace : list_workspaces()) {
      ++report_.workspaces;
      check_log(workspace);
      check_nodes(workspace);
      check_texts(workspace, "relationship");
      check_texts(workspace, "comment");
      check_texts(workspace, "conflict");
      check_owner(workspace);
    }
    check_results();
  }

 private:
  void problem(std::string text) {
    if (report_.problems.size() < k_max_problems) report_.problems.push_back(std::move(text));
  }

  std::vector<Row> list_workspaces() {
    Statement rows = txn_.prepare("SELECT key, id, head, floor FROM workspace ORDER BY key");
    std::vector<Row> found;
    while (rows.step())
      found.push_back(
          {rows.column_int64(0), std::string(rows.column_text(1)), rows.column_u64(2), rows.column_u64(3)});
    return found;
  }

  /// The log has every sequence from 1 to the head; what is above the floor can be read.
  void check_log(const Row& workspace) {
    replayed_.clear();
    Statement rows =
        txn_.prepare("SELECT sequence, hash, entry FROM log WHERE workspace = ?1 ORDER BY sequence");
    rows.bind_all(workspace.key);
    std::uint64_t expected = 1;
    while (rows.step()) {
      const std::uint64_t sequence = rows.column_u64(0);
      if (sequence != expected)
        problem(
            fmt::format("workspace {}: the log goes from {} to {}", workspace.id, expected - 1, sequence));
      expected = sequence + 1;
      ++report_.entries;
      if (sequence > workspace.floor) check_entry(workspace, sequence, rows);
    }
    if (expected != workspace.head + 1)
      problem(fmt::format("workspace {}: the head is {}, the log ends at {}", workspace.id, workspace.head,
                          expected - 1));
  }

  void check_entry(const Row& workspace, std::uint64_t sequence, const Statement& row) {
    const std::string_view text = row.column_text(2);
    const std::string guarded = fmt::format("{}:{}{}", workspace.key, sequence, text);
    const auto damaged = [&] {
      problem(fmt::format("workspace {}: log entry {} is damaged", workspace.id, sequence));
    };
    if (row.column_blob(1) != hash_of_row(std::to_string(sequence), guarded).bytes()) return damaged();
    const auto json = base::parse_json(text);
    if (!json) return damaged();
    const auto entry = wire::decode_entry(*json);
    if (!entry || entry->sequence.value != sequence) return damaged();
    if (workspace.floor > 0) return;
    for (const model::NodeEffect& effect : entry->nodes) model::install(replayed_[effect.node.id], effect);
  }

  void check_nodes(const Row& workspace) {
    Statement rows = txn_.prepare(
        "SELECT id, hash, state, parent, deleted, creator, edited, assignee FROM node WHERE workspace = ?1");
    rows.bind_all(workspace.key);
    std::size_t found = 0;
    while (rows.step()) {
      ++report_.nodes;
      ++found;
      check_node(workspace, rows);
    }
    if (workspace.floor == 0 && found != replayed_.size())
      problem(fmt::format("workspace {}: {} nodes are stored, the log made {}", workspace.id, found,
                          replayed_.size()));
  }

  void check_node(const Row& workspace, const Statement& row) {
    const std::string_view id = row.column_text(0);
    const std::string_view text = row.column_text(2);
    const auto node = wire::decode_node(text);
    if (row.column_blob(1) != hash_of_row(id, text).bytes() || !node || node->id.view() != id)
      return problem(fmt::format("workspace {}: node {} is damaged", workspace.id, id));
    const bool agrees =
        row.column_text(3) == node->place.value.parent.view() && row.column_bool(4) == node->deleted.value &&
        row.column_text(5) == node->created.author.view() && row.column_u64(6) == edited_at(*node).value &&
        row.column_text(7) == node->assignee.value.view();
    if (!agrees)
      return problem(fmt::format("workspace {}: node {} is listed other than it is", workspace.id, id));
    if (workspace.floor > 0) return;
    const auto replayed = replayed_.find(node->id);
    if (replayed == replayed_.end() || wire::encode_node(replayed->second) != text)
      problem(fmt::format("workspace {}: node {} is not what its log says", workspace.id, id));
  }

  void check_texts(const Row& workspace, std::string_view table) {
    Statement rows = txn_.prepare(fmt::format("SELECT id, hash, state FROM {} WHERE workspace = ?1", table));
    rows.bind_all(workspace.key);
    while (rows.step())
      if (rows.column_blob(1) != hash_of_row(rows.column_text(0), rows.column_text(2)).bytes())
        problem(fmt::format("workspace {}: {} {} is damaged", workspace.id, table, rows.column_text(0)));
  }

  void check_owner(const Row& workspace) {
    Statement row = txn_.prepare(
        "SELECT 1 FROM member m JOIN user u ON u.id = m.user "
        "WHERE m.workspace = ?1 AND m.removed = 0 AND m.role = 'owner'");
    row.bind_all(workspace.key);
    if (!row.step()) problem(fmt::format("workspace {} has no owner", workspace.id));
  }

  /// Every replica has a result for each n up to its last one.
  void check_results() {
    Statement rows = txn_.prepare(
        "SELECT r.id, r.last_n, count(o.n), coalesce(max(o.n), 0) FROM replica r "
        "LEFT JOIN op_result o ON o.replica = r.key GROUP BY r.key "
        "HAVING count(o.n) <> r.last_n OR coalesce(max(o.n), 0) <> r.last_n");
    while (rows.step())
      problem(fmt::format("replica {}: {} results are stored up to {}, {} were accepted", rows.column_text(0),
                          rows.column_u64(2), rows.column_u64(3), rows.column_u64(1)));
  }

  storage::ReadTxn& txn_;
  CheckReport& report_;
  std::map<NodeId, Node> replayed_; // of the workspace in hand: the state its log adds up to
};

} // namespace

void check_contents(storage::ReadTxn& txn, CheckReport& report) { Checker(txn, report).run(); }

} // namespace memsync::hub
