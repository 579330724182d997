#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mcp/tool.h"

namespace memsync::mcp {

/// What a provider answers: the value, a question to the client, or a protocol error.
template <class T>
using Outcome = std::variant<T, InputRequired, wire::RpcError>;

/// Which lists change while the server runs. Only those are advertised as `listChanged`
/// and announced.
struct ChangingLists {
  bool tools = false, prompts = false, resources = false;
};

/// One page of a list. `next` is the provider's own position after the last item (for example its
/// id), empty on the last page. The server wraps it in an opaque cursor.
template <class T>
struct Page {
  std::vector<T> items = {};
  std::string next = {};
};

/// The variables already chosen while another one is completed, by name.
using Arguments = std::map<std::string, std::string, std::less<>>;

/// Resources of the application. Methods are called on `pool`, several at once, and may block on disk.
class ResourceProvider {
 public:
  virtual ~ResourceProvider() = default;

  /// At most `limit` resources after `position` (empty: from the start). `validation` for a position
  /// that this provider did not give out.
  virtual base::Result<Page<wire::Resource>> list(std::string_view position, std::size_t limit) = 0;
  /// All templates; a handful.
  virtual std::vector<wire::ResourceTemplate> templates() = 0;
  /// The contents of `uri`; `wire::resource_not_found_error` when there is none.
  virtual Outcome<std::vector<wire::ResourceContents>> read(std::string_view uri,
                                                            const CallContext& context) = 0;
  /// Values for `variable` of `uri_template` that start with or match `prefix`; -32602 for an unknown
  /// template or variable.
  virtual wire::RpcResult<wire::CompletionResult> complete(std::string_view uri_template,
                                                           std::string_view variable, std::string_view prefix,
                                                           const Arguments& chosen) = 0;
};

/// Prompts of the application; called like resources.
class PromptProvider {
 public:
  virtual ~PromptProvider() = default;

  /// All prompts in a stable order; a handful. Called on any thread: must not touch disk.
  virtual const std::vector<wire::Prompt>& prompts() = 0;
  /// The messages of `name`, which is one of prompts(); required arguments are there already.
  virtual Outcome<wire::PromptResult> get(std::string_view name, const Arguments& arguments,
                                          const CallContext& context) = 0;
  /// As for resources.
  virtual wire::RpcResult<wire::CompletionResult> complete(std::string_view prompt, std::string_view argument,
                                                           std::string_view prefix,
                                                           const Arguments& chosen) = 0;
};

} // namespace memsync::mcp
