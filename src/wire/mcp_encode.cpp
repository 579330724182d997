#include "wire/mcp_encode.h"

#include <utility>

namespace memsync::wire {

namespace {

void set_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

void set_title(Json& object, const std::string& title, Revision revision) {
  if (features_of(revision).structured_content) set_text(object, "title", title);
}

Json text_block(std::string text) { return {{"type", "text"}, {"text", std::move(text)}}; }

/// `block`, or a text in its place when the revision does not know its type.
Json adapt_block(const Json& block, Revision revision) {
  const auto& features = features_of(revision);
  const std::string type = block.value("type", "");
  if (type == "audio" && !features.tool_annotations) return text_block("(audio)");
  if (type == "resource_link" && !features.structured_content) return text_block(block.value("uri", ""));
  return block;
}

} // namespace

Json encode_implementation(const Implementation& implementation, Revision revision) {
  Json json = {{"name", implementation.name}, {"version", implementation.version}};
  set_title(json, implementation.title, revision);
  if (features_of(revision).titled_choices) {
    set_text(json, "description", implementation.description);
    set_text(json, "websiteUrl", implementation.website_url);
  }
  return json;
}

Json encode_tool(const ToolDefinition& tool, Revision revision) {
  const auto& features = features_of(revision);
  Json json = {{"name", tool.name}, {"inputSchema", tool.input_schema}};
  set_text(json, "description", tool.description);
  set_title(json, tool.title, revision);
  if (features.tool_annotations) {
    json["annotations"] = {{"readOnlyHint", tool.annotations.read_only},
                           {"destructiveHint", tool.annotations.destructive},
                           {"idempotentHint", tool.annotations.idempotent},
                           {"openWorldHint", tool.annotations.open_world}};
    set_text(json["annotations"], "title", tool.title);
  }
  if (features.structured_content && !tool.output_schema.is_null()) json["outputSchema"] = tool.output_schema;
  if (features.structured_content && !tool.meta.is_null()) json["_meta"] = tool.meta;
  return json;
}

Json encode_resource(const Resource& resource, Revision revision) {
  Json json = {{"uri", resource.uri}, {"name", resource.name}};
  set_title(json, resource.title, revision);
  set_text(json, "description", resource.description);
  set_text(json, "mimeType", resource.mime_type);
  if (resource.size_bytes) json["size"] = *resource.size_bytes;
  if (!resource.annotations.is_null()) json["annotations"] = resource.annotations;
  return json;
}

Json encode_resource_template(const ResourceTemplate& resource_template, Revision revision) {
  Json json = {{"uriTemplate", resource_template.uri_template}, {"name", resource_template.name}};
  set_title(json, resource_template.title, revision);
  set_text(json, "description", resource_template.description);
  set_text(json, "mimeType", resource_template.mime_type);
  return json;
}

Json encode_resource_contents(const ResourceContents& contents) {
  Json json = {{"uri", contents.uri}};
  set_text(json, "mimeType", contents.mime_type);
  if (contents.blob_base64) {
    json["blob"] = *contents.blob_base64;
  } else {
    json["text"] = contents.text;
  }
  return json;
}

Json encode_prompt(const Prompt& prompt, Revision revision) {
  Json json = {{"name", prompt.name}};
  set_title(json, prompt.title, revision);
  set_text(json, "description", prompt.description);
  if (prompt.arguments.empty()) return json;
  Json arguments = Json::array();
  for (const auto& argument : prompt.arguments) {
    Json item = {{"name", argument.name}, {"required", argument.required}};
    set_title(item, argument.title, revision);
    set_text(item, "description", argument.description);
    arguments.push_back(std::move(item));
  }
  json["arguments"] = std::move(arguments);
  return json;
}

Json encode_prompt_result(const PromptResult& result, Revision revision) {
  Json json = {{"messages", Json::array()}};
  set_text(json, "description", result.description);
  for (const auto& message : result.messages) {
    json["messages"].push_back({{"role", message.role == Role::user ? "user" : "assistant"},
                                {"content", adapt_block(message.content, revision)}});
  }
  return json;
}

Json encode_completion(const CompletionResult& completion) {
  Json values = Json::array();
  for (const auto& value : completion.values) {
    if (values.size() == CompletionResult::k_most_values) break;
    values.push_back(value);
  }
  const auto available = static_cast<std::int64_t>(completion.values.size());
  const auto total = completion.total.value_or(available);
  const bool has_more = total > static_cast<std::int64_t>(values.size());
  return {{"completion", {{"values", std::move(values)}, {"total", total}, {"hasMore", has_more}}}};
}

Json encode_tool_output(const ToolOutput& output, Revision revision) {
  const auto& features = features_of(revision);
  const bool has_value = !output.structured.is_null();
  // Clients check structuredContent against the output schema even in an error, and throw away both.
  const bool is_structured = has_value && !output.is_error && features.structured_content &&
                             (output.structured.is_object() || features.result_type);
  Json content = Json::array();
  if (!output.text.empty()) content.push_back(text_block(output.text));
  const bool is_value_in_text =
      has_value && (!is_structured || (output.text.empty() && output.content.empty()));
  if (is_value_in_text) content.push_back(text_block(base::dump_json(output.structured)));
  for (const Json& block : output.content) content.push_back(adapt_block(block, revision));
  Json result = {{"content", std::move(content)}};
  if (is_structured) result["structuredContent"] = output.structured;
  if (output.is_error) result["isError"] = true;
  return result;
}

void complete_result(Json& result, Revision revision, const Implementation& server) {
  if (!features_of(revision).result_type) return;
  if (!result.contains("resultType")) result["resultType"] = "complete";
  result["_meta"][k_meta_server_info] = encode_implementation(server, revision);
}

void add_cache_hint(Json& result, Revision revision, const CacheHint& hint) {
  if (!features_of(revision).result_type) return;
  result["ttlMs"] = hint.ttl.count();
  result["cacheScope"] = hint.scope == CacheHint::Scope::shared ? "public" : "private";
}

} // namespace memsync::wire
