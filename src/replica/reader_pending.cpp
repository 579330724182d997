#include <fmt/format.h>
#include <set>

#include "model/number.h"
#include "replica/names.h"
#include "replica/overlay.h"
#include "replica/reader.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::Conflict;
using model::DocumentId;
using storage::Statement;

namespace {

/// Where a page of pending operations ended: lists show the outbox of all workspaces, then what was
/// rejected, each by workspace, number and (a renewed replica counts anew) replica. Written
/// "<o or r>.<workspace key>.<n>.<replica>".
struct PendingPlace {
  bool in_rejected = false;
  std::int64_t workspace = 0;
  std::uint64_t n = 0;
  std::string replica;

  std::string str() const {
    return fmt::format("{}.{}.{}.{}", in_rejected ? 'r' : 'o', workspace, n, replica);
  }
};

std::optional<PendingPlace> parse_pending_place(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'o' && text[0] != 'r') || text[1] != '.') return std::nullopt;
  const auto dot = text.find('.', 2);
  const auto last = text.rfind('.');
  if (dot == std::string_view::npos || last <= dot) return std::nullopt;
  const auto workspace = model::parse_u64(text.substr(2, dot - 2));
  const auto n = model::parse_u64(text.substr(dot + 1, last - dot - 1));
  if (!workspace || !n) return std::nullopt;
  return PendingPlace{text[0] == 'r', static_cast<std::int64_t>(*workspace), *n,
                      std::string(text.substr(last + 1))};
}

std::string rejection_reason(std::string_view code) {
  const auto known = base::find_error_code(code);
  return known ? fmt::format("{}: {}", code, base::error_info(*known).title) : std::string(code);
}

std::size_t count_rows(Statement row) {
  return row.step() ? static_cast<std::size_t>(row.column_int64(0)) : 0;
}

std::string title_of(storage::ReadTxn& txn, Space space, std::string_view id) {
  if (id.empty()) return {};
  Statement row = txn.prepare("SELECT title FROM node WHERE space = ?1 AND id = ?2");
  row.bind_all(space.value, id);
  return row.step() ? std::string(row.column_text(0)) : std::string();
}

/// Where the node of a rejected operation is now, of the space ?2; NULL for one that does not exist.
constexpr std::string_view k_document_of_rejected =
    "(SELECT document FROM node WHERE space = ?2 AND id = rejected.node)";

/// What a rejected operation touches: the document its author named, and that which its node is in. As for
/// the outbox, which keeps both.
std::set<DocumentId> documents_of(const model::Operation& operation, std::string_view of_node) {
  std::set<DocumentId> documents{operation.document};
  if (const auto document = DocumentId::parse(of_node)) documents.insert(*document);
  return documents;
}

/// One page of pending operations being filled.
class PendingList {
 public:
  PendingList(storage::ReadTxn& txn, std::optional<DocumentId> document, std::size_t limit,
              PendingPlace after)
      : txn_(txn), document_(std::move(document)), limit_(limit), after_(after) {}

  void add_outbox(const WorkspaceRow& workspace) {
    if (after_.in_rejected || workspace.key.value < after_.workspace) return;
    Statement row = txn_.prepare(
        "SELECT n, node, document, at, operation, "
        "EXISTS (SELECT 1 FROM touch WHERE touch.workspace = ?1 AND touch.n = outbox.n) "
        "FROM outbox WHERE workspace = ?1 AND n > ?2 "
        "AND (?3 IS NULL OR document = ?3 OR other_document = ?3) ORDER BY n LIMIT ?4");
    row.bind_all(workspace.key.value, workspace.key.value == after_.workspace ? after_.n : 0, document_,
                 limit_ + 1 - rows_.size());
    while (row.step()) {
      PendingRow pending{load_operation(row.column_text(4)),
                         workspace.replica,
                         workspace.id,
                         title_of(txn_, workspace.space, row.column_text(2)),
                         title_of(txn_, workspace.space, row.column_text(1)),
                         row.column_time(3),
                         PendingState::queued,
                         {}};
      if (row.column_u64(0) <= workspace.sent_n) {
        pending.state = PendingState::sending;
      } else if (!row.column_bool(5)) {
        pending.state = PendingState::parked;
        pending.reason =
            "has no effect here yet: it waits for an earlier operation, or for the hub to decide";
      }
      add({false, workspace.key.value, row.column_u64(0), {}}, std::move(pending));
    }
  }

