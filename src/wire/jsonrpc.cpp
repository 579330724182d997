#include "wire/jsonrpc.h"

#include <fmt/format.h>
#include <utility>

#include "wire/line_decoder.h"

namespace memsync::wire {

namespace {

RpcError invalid_request(std::string message) {
  return {RpcErrorCode::invalid_request, std::move(message), nullptr};
}

/// JSON-RPC allows positional params, MCP does not. Null counts as absent: several clients write it.
std::optional<Json> take_params(Json& message) {
  const auto params = message.find("params");
  if (params == message.end() || params->is_null()) return Json::object();
  if (!params->is_object()) return std::nullopt;
  return std::move(*params);
}

std::variant<Json, RpcError> take_outcome(Json& message) {
  if (const auto result = message.find("result"); result != message.end()) return std::move(*result);
  RpcError error;
  const Json& reported = message["error"];
  if (!reported.is_object()) return error;
  if (const auto text = reported.find("message"); text != reported.end() && text->is_string()) {
    error.message = text->get<std::string>();
  }
  return error;
}

RpcMessage parse_response(std::optional<RequestId> id, Json& message) {
  if (!id) return RpcIgnored{};
  return RpcResponse{*std::move(id), take_outcome(message)};
}

RpcMessage parse_call(std::optional<RequestId> id, Json& message) {
  std::string method = message["method"].get<std::string>();
  auto params = take_params(message);
  if (!id) {
    if (!params) return RpcIgnored{};
    return RpcNotification{std::move(method), *std::move(params)};
  }
  if (!params) {
    return RpcMalformed{std::move(id), {RpcErrorCode::invalid_params, "params must be an object.", nullptr}};
  }
  return RpcRequest{*std::move(id), std::move(method), *std::move(params)};
}

RpcMessage parse_message(Json& message) {
  if (!message.is_object()) {
    return RpcMalformed{std::nullopt, invalid_request("A message must be a JSON object.")};
  }
  const auto id_member = message.find("id");
  const bool has_id = id_member != message.end();
  auto id = has_id ? find_request_id(*id_member) : std::nullopt;
  const auto method = message.find("method");
  const bool has_method = method != message.end();
  if (!has_method && (message.contains("result") || message.contains("error"))) {
    return parse_response(std::move(id), message);
  }
  if (has_id && !id) {
    return RpcMalformed{std::nullopt, invalid_request("id must be a string or an integer.")};
  }
  if (message.value("jsonrpc", Json()) != "2.0") {
    return RpcMalformed{std::move(id), invalid_request("jsonrpc must be \"2.0\".")};
  }
  if (!has_method || !method->is_string()) {
    return RpcMalformed{std::move(id), invalid_request("method must be a string.")};
  }
  return parse_call(std::move(id), message);
}

RpcInput parse_batch(Json& messages) {
  if (messages.empty()) {
    return RpcMalformed{std::nullopt, invalid_request("A batch must not be empty.")};
  }
  if (messages.size() > k_max_batch) {
    return RpcMalformed{std::nullopt,
                        invalid_request(fmt::format("A batch of {} messages, at most {} are accepted.",
                                                    messages.size(), k_max_batch))};
  }
  RpcBatch batch;
  batch.messages.reserve(messages.size());
  for (Json& message : messages) batch.messages.push_back(parse_message(message));
  return batch;
}

/// {"jsonrpc":"2.0","id":ID, open for further members.
std::string open_message(const std::optional<RequestId>& id) {
  std::string line = R"({"jsonrpc":"2.0")";
  if (id) line += R"(,"id":)" + base::dump_json(encode_request_id(*id));
  return line;
}

} // namespace

std::optional<RequestId> find_request_id(const Json& value) {
  if (value.is_string()) return RequestId(value.get<std::string>());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    return std::nullopt;
  }
  if (value.is_number_integer()) return RequestId(value.get<std::int64_t>());
  return std::nullopt;
}

Json encode_request_id(const RequestId& id) {
  return std::visit([](const auto& value) { return Json(value); }, id);
}

RpcInput parse_rpc_line(std::string_view line) {
  auto parsed = base::parse_json(line, {.max_bytes = k_max_line_bytes});
  if (!parsed) {
    return RpcMalformed{std::nullopt,
                        {RpcErrorCode::parse_error, "Parse error: " + parsed.error().message, nullptr}};
  }
  if (parsed->is_array()) return parse_batch(*parsed);
  return parse_message(*parsed);
}

RpcError overlong_line_error(std::size_t size_bytes, std::size_t max_line_bytes) {
  return {
      RpcErrorCode::parse_error,
      fmt::format("Parse error: a line of {} bytes, at most {} are accepted.", size_bytes, max_line_bytes),
      nullptr};
}

std::string write_rpc_result(const RequestId& id, const Json& result) {
  return open_message(id) + R"(,"result":)" + base::dump_json(result) + "}";
}

std::string write_rpc_error(const std::optional<RequestId>& id, const RpcError& error) {
  Json body = {{"code", static_cast<int>(error.code)}, {"message", error.message}};
  if (!error.data.is_null()) body["data"] = error.data;
  return open_message(id) + R"(,"error":)" + base::dump_json(body) + "}";
}

std::string write_rpc_request(const RequestId& id, std::string_view method, const Json& params) {
  return open_message(id) + R"(,"method":)" + base::dump_json(Json(method)) + R"(,"params":)" +
         base::dump_json(params) + "}";
}

std::string write_rpc_notification(std::string_view method, const Json& params) {
  std::string line = open_message(std::nullopt) + R"(,"method":)" + base::dump_json(Json(method));
  if (!params.empty()) line += R"(,"params":)" + base::dump_json(params);
  return line + "}";
}

std::string write_rpc_batch(const std::vector<std::string>& lines) {
  return fmt::format("[{}]", fmt::join(lines, ","));
}

} // namespace memsync::wire
