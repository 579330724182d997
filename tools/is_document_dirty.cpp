#include "tools/is_document_dirty.h"

#include "model/limits.h"

namespace memsync::tools {

base::Result<DirtyArguments> DirtyArguments::parse(const Arguments& in) {
  return DirtyArguments{in.text("document")};
}

base::Result<DirtyResult> is_document_dirty(Session& session, const DirtyArguments& arguments) {
  return session.read([&](replica::Reader& reader) -> base::Result<DirtyResult> {
    DirtyResult result;
    if (arguments.document) {
      TRY_ASSIGN(const auto document, agent::locate_document(session, reader, *arguments.document));
      const auto workspace = reader.workspace(document.workspace);
      result.document = agent::name_document(reader, workspace, document.id);
      result.pending = document.pending;
      result.rejected = reader.rejected_count(workspace, document.id);
      result.conflicts = document.conflicts;
      return result;
    }
    for (const auto& workspace : reader.workspaces()) {
      // Also what is of no document here: the hub refused to create it.
      result.rejected += reader.rejected_count(workspace);
      const auto rejected = reader.rejected_by_document(workspace);
      for (const auto& document : reader.dirty_documents({workspace})) {
        result.pending += document.pending;
        result.conflicts += document.conflicts;
        const auto refused = rejected.find(document.id);
        result.rows.push_back(
            {{reader.short_id(workspace, document.id), agent::show(document.title), workspace.name},
             document.pending,
             refused == rejected.end() ? 0 : refused->second,
             document.conflicts});
      }
    }
    if (result.rows.size() > model::limits::k_max_rows) {
      result.more = result.rows.size() - model::limits::k_max_rows;
      result.rows.resize(model::limits::k_max_rows);
    }
    result.more += cut_to_budget(result.rows, agent::k_default_answer_tokens);
    return result;
  });
}

Json to_json(const DirtyRow& row) {
  Json json = to_json(row.name);
  json["pending"] = row.pending;
  json["rejected"] = row.rejected;
  json["conflicts"] = row.conflicts;
  return json;
}

mcp::ToolResult render(const DirtyResult& result) {
  Json json = {{"dirty", result.pending > 0},
               {"pending", result.pending},
               {"rejected", result.rejected},
               {"conflicts", result.conflicts}};
  std::string text;
  if (result.pending > 0)
    text = fmt::format("{} not on the hub yet", agent::count_of(result.pending, "change"));
  if (result.rejected > 0)
    text += fmt::format("{}the hub refused {}: see get_pending_operations", text.empty() ? "" : ", ",
                        agent::count_of(result.rejected, "change"));
  if (text.empty()) text = "Nothing to save";
  if (result.conflicts > 0) text += fmt::format(", {}", agent::count_of(result.conflicts, "open conflict"));
  text += "\n";
  if (result.document) {
    json["document"] = to_json(*result.document);
  } else {
    json["documents"] = to_json_list(result.rows);
    for (const auto& row : result.rows)
      text += fmt::format("- {} [{}] in {}: {} pending, {} refused, {}\n", row.name.title, row.name.id,
                          agent::show(row.name.workspace), row.pending, row.rejected,
                          agent::count_of(row.conflicts, "conflict"));
  }
  if (result.more > 0) json["hint"] = fmt::format("{} more dirty documents", result.more);
  return {std::move(json), std::move(text), {}, false};
}

} // namespace memsync::tools