  void add_rejected(const WorkspaceRow& workspace) {
    if (after_.in_rejected && workspace.key.value < after_.workspace) return;
    const bool goes_on = after_.in_rejected && workspace.key.value == after_.workspace;
    Statement row = txn_.prepare(
        fmt::format("SELECT n, node, code, at, operation, replica, {} FROM rejected WHERE workspace = ?1 "
                    "AND (n, replica) > (?3, ?4) ORDER BY n, replica",
                    k_document_of_rejected));
    row.bind_all(workspace.key.value, workspace.space.value, goes_on ? after_.n : 0,
                 goes_on ? after_.replica : std::string());
    while (rows_.size() <= limit_ && row.step()) {
      PendingRow pending{load_operation(row.column_text(4)),
                         row.column_id<model::ReplicaId>(5),
                         workspace.id,
                         {},
                         title_of(txn_, workspace.space, row.column_text(1)),
                         row.column_time(3),
                         PendingState::rejected,
                         rejection_reason(row.column_text(2))};
      if (document_ && !documents_of(pending.operation, row.column_text(6)).contains(*document_)) continue;
      pending.document_title = title_of(txn_, workspace.space, pending.operation.document.view());
      add({true, workspace.key.value, row.column_u64(0), std::string(row.column_text(5))},
          std::move(pending));
    }
  }

  std::vector<PendingRow> take(std::string& next_cursor) {
    if (rows_.size() > limit_) {
      rows_.resize(limit_);
      if (limit_ > 0) next_cursor = places_[limit_ - 1].str();
    }
    return std::move(rows_);
  }

 private:
  void add(PendingPlace place, PendingRow row) {
    places_.push_back(std::move(place));
    rows_.push_back(std::move(row));
  }

  storage::ReadTxn& txn_;
  const std::optional<DocumentId> document_;
  const std::size_t limit_;
  const PendingPlace after_;
  std::vector<PendingRow> rows_; // one more than the limit tells that there are more
  std::vector<PendingPlace> places_;
};

} // namespace

Result<Reader::PendingPage> Reader::pending(const std::vector<WorkspaceRow>& workspaces,
                                            std::optional<DocumentId> document, std::size_t limit,
                                            std::string_view cursor) {
  const auto after = cursor.empty() ? PendingPlace{} : parse_pending_place(cursor);
  if (!after)
    return Error{ErrorCode::validation,
                 fmt::format("\"{}\" is no cursor of this list: start without one", cursor)};
  std::vector<WorkspaceRow> ordered = workspaces;
  std::sort(ordered.begin(), ordered.end(),
            [](const WorkspaceRow& a, const WorkspaceRow& b) { return a.key < b.key; });
  PendingPage page;
  PendingList list(txn_, document, limit, *after);
  for (const WorkspaceRow& workspace : ordered) {
    list.add_outbox(workspace);
    page.total += document ? pending_count(workspace, *document) : pending_count(workspace);
    page.rejected += document ? rejected_count(workspace, *document) : rejected_count(workspace);
  }
  for (const WorkspaceRow& workspace : ordered) list.add_rejected(workspace);
  page.rows = list.take(page.next_cursor);
  return page;
}

std::size_t Reader::pending_count(const WorkspaceRow& workspace) {
  Statement row = txn_.prepare("SELECT count(*) FROM outbox INDEXED BY outbox_by_node WHERE workspace = ?1");
  row.bind_all(workspace.key.value);
  return count_rows(std::move(row));
}

std::size_t Reader::pending_count(const WorkspaceRow& workspace, const DocumentId& document) {
  Statement row = txn_.prepare(
      "SELECT (SELECT count(*) FROM outbox WHERE workspace = ?1 AND document = ?2) + "
      "(SELECT count(*) FROM outbox WHERE workspace = ?1 AND other_document = ?2 AND other_document <> "
      "'')");
  row.bind_all(workspace.key.value, document);
  return count_rows(std::move(row));
}

std::size_t Reader::rejected_count(const WorkspaceRow& workspace) {
  Statement row = txn_.prepare("SELECT count(*) FROM rejected WHERE workspace = ?1");
  row.bind_all(workspace.key.value);
  return count_rows(std::move(row));
}

std::map<DocumentId, std::size_t> Reader::rejected_by_document(const WorkspaceRow& workspace) {
  std::map<DocumentId, std::size_t> counts;
  Statement row = txn_.prepare(
      fmt::format("SELECT operation, {} FROM rejected WHERE workspace = ?1", k_document_of_rejected));
  row.bind_all(workspace.key.value, workspace.space.value);
  while (row.step())
    for (const DocumentId& document : documents_of(load_operation(row.column_text(0)), row.column_text(1)))
      ++counts[document];
  return counts;
}

std::size_t Reader::rejected_count(const WorkspaceRow& workspace, const DocumentId& document) {
  const auto counts = rejected_by_document(workspace);
  const auto at = counts.find(document);
  return at == counts.end() ? 0 : at->second;
}

