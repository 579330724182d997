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
  std::string cursor() const {
    return fmt::format("{}.{}", updated_at.time_since_epoch().count(), id.view());
  }
};

std::optional<Listed> parse_cursor(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto time = model::parse_u64(text.substr(0, dot));
  const auto id = DocumentId::parse(text.substr(dot + 1));
  if (!time || !id) return std::nullopt;
  return Listed{base::Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(*time))), *id, 0};
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
  std::optional<Listed> after;
  if (!cursor.empty()) {
    after = parse_cursor(cursor);
    if (!after)
      return Error{ErrorCode::validation,
                   fmt::format("\"{}\" is no cursor of this list: start without one", cursor)};
  }
  std::vector<Listed> listed;
  for (std::size_t i = 0; i < workspaces.size(); ++i) {
    Statement row = txn_.prepare(
        "SELECT id, title, (SELECT max(updated_at) FROM node below WHERE below.space = ?1 AND "
        "below.document = node.id AND below.deleted = 0) FROM node WHERE space = ?1 AND parent = '' AND "
        "deleted = 0");
    row.bind_all(workspaces[i].space.value);
    while (row.step()) {
      if (!has_words(row.column_text(1), query)) continue;
      const Listed document{row.column_time(2), row.column_id<DocumentId>(0), i};
      if (!after || *after < document) listed.push_back(document);
    }
  }
  const std::size_t shown = std::min(limit, listed.size());
  std::partial_sort(listed.begin(), listed.begin() + static_cast<std::ptrdiff_t>(shown), listed.end());
  DocumentPage page;
  for (std::size_t i = 0; i < shown; ++i)
    page.rows.push_back(document(workspaces[listed[i].workspace], listed[i].id));
  if (shown > 0 && shown < listed.size()) page.next_cursor = listed[shown - 1].cursor();
  return page;
}

} // namespace memsync::replica
