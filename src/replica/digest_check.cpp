#include "replica/digest_check.h"

#include "replica/stored.h"

namespace memsync::replica {

using base::ErrorCode;
using base::Result;
using storage::ReadTxn;
using storage::Statement;

namespace {

constexpr int k_slice_rows = 200; // between two looks at the clock

constexpr std::string_view k_parts[] = {
    "",
    "SELECT id, state, hash FROM node WHERE space = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    "SELECT id, state, hash FROM relationship WHERE space = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    "SELECT id, state, hash FROM comment WHERE space = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    "SELECT id, state, hash FROM conflict WHERE space = ?1 AND id > ?2 AND resolved = 0 ORDER BY id LIMIT ?3",
    ""};

bool has_rows(ReadTxn& txn, std::string_view sql, std::int64_t key) {
  Statement row = txn.prepare(sql);
  row.bind_all(key);
  return row.step();
}

} // namespace

Result<DigestCheck::Outcome> DigestCheck::step(Replica& replica, std::chrono::milliseconds budget) {
  base::Clock& clock = replica.clock();
  const base::Instant end = clock.instant() + budget;
  const auto outcome = replica.database().read([&](ReadTxn& txn) -> Result<Outcome> {
    const auto row = Reader(txn, clock.now()).find_workspace(workspace_);
    return row ? look(txn, *row, clock, end) : Outcome::overtaken;
  });
  if (!outcome && outcome.error().code == ErrorCode::corrupt) return Outcome::differs;
  return outcome;
}

DigestCheck::Outcome DigestCheck::look(ReadTxn& txn, const WorkspaceRow& row, base::Clock& clock,
                                       base::Instant end) {
  const model::Cursor wanted{hub_.epoch, hub_.head};
  if (row.cursor.epoch == wanted.epoch && row.cursor.sequence < wanted.sequence && part_ == Part::start)
    return Outcome::waiting;
  if (row.cursor != wanted) return Outcome::overtaken;
  if (has_rows(txn, "SELECT 1 FROM outbox WHERE workspace = ?1 LIMIT 1", row.key.value) ||
      has_rows(txn, "SELECT 1 FROM base WHERE space = ?1 LIMIT 1", row.space.value))
    return Outcome::overtaken;
  if (part_ == Part::start) {
    space_ = row.space;
    read_hidden(txn, space_);
    part_ = Part::nodes;
  }
  if (row.space != space_) return Outcome::overtaken;
  while (part_ != Part::end) {
    if (!read_slice(txn, space_)) {
      part_ = static_cast<Part>(static_cast<int>(part_) + 1);
      after_.clear();
    }
    if (part_ != Part::end && clock.instant() >= end) return Outcome::working;
  }
  return digest_.items() == hub_.items && digest_.hex() == hub_.digest ? Outcome::equal : Outcome::differs;
}

/// False when this part has no more rows.
bool DigestCheck::read_slice(ReadTxn& txn, Space space) {
  Statement rows = txn.prepare(k_parts[static_cast<std::size_t>(part_)]);
  rows.bind_all(space.value, after_, k_slice_rows);
  int read = 0;
  const auto is_visible = [this](const auto& id) { return visible_.contains(id.str()); };
  for (; rows.step(); ++read) {
    after_ = rows.column_text(0);
    if (hidden_.contains(after_)) continue;
    const std::string_view state = checked_state(rows, after_, 1, 2);
    switch (part_) {
      case Part::nodes:
        digest_.add(load_node(state));
        visible_.insert(after_);
        break;
      case Part::relationships:
        if (const auto item = load_relationship(state);
            !item.deleted && is_visible(item.from) && is_visible(item.to))
          digest_.add(item);
        break;
      case Part::comments:
        if (const auto item = load_comment(state); is_visible(item.node)) digest_.add(item);
        break;
      case Part::conflicts:
        if (const auto item = load_conflict(state); is_visible(item.node)) digest_.add(item);
        break;
      case Part::start:
      case Part::end: break;
    }
  }
  return read == k_slice_rows;
}

void DigestCheck::read_hidden(ReadTxn& txn, Space space) {
  Statement rows = txn.prepare(
      "WITH RECURSIVE hidden (id) AS (SELECT id FROM node WHERE space = ?1 AND deleted = 1 UNION "
      "SELECT node.id FROM hidden JOIN node ON node.space = ?1 AND node.parent = hidden.id) "
      "SELECT id FROM hidden");
  rows.bind_all(space.value);
  while (rows.step()) hidden_.emplace(rows.column_text(0));
}

} // namespace memsync::replica
