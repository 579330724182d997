#include <unordered_set>

#include "base/json.h"
#include "hub/backends/sqlite_txn.h"
#include "wire/effect_codec.h"

namespace memsync::hub {

using storage::Statement;

namespace {

/// The item in the columns id, hash and state of the current row.
template <class T>
T read_item(const Statement& row, std::string_view what, base::Result<T> (*decode)(const base::Json&)) {
  const std::string_view id = row.column_text(0);
  const std::string_view text = row.column_text(2);
  check_row(what, id, text, row.column_hash(1));
  const auto json = base::parse_json(text);
  if (!json) fail_corrupt(what, id);
  auto item = decode(*json);
  if (!item) fail_corrupt(what, id);
  return *std::move(item);
}

} // namespace

model::StateDigest SqliteReader::digest(const model::WorkspaceId& workspace) {
  const std::int64_t key = key_of(workspace);
  std::unordered_set<std::string> hidden;
  {
    Statement rows = txn_.prepare(
        "WITH RECURSIVE hidden (id) AS (SELECT id FROM node WHERE workspace = ?1 AND deleted = 1 UNION "
        "SELECT node.id FROM hidden JOIN node ON node.workspace = ?1 AND node.parent = hidden.id) "
        "SELECT id FROM hidden");
    rows.bind_all(key);
    while (rows.step()) hidden.emplace(rows.column_text(0));
  }
  std::unordered_set<std::string> visible;
  model::StateDigest digest;
  {
    Statement rows = txn_.prepare("SELECT id, hash, state FROM node WHERE workspace = ?1");
    rows.bind_all(key);
    while (rows.step()) {
      if (hidden.contains(std::string(rows.column_text(0)))) continue;
      digest.add(read_item(rows, "node", &wire::decode_effect).node);
      visible.emplace(rows.column_text(0));
    }
  }
  const auto is_visible = [&](const auto& id) { return visible.contains(id.str()); };
  {
    Statement rows =
        txn_.prepare("SELECT id, hash, state FROM relationship WHERE workspace = ?1 AND deleted = 0");
    rows.bind_all(key);
    while (rows.step()) {
      const auto item = read_item(rows, "relationship", &wire::decode_relationship);
      if (is_visible(item.from) && is_visible(item.to)) digest.add(item);
    }
  }
  {
    Statement rows = txn_.prepare("SELECT id, hash, state FROM comment WHERE workspace = ?1");
    rows.bind_all(key);
    while (rows.step()) {
      const auto item = read_item(rows, "comment", &wire::decode_comment);
      if (is_visible(item.node)) digest.add(item);
    }
  }
  Statement rows = txn_.prepare("SELECT id, hash, state FROM conflict WHERE workspace = ?1 AND resolved = 0");
  rows.bind_all(key);
  while (rows.step()) {
    const auto item = read_item(rows, "conflict", &wire::decode_conflict);
    if (is_visible(item.node)) digest.add(item);
  }
  return digest;
}

} // namespace memsync::hub
