#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "wire/mcp_protocol.h"

namespace memsync::wire {

/// How long and by whom a result may be cached (revision 2026-07-28; left out before).
struct CacheHint {
  enum class Scope { shared, caller };
  std::chrono::milliseconds ttl{0};
  Scope scope = Scope::caller;
};

/// Each writes what the revision defines and leaves out the rest.
Json encode_implementation(const Implementation& implementation, Revision revision);
Json encode_tool(const ToolDefinition& tool, Revision revision);
Json encode_resource(const Resource& resource, Revision revision);
Json encode_resource_template(const ResourceTemplate& resource_template, Revision revision);
Json encode_resource_contents(const ResourceContents& contents);
Json encode_prompt(const Prompt& prompt, Revision revision);
Json encode_prompt_result(const PromptResult& result, Revision revision);
Json encode_completion(const CompletionResult& completion);

/// The outcome of a tool before it is written for a revision.
struct ToolOutput {
  Json structured = nullptr;      // null: none; an object, in revision 2026-07-28 any value
  std::string text = {};          // for people; empty: the structured value is written instead
  std::vector<Json> content = {}; // further content blocks (image, audio, resource link, ...)
  bool is_error = false;
};

/// `tools/call` result. An error, and a revision without structuredContent, has the value as text, so
/// that nothing is lost; content blocks a revision lacks become text as well.
Json encode_tool_output(const ToolOutput& output, Revision revision);

/// Adds what every result of the revision carries: resultType and serverInfo; nothing before 2026-07-28.
void complete_result(Json& result, Revision revision, const Implementation& server);

/// Adds ttlMs and cacheScope; nothing before 2026-07-28.
void add_cache_hint(Json& result, Revision revision, const CacheHint& hint);

} // namespace memsync::wire
