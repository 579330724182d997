#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace memsync::wire {

using base::Json;

/// A request's identity: an integer or a string (MCP forbids null and fractions).
using RequestId = std::variant<std::int64_t, std::string>;

/// The readable id in `value`, or nothing for null, fractions, huge integers and containers.
std::optional<RequestId> find_request_id(const Json& value);
Json encode_request_id(const RequestId& id);

/// JSON-RPC 2.0 section 5.1 and the codes MCP adds (revision 2026-07-28, "Error codes").
enum class RpcErrorCode : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  resource_not_found = -32002, // legacy revisions only
  missing_client_capability = -32021,
  unsupported_protocol_version = -32022,
};

struct RpcError {
  RpcErrorCode code = RpcErrorCode::internal_error;
  std::string message;
  Json data = nullptr; // null: no `data` member
};
inline RpcError invalid_params(std::string message) {
  return {RpcErrorCode::invalid_params, std::move(message), nullptr};
}

/// A call that must be answered. `params` is always an object, empty when absent.
struct RpcRequest {
  RequestId id;
  std::string method;
  Json params = Json::object();
};

/// A message that must never be answered. `params` is always an object.
struct RpcNotification {
  std::string method;
  Json params = Json::object();
};

/// The client's answer to a request of ours.
struct RpcResponse {
  RequestId id;
  std::variant<Json, RpcError> outcome;
};

/// Something that must be answered with an error; without `id` when it was unreadable.
struct RpcMalformed {
  std::optional<RequestId> id;
  RpcError error;
};

/// Something to drop silently: a response without a readable id, a notification with bad params.
struct RpcIgnored {};

using RpcMessage = std::variant<RpcRequest, RpcNotification, RpcResponse, RpcMalformed, RpcIgnored>;

/// A JSON array of messages; only revision 2025-03-26 serves it.
struct RpcBatch {
  std::vector<RpcMessage> messages;
};

/// A batch longer than this is refused whole.
inline constexpr std::size_t k_max_batch = 256;

using RpcInput = std::variant<RpcMessage, RpcBatch>;

/// Reads one line of untrusted text. Never fails: what cannot be read becomes RpcMalformed with the
/// code and message to answer.
RpcInput parse_rpc_line(std::string_view line);

/// The answer to a line that was discarded because it was longer than the limit.
RpcError overlong_line_error(std::size_t size_bytes, std::size_t max_line_bytes);

/// One line each, without the line end; `result` and `params` are objects.
std::string write_rpc_result(const RequestId& id, const Json& result);
std::string write_rpc_error(const std::optional<RequestId>& id, const RpcError& error);
std::string write_rpc_request(const RequestId& id, std::string_view method, const Json& params);
std::string write_rpc_notification(std::string_view method, const Json& params);

/// A batch's answer: the given lines as one JSON array.
std::string write_rpc_batch(const std::vector<std::string>& lines);

} // namespace memsync::wire