std::vector<DocumentRow> Reader::dirty_documents(const std::vector<WorkspaceRow>& workspaces) {
  std::vector<DocumentRow> rows;
  for (const WorkspaceRow& workspace : workspaces) {
    std::set<DocumentId> ids;
    for (const auto& [document, count] : rejected_by_document(workspace)) ids.insert(document);
    {
      Statement row = txn_.prepare(
          "SELECT document FROM outbox WHERE workspace = ?1 UNION "
          "SELECT other_document FROM outbox WHERE workspace = ?1 AND other_document <> '' UNION "
          "SELECT document FROM conflict JOIN node ON node.space = conflict.space AND node.id = "
          "conflict.node "
          "WHERE conflict.space = ?2 AND resolved = 0");
      row.bind_all(workspace.key.value, workspace.space.value);
      while (row.step())
        if (const auto id = DocumentId::parse(row.column_text(0))) ids.insert(*id);
    }
    for (const DocumentId& id : ids) {
      Statement row = txn_.prepare("SELECT 1 FROM node WHERE space = ?1 AND id = ?2");
      row.bind_all(workspace.space.value, id);
      if (row.step()) rows.push_back(document(workspace, id));
    }
  }
  return rows;
}

bool Reader::is_dirty(const WorkspaceRow& workspace, const DocumentId& document) {
  Statement row = txn_.prepare(
      "SELECT EXISTS (SELECT 1 FROM outbox WHERE workspace = ?1 AND document = ?2) OR "
      "EXISTS (SELECT 1 FROM outbox WHERE workspace = ?1 AND other_document = ?2 AND other_document <> '')");
  row.bind_all(workspace.key.value, document);
  return row.step() && row.column_bool(0);
}

bool Reader::has_outbox_above(const WorkspaceRow& workspace, std::uint64_t n) {
  Statement row = txn_.prepare("SELECT 1 FROM outbox WHERE workspace = ?1 AND n > ?2 LIMIT 1");
  row.bind_all(workspace.key.value, n);
  return row.step();
}

model::Hlc Reader::clock() {
  Statement row = txn_.prepare("SELECT clock FROM store");
  return row.step() ? model::Hlc{row.column_u64(0)} : model::Hlc{};
}

bool Reader::is_pending(const WorkspaceRow& workspace, const DocumentId& document, model::Hlc latest) {
  // In the order of numbers, which is nearly that of clocks: the first row mostly decides.
  Statement row = txn_.prepare(
      "SELECT operation FROM outbox WHERE workspace = ?1 AND n IN "
      "(SELECT n FROM outbox WHERE workspace = ?1 AND document = ?2 UNION "
      "SELECT n FROM outbox WHERE workspace = ?1 AND other_document = ?2 AND other_document <> '') "
      "ORDER BY n");
  row.bind_all(workspace.key.value, document);
  while (row.step())
    if (load_operation(row.column_text(0)).clock <= latest) return true;
  return false;
}

std::vector<Conflict> Reader::open_conflicts(const WorkspaceRow& workspace,
                                             std::optional<DocumentId> document) {
  std::vector<Conflict> conflicts;
  Statement row = txn_.prepare(
      "SELECT conflict.id, conflict.state, conflict.hash FROM conflict LEFT JOIN node ON node.space = "
      "conflict.space AND node.id = conflict.node WHERE conflict.space = ?1 AND resolved = 0 "
      "AND (?2 IS NULL OR document = ?2) ORDER BY conflict.id");
  row.bind_all(workspace.space.value, document);
  while (row.step()) conflicts.push_back(load_conflict(checked_state(row, row.column_text(0), 1, 2)));
  return conflicts;
}

Result<Conflict> Reader::resolve_conflict_id(const WorkspaceRow& workspace, std::string_view name) {
  const auto prefix = parse_prefix(name, model::ConflictId::k_length);
  std::vector<Conflict> found;
  if (prefix) {
    Statement row = txn_.prepare(
        "SELECT id, state, hash FROM conflict WHERE space = ?1 AND id >= ?2 AND id < ?3 ORDER BY id LIMIT "
        "10");
    row.bind_all(workspace.space.value, *prefix, after_prefix(*prefix));
    while (row.step()) found.push_back(load_conflict(checked_state(row, row.column_text(0), 1, 2)));
  }
  if (found.size() > 1) std::erase_if(found, [](const Conflict& conflict) { return conflict.resolved; });
  std::string names;
  const auto list = [&](const std::vector<Conflict>& conflicts) {
    for (const Conflict& conflict : conflicts)
      names +=
          fmt::format("{}{} ({} of \"{}\")", names.empty() ? "" : ", ", conflict.id.view(),
                      model::name_of(conflict.field), title_of(txn_, workspace.space, conflict.node.view()));
  };
  if (found.size() > 1) return list(found), ambiguous_name("conflict", name, names);
  if (found.empty())
    return list(open_conflicts(workspace, std::nullopt)), unknown_name("conflict", name, names);
  if (found.front().resolved)
    return Error{ErrorCode::not_found,
                 fmt::format("conflict {} was resolved already", found.front().id.view())};
  return std::move(found.front());
}

} // namespace memsync::replica
