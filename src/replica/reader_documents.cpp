#include <fmt/format.h>

#include "model/number.h"
#include "replica/names.h"
#include "replica/reader.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::DocumentId;
using storage::Statement;

namespace {

/// A document in the order of lists: newest first, then by id.
struct Listed {
  base::Timestamp updated_at;
  DocumentId id;
  std::size_t workspace = 0;

  bool operator<(const Listed& other) const {
    return updated_at != other.updated_at ? updated_at > other.updated_at : id < other.id;
  }
};

/// Where a list goes on: behind `after` in its order, and when that is done with what became newer than
/// `newest`, the first document of the first page, the oldest change first. By the order alone a document
/// that changes between two pages would be on none: it moves to a place that was shown already.
struct ListCursor {
  Listed newest, after;

  std::string text() const {
    return fmt::format("{}.{}.{}.{}", newest.updated_at.time_since_epoch().count(), newest.id.view(),
                       after.updated_at.time_since_epoch().count(), after.id.view());
  }
};

/// Takes "TIME.ID", and a dot behind it, off the beginning of the text.
std::optional<Listed> take_listed(std::string_view& text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(dot + 1);
  const auto time = model::parse_u64(text.substr(0, dot));
  const auto id = DocumentId::parse(rest.substr(0, rest.find('.')));
  if (!time || !id) return std::nullopt;
  text = rest.substr(std::min(rest.size(), DocumentId::k_length + 1));
  return Listed{base::Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(*time))), *id, 0};
}

std::optional<ListCursor> parse_cursor(std::string_view text) {
  const auto newest = take_listed(text);
  const auto after = take_listed(text);
  if (!newest || !after || !text.empty()) return std::nullopt;
  return ListCursor{*newest, *after};
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// True when the title has every word of the query, whatever the case of ASCII letters.
bool has_words(std::string_view title, std::string_view query) {
  const std::string text = lower(title);
  const std::string words = lower(query);
  std::size_t at = 0;
  while ((at = words.find_first_not_of(" \t\r\n", at)) != std::string::npos) {
    const std::size_t end = std::min(words.find_first_of(" \t\r\n", at), words.size());
    if (text.find(std::string_view(words).substr(at, end - at)) == std::string::npos) return false;
    at = end;
  }
  return true;
}

std::int64_t count(Statement row) { return row.step() ? row.column_int64(0) : 0; }

} // namespace

Result<DocumentRow> Reader::resolve_document(const WorkspaceRow& workspace, std::string_view name) {
  const auto find = [&](std::string_view sql, auto... parameters) {
    std::vector<DocumentId> ids;
    Statement row = txn_.prepare(sql);
    row.bind_all(workspace.space.value, parameters...);
    while (row.step()) ids.push_back(row.column_id<DocumentId>(0));
    return ids;
  };
  std::vector<DocumentId> found = find(
      "SELECT id FROM node WHERE space = ?1 AND title = ?2 AND parent = '' AND deleted = 0 LIMIT 10", name);
  const auto prefix = parse_prefix(name, DocumentId::k_length);
  if (found.empty() && prefix)
    found = find(
        "SELECT id FROM node WHERE space = ?1 AND id >= ?2 AND id < ?3 AND parent = '' AND deleted = 0 "
        "LIMIT 10",
        *prefix, after_prefix(*prefix));
  if (found.size() == 1) return document(workspace, found.front());
  if (found.size() > 1) return ambiguous_name("document", name, name_nodes(workspace, found));
  return unknown_name("document", name,
                      name_nodes(workspace, find("SELECT id FROM node WHERE space = ?1 AND parent = '' AND "
                                                 "deleted = 0 AND title LIKE ?2 ESCAPE '\\' LIMIT 3",
                                                 like_pattern(name))));
}

