#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wire/jsonrpc.h"
#include "wire/mcp_types.h"

namespace memsync::wire {

/// The published revisions of the Model Context Protocol, oldest first.
enum class Revision { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

/// Legacy revisions open a session with `initialize`; modern ones say everything in every request.
enum class Era { legacy, modern };

/// What a revision has. Every difference between revisions is a member here or an encoder below.
struct Features {
  Revision revision;
  std::string_view name;
  Era era;
  bool batches;            // JSON arrays of messages
  bool tool_annotations;   // and audio content, progress messages, the completions capability
  bool structured_content; // and output schemas, titles, resource links, elicitation, _meta of definitions
  bool titled_choices;     // elicitation: oneOf const/title and `mode`; website and description of a server
  bool result_type;        // and cache hints, serverInfo in _meta, -32602 for an unknown resource
};

const Features& features_of(Revision revision);
std::span<const Features> all_revisions();
inline std::string_view revision_name(Revision revision) { return features_of(revision).name; }
/// The revision of that name, or nothing.
std::optional<Revision> find_revision(std::string_view name);

/// The revision that answers `initialize`: the requested legacy one, else the newest legacy one.
Revision negotiate_revision(std::string_view requested);

/// The era of one message: modern when `_meta` has any io.modelcontextprotocol/* key or the method
/// is server/discover or subscriptions/listen.
Era decide_era(std::string_view method, const Json& params);

/// A result or the JSON-RPC error to answer instead.
template <class T>
using RpcResult = base::Expected<T, RpcError>;

/// What the caller said about itself: once in `initialize`, or in the `_meta` of this request.
struct Caller {
  Revision revision = Revision::v2025_11_25;
  Implementation client = {};
  Json capabilities = Json::object();
};

/// The parts of `_meta` that every request may carry.
struct RequestMeta {
  Json progress_token = nullptr; // a string or an integer; null: none
  std::string tool_use_id = {};  // Claude Code's id of the tool use; empty: none
};

/// Reads the parameters of `initialize`. -32602 when a required one is missing or of a wrong type.
RpcResult<Caller> parse_initialize(const Json& params);

/// Reads the `_meta` of a modern request. -32602 for a missing or wrong key, -32022 with
/// `data {supported, requested}` for a version that is not served.
RpcResult<Caller> parse_modern_caller(const Json& params);

/// `io.modelcontextprotocol/logLevel` of a modern request, nothing when absent; -32602 for another word.
RpcResult<std::optional<LogSeverity>> parse_modern_log_level(const Json& params);

/// Fails with -32602 for a progress token that is neither string nor integer.
RpcResult<RequestMeta> parse_request_meta(const Json& params);

std::optional<LogSeverity> find_log_severity(std::string_view name);
std::string_view log_severity_name(LogSeverity severity);

/// True when the caller declared what a request of `method` ("elicitation/create" in form mode,
/// "sampling/createMessage", "roots/list") needs, and its revision has that method.
bool can_request(const Caller& caller, std::string_view method);

/// The capabilities to name in -32021 for `method`, e.g. {"elicitation": {"form": {}}}.
RpcError missing_capability_error(std::string_view method);

RpcError resource_not_found_error(std::string_view uri, Revision revision);

/// The parameters of elicitation/create as the revision knows them: before 2025-11-25 a `oneOf` of
/// const/title is written as enum/enumNames and `mode` is left out.
Json adapt_elicitation(Json params, Revision revision);

inline constexpr std::string_view k_meta_protocol_version = "io.modelcontextprotocol/protocolVersion";
inline constexpr std::string_view k_meta_client_info = "io.modelcontextprotocol/clientInfo";
inline constexpr std::string_view k_meta_client_capabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr std::string_view k_meta_log_level = "io.modelcontextprotocol/logLevel";
inline constexpr std::string_view k_meta_server_info = "io.modelcontextprotocol/serverInfo";
inline constexpr std::string_view k_meta_subscription_id = "io.modelcontextprotocol/subscriptionId";

} // namespace memsync::wire
