#include "tools/contract.h"

namespace memsync::tools {

namespace {

base::Error broken(std::string_view path, std::string_view what) {
  return {base::ErrorCode::internal, fmt::format("{}: {}", path, what)};
}

base::Result<Json> load_json(const std::string& path) {
  for (const auto& file : embedded_files()) {
    if (file.path != path) continue;
    auto json = base::parse_json(file.content);
    if (!json) return broken(path, json.error().message);
    if (!json->is_object()) return broken(path, "not an object");
    return json;
  }
  return base::Error{base::ErrorCode::not_found, fmt::format("there is no {}", path)};
}

wire::ToolAnnotations read_annotations(const Json& json) {
  return {json.value("readOnlyHint", false), json.value("destructiveHint", false),
          json.value("idempotentHint", false), json.value("openWorldHint", false)};
}

} // namespace

std::span<const std::string_view> tool_names() {
  static constexpr std::array<std::string_view, 15> k_names{
      "search_memories", "remember",        "save_document",     "read_document",
      "edit_document",   "list_documents",  "is_document_dirty", "sync_changes",
      "team_activity",   "get_sync_status", "use_workspace",     "get_pending_operations",
      "get_history",     "revert_change",   "resolve_conflict"};
  return k_names;
}

base::Result<Contract> load_contract(std::string_view name) {
  const std::string path = fmt::format("tools/{}.json", name);
  TRY_ASSIGN(Json json, load_json(path));
  TRY_ASSIGN(const Json aliases, load_json(fmt::format("tools/{}.aliases.json", name)));
  for (const char* key : {"name", "title", "description"})
    if (!json.contains(key) || !json[key].is_string()) return broken(path, fmt::format("no {}", key));
  if (json["name"] != name) return broken(path, "the name is not that of the file");
  for (const char* key : {"inputSchema", "outputSchema", "annotations", "_meta"})
    if (!json.contains(key) || !json[key].is_object()) return broken(path, fmt::format("no {}", key));
  Contract contract;
  contract.tool.name = name;
  contract.tool.title = json["title"];
  contract.tool.description = json["description"];
  contract.tool.input_schema = base::dump_json(json["inputSchema"]);
  contract.tool.output_schema = base::dump_json(json["outputSchema"]);
  contract.tool.annotations = read_annotations(json["annotations"]);
  contract.tool.meta = json["_meta"];
  contract.input_schema = std::move(json["inputSchema"]);
  const Json names = aliases.value("names", Json::object());
  for (const auto& [alias, argument] : names.items()) contract.aliases[alias] = argument;
  for (const Json& list : aliases.value("lists", Json::array())) contract.lists.insert(list);
  return contract;
}

} // namespace memsync::tools