DocumentRow Reader::document(const WorkspaceRow& workspace, const DocumentId& id) {
  DocumentRow result;
  result.id = id;
  result.workspace = workspace.id;
  {
    Statement row = txn_.prepare("SELECT title FROM node WHERE space = ?1 AND id = ?2");
    row.bind_all(workspace.space.value, id);
    if (!row.step())
      throw storage::DatabaseError(
          {ErrorCode::internal, fmt::format("document {} was expected in this store", id.view())});
    result.title = row.column_text(0);
  }
  // A deleted node hides what is below it, so only the tree tells what is visible then.
  Statement nodes = txn_.prepare(
      "SELECT CASE WHEN EXISTS (SELECT 1 FROM node WHERE space = ?1 AND document = ?2 AND deleted = 1) THEN ("
      "WITH RECURSIVE tree (id) AS (SELECT ?2 UNION ALL SELECT node.id FROM tree JOIN node "
      "ON node.space = ?1 AND node.parent = tree.id AND node.deleted = 0) SELECT count(*) FROM tree) "
      "ELSE (SELECT nodes FROM document_size WHERE space = ?1 AND document = ?2) END - 1");
  nodes.bind_all(workspace.space.value, id);
  result.nodes = static_cast<std::size_t>(std::max<std::int64_t>(0, count(std::move(nodes))));

  result.pending = pending_count(workspace, id);

  Statement conflicts = txn_.prepare(
      "SELECT count(*) FROM conflict JOIN node ON node.space = conflict.space AND node.id = conflict.node "
      "WHERE conflict.space = ?1 AND resolved = 0 AND document = ?2");
  conflicts.bind_all(workspace.space.value, id);
  result.conflicts = static_cast<std::size_t>(count(std::move(conflicts)));

  Statement newest = txn_.prepare(
      "SELECT updated_at, updated_by FROM node WHERE space = ?1 AND document = ?2 AND deleted = 0 "
      "ORDER BY updated_at DESC LIMIT 1");
  newest.bind_all(workspace.space.value, id);
  if (newest.step()) {
    result.updated_at = newest.column_time(0);
    result.updated_by = user_name(model::UserId::parse(newest.column_text(1)).value_or(model::UserId{}));
  }
  return result;
}

Result<Reader::DocumentPage> Reader::documents(const std::vector<WorkspaceRow>& workspaces,
                                               std::string_view query, std::size_t limit,
                                               std::string_view cursor) {
  std::optional<ListCursor> from;
  if (!cursor.empty()) {
    from = parse_cursor(cursor);
    if (!from)
      return Error{ErrorCode::validation,
                   fmt::format("\"{}\" is no cursor of this list: start without one", cursor)};
  }
  std::vector<Listed> listed, changed;
  for (std::size_t i = 0; i < workspaces.size(); ++i) {
    Statement row = txn_.prepare(
        "SELECT id, title, (SELECT max(updated_at) FROM node below WHERE below.space = ?1 AND "
        "below.document = node.id AND below.deleted = 0) FROM node WHERE space = ?1 AND parent = '' AND "
        "deleted = 0");
    row.bind_all(workspaces[i].space.value);
    while (row.step()) {
      if (!has_words(row.column_text(1), query)) continue;
      const Listed document{row.column_time(2), row.column_id<DocumentId>(0), i};
      if (!from || from->after < document)
        listed.push_back(document);
      else if (document < from->newest)
        changed.push_back(document);
    }
  }
  std::sort(listed.begin(), listed.end());
  std::sort(changed.rbegin(), changed.rend());
  DocumentPage page;
  if (!from && !listed.empty()) from = ListCursor{listed.front(), listed.front()};
  const auto show = [&](const std::vector<Listed>& documents, Listed& last) {
    for (const Listed& each : documents) {
      if (page.rows.size() == limit) return;
      page.rows.push_back(document(workspaces[each.workspace], each.id));
      last = each;
    }
  };
  if (from) {
    show(listed, from->after);
    show(changed, from->newest);
  }
  if (!page.rows.empty() && page.rows.size() < listed.size() + changed.size())
    page.next_cursor = from->text();
  return page;
}

} // namespace memsync::replica
