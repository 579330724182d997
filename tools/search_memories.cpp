#include "tools/search_memories.h"

#include "model/limits.h"

namespace memsync::tools {

namespace {

SearchRow make_row(Session& session, replica::Reader& reader, const replica::SearchHit& hit) {
  const auto& node = hit.row.node;
  const auto workspace = reader.workspace(hit.row.workspace);
  SearchRow row;
  row.id = reader.short_id(workspace, node.id);
  row.title = agent::show(node.title.value);
  row.kind = model::name_of(node.kind.value);
  row.type = agent::show(node.type.value);
  row.author = agent::show(hit.row.author);
  row.age = base::format_age(hit.row.updated_at, session.now());
  row.snippet = agent::show(hit.snippet);
  row.score = rounded(hit.score);
  row.document = reader.short_id(workspace, hit.row.document);
  row.document_title = agent::show(hit.document_title);
  row.workspace = agent::show(workspace.name);
  for (const auto& tag : node.tags.value) row.tags.push_back(agent::show(tag));
  row.is_completed = node.completed.value;
  if (!node.assignee.value.is_empty()) row.assignee = agent::show(reader.user_name(node.assignee.value));
  row.sync = replica::name_of(hit.row.sync);
  row.via = agent::show(hit.via);
  return row;
}

std::string hint_for(const SearchResult& result) {
  if (result.more > 0)
    return fmt::format("{} more: raise limit or token_budget, or narrow by types, tags, document or since",
                       result.more);
  if (result.rows.empty()) return "Nothing found: try other words, fewer filters, or list_documents";
  return "read_document with nodes [id] gives the full text";
}

std::string row_text(const SearchRow& row) {
  std::string text =
      fmt::format("- {} [{}{}{}] in {} ({}), by {}, {}{}{}\n", row.title, row.id,
                  row.type.empty() ? "" : ", ", row.type, row.document_title, row.workspace, row.author,
                  row.age, row.sync == "synced" ? "" : ", ", row.sync == "synced" ? "" : row.sync);
  if (!row.via.empty()) text += fmt::format("  related: {}\n", row.via);
  return text + agent::quote(row.snippet, "  ");
}

} // namespace

base::Result<SearchArguments> SearchArguments::parse(const Arguments& in) {
  SearchArguments arguments;
  arguments.query = in.text("query").value_or("");
  arguments.workspace = in.text("workspace");
  arguments.document = in.text("document");
  arguments.types = in.texts("types");
  arguments.tags = in.texts("tags");
  arguments.author = in.text("author").value_or("");
  arguments.assignee = in.text("assignee").value_or("");
  arguments.completed = in.flag("completed");
  TRY_ASSIGN(arguments.since, in.time("since"));
  TRY_ASSIGN(arguments.until, in.upper_bound("until"));
  arguments.limit = in.number_or("limit", model::limits::k_default_rows);
  arguments.token_budget = in.number_or("token_budget", arguments.token_budget);
  return arguments;
}

base::Result<SearchResult> search_memories(Session& session, const SearchArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<SearchResult> {
    replica::SearchQuery query;
    query.text = arguments.query;
    if (arguments.document) {
      TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
      query.document = document.id;
      query.workspaces = {document.workspace};
    } else {
      TRY_ASSIGN(const auto scope, session.reading_scope(reader, arguments.workspace));
      for (const auto& workspace : scope) query.workspaces.push_back(workspace.id);
    }
    query.types = arguments.types;
    query.tags = arguments.tags;
    query.author = arguments.author;
    query.assignee = arguments.assignee;
    query.completed = arguments.completed;
    query.since = arguments.since;
    query.until = arguments.until;
    query.limit = arguments.limit;
    TRY_ASSIGN(const auto answer, reader.search(query));
    SearchResult result;
    for (const auto& hit : answer.hits) result.rows.push_back(make_row(session, reader, hit));
    cut_to_budget(result.rows, arguments.token_budget);
    result.total = answer.total;
    result.is_relaxed = answer.relaxed;
    result.not_indexed = answer.not_indexed;
    const auto direct = static_cast<std::size_t>(std::count_if(
        result.rows.begin(), result.rows.end(), [](const auto& row) { return row.via.empty(); }));
    result.more = answer.total > direct ? answer.total - direct : 0;
    return result;
  });
}

Json to_json(const SearchRow& row) {
  Json json = {{"id", row.id},         {"title", row.title},       {"kind", row.kind},
               {"author", row.author}, {"age", row.age},           {"snippet", row.snippet},
               {"score", row.score},   {"document", row.document}, {"workspace", row.workspace},
               {"sync", row.sync}};
  set_if(json, "type", row.type);
  set_if(json, "document_title", row.document_title);
  if (!row.tags.empty()) json["tags"] = row.tags;
  if (row.kind == "task" || row.is_completed) json["completed"] = row.is_completed;
  set_if(json, "assignee", row.assignee);
  set_if(json, "via", row.via);
  return json;
}

mcp::ToolResult render(const SearchResult& result) {
  Json json = {
      {"results", to_json_list(result.rows)}, {"total", result.total},    {"more", result.more},
      {"relaxed", result.is_relaxed},         {"hint", hint_for(result)}, {"notice", agent::k_notice}};
  if (result.not_indexed > 0) json["not_indexed"] = result.not_indexed;
  std::string text;
  if (result.is_relaxed) text += "No memory has all of these words; these have some.\n";
  for (const auto& row : result.rows) text += row_text(row);
  if (result.not_indexed > 0)
    text += fmt::format("indexing: {} left, so later searches may find more\n", result.not_indexed);
  text += fmt::format("{}\n{}\n", hint_for(result), agent::k_notice);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
