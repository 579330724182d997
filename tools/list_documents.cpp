#include "tools/list_documents.h"

#include "model/limits.h"

namespace memsync::tools {

base::Result<ListArguments> ListArguments::parse(const Arguments& in) {
  ListArguments arguments;
  arguments.workspace = in.text("workspace");
  arguments.query = in.text("query").value_or("");
  arguments.limit = in.number_or("limit", model::limits::k_default_rows);
  arguments.cursor = in.text("cursor").value_or("");
  arguments.token_budget = in.number_or("token_budget", arguments.token_budget);
  return arguments;
}

base::Result<ListResult> list_documents(Session& session, const ListArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<ListResult> {
    TRY_ASSIGN(const auto scope, session.reading_scope(reader, arguments.workspace));
    TRY_ASSIGN(auto page, reader.documents(scope, arguments.query, arguments.limit, arguments.cursor));
    ListResult result;
    for (const auto& document : page.rows) {
      const auto workspace = reader.workspace(document.workspace);
      result.rows.push_back(
          {{reader.short_id(workspace, document.id), agent::show(document.title), workspace.name},
           document.nodes,
           document.pending,
           document.conflicts,
           document.is_dirty(),
           base::format_rfc3339(document.updated_at),
           base::format_age(document.updated_at, session.now()),
           agent::show(document.updated_by)});
    }
    if (cut_to_budget(result.rows, arguments.token_budget) > 0) {
      // Again, so that the cursor stands behind what is shown.
      TRY_ASSIGN(page, reader.documents(scope, arguments.query, result.rows.size(), arguments.cursor));
    }
    result.next_cursor = page.next_cursor;
    return result;
  });
}

Json to_json(const DocumentListRow& row) {
  Json json = to_json(row.name);
  json.update({{"nodes", row.nodes},
               {"dirty", row.is_dirty},
               {"pending", row.pending},
               {"conflicts", row.conflicts},
               {"updated_at", row.updated_at},
               {"age", row.age},
               {"updated_by", row.updated_by}});
  return json;
}

mcp::ToolResult render(const ListResult& result) {
  Json json = {{"documents", to_json_list(result.rows)}};
  std::string text;
  for (const auto& row : result.rows) {
    text += fmt::format("- {} [{}] in {}, {}, {} by {}{}{}\n", row.name.title, row.name.id,
                        agent::show(row.name.workspace), agent::count_of(row.nodes, "node"), row.age,
                        row.updated_by, row.is_dirty ? fmt::format(", {} pending", row.pending) : "",
                        row.conflicts > 0 ? ", " + agent::count_of(row.conflicts, "conflict") : "");
  }
  std::string hint;
  if (result.rows.empty()) hint = "No documents: remember and edit_document make them";
  if (!result.next_cursor.empty()) {
    json["next_cursor"] = result.next_cursor;
    hint = "More documents: pass next_cursor as cursor, or narrow by query";
  }
  set_if(json, "hint", hint);
  return {std::move(json), text + hint + (hint.empty() ? "" : "\n"), {}, false};
}

} // namespace memsync::tools
