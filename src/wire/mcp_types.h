#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace memsync::wire {

using base::Json;

/// Who speaks: `clientInfo` and `serverInfo`. Empty members are absent.
struct Implementation {
  std::string name = {};
  std::string version = {};
  std::string title = {};
  std::string description = {};
  std::string website_url = {};
};

/// Hints to the host. A host calls read-only tools in parallel, so `read_only` must be true only of
/// a tool that can bear that.
struct ToolAnnotations {
  bool read_only = false;
  bool destructive = false;
  bool idempotent = false;
  bool open_world = false;
};

struct ToolDefinition {
  std::string name = {};
  std::string title = {};
  std::string description = {};
  Json input_schema = Json::object();
  Json output_schema = nullptr; // null: none
  ToolAnnotations annotations = {};
  Json meta = nullptr; // the definition's `_meta`; null: none
};

struct Resource {
  std::string uri = {};
  std::string name = {};
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
  std::optional<std::int64_t> size_bytes = {};
  Json annotations = nullptr; // {audience, priority, lastModified}; null: none
};

struct ResourceTemplate {
  std::string uri_template = {}; // RFC 6570
  std::string name = {};
  std::string title = {};
  std::string description = {};
  std::string mime_type = {};
};

/// What `resources/read` answers: text, or bytes already in base64.
struct ResourceContents {
  std::string uri = {};
  std::string mime_type = {};
  std::string text = {};
  std::optional<std::string> blob_base64 = {}; // wins over `text`
};

struct PromptArgument {
  std::string name = {};
  std::string title = {};
  std::string description = {};
  bool required = false;
};

struct Prompt {
  std::string name = {};
  std::string title = {};
  std::string description = {};
  std::vector<PromptArgument> arguments = {};
};

enum class Role { user, assistant };

struct PromptMessage {
  Role role = Role::user;
  Json content = Json::object(); // one content block
};

struct PromptResult {
  std::string description = {};
  std::vector<PromptMessage> messages = {};
};

struct CompletionResult {
  static constexpr std::size_t k_most_values = 100; // of the specification; more are not sent
  std::vector<std::string> values = {};
  std::optional<std::int64_t> total = {};
};

/// RFC 5424 severities, least severe first.
enum class LogSeverity { debug, info, notice, warning, error, critical, alert, emergency };

} // namespace memsync::wire
