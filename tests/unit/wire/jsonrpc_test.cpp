#include "wire/jsonrpc.h"

#include <doctest/doctest.h>
#include <string>

using namespace memsync::wire;

namespace {

RpcMessage parse_line(std::string_view line) { return std::get<RpcMessage>(parse_rpc_line(line)); }

/// The code a line is refused with; 0 when it is not malformed.
int refused(std::string_view line) {
  const auto message = parse_line(line);
  const auto* malformed = std::get_if<RpcMalformed>(&message);
  return malformed == nullptr ? 0 : static_cast<int>(malformed->error.code);
}

} // namespace

TEST_CASE("a request has a string or integer id, a method and object params") {
  const auto by_number = std::get<RpcRequest>(parse_line(R"({"jsonrpc":"2.0","id":-7,"method":"ping"})"));
  CHECK(by_number.id == RequestId(std::int64_t{-7}));
  CHECK(by_number.params == Json::object());
  const auto by_text = std::get<RpcRequest>(
      parse_line(R"({"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"cursor":"x"}})"));
  CHECK(by_text.id == RequestId("a"));
  CHECK(by_text.params["cursor"] == "x");
  CHECK(std::holds_alternative<RpcRequest>(
      parse_line(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})")));
}

TEST_CASE("a call without id is a notification, and one with bad params is ignored") {
  CHECK(
      std::holds_alternative<RpcNotification>(parse_line(R"({"jsonrpc":"2.0","method":"notifications/x"})")));
  CHECK(std::holds_alternative<RpcIgnored>(
      parse_line(R"({"jsonrpc":"2.0","method":"notifications/x","params":[1]})")));
}

TEST_CASE("text that is not strict JSON is a parse error without id") {
  for (const char* line :
       {"", "{", "{]", "nonsense", "{\"a\":1} trailing", "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2}",
        "{\"id\":\"\\ud800\"}", "{\"id\":\"\xff\xfe\"}", "{'id':1}", "\"\\u12\""}) {
    CAPTURE(line);
    CHECK(refused(line) == -32700);
  }
  CHECK(refused(std::string_view("{\"jsonrpc\":\"2.0\",\0}", 19)) == -32700);
  CHECK(refused(std::string(100'000, '[') + std::string(100'000, ']')) == -32700);
  CHECK(refused(std::string(5 << 20, ' ') + "{}") == -32700);
}

TEST_CASE("an id that is null, a fraction, huge or a container is an invalid request without id") {
  for (const char* id : {"null", "1.5", "1e3", "18446744073709551615", "{}", "[1]", "true"}) {
    CAPTURE(id);
    const std::string line = std::string(R"({"jsonrpc":"2.0","method":"ping","id":)") + id + "}";
    const auto message = parse_line(line);
    REQUIRE(std::holds_alternative<RpcMalformed>(message));
    CHECK(std::get<RpcMalformed>(message).error.code == RpcErrorCode::invalid_request);
    CHECK_FALSE(std::get<RpcMalformed>(message).id);
  }
}

TEST_CASE("a message that is no request object is refused with its id if that is readable") {
  for (const char* line : {"1", "\"text\"", "null", "true", "{}", R"({"jsonrpc":"2.0"})",
                           R"({"jsonrpc":"1.0","id":1,"method":"ping"})", R"({"id":1,"method":"ping"})",
                           R"({"jsonrpc":"2.0","id":1})", R"({"jsonrpc":"2.0","id":1,"method":5})"}) {
    CAPTURE(line);
    CHECK(refused(line) == -32600);
  }
  CHECK(std::get<RpcMalformed>(parse_line(R"({"jsonrpc":"2.0","id":9,"method":5})")).id ==
        RequestId(std::int64_t{9}));
  CHECK(refused(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})") == -32602);
}

TEST_CASE("a response is told from a request, and one without a readable id is ignored") {
  const auto result = std::get<RpcResponse>(parse_line(R"({"jsonrpc":"2.0","id":"s","result":{"a":1}})"));
  CHECK(std::get<Json>(result.outcome)["a"] == 1);
  const auto error =
      std::get<RpcResponse>(parse_line(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})"));
  CHECK(std::get<RpcError>(error.outcome).message == "no");
  CHECK(std::holds_alternative<RpcIgnored>(
      parse_line(R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}})")));
  CHECK(std::holds_alternative<RpcIgnored>(parse_line(R"({"jsonrpc":"2.0","result":{}})")));
}

TEST_CASE("a batch keeps its messages in order; an empty or overlong one is refused") {
  const auto input = parse_rpc_line(R"([{"jsonrpc":"2.0","id":1,"method":"ping"},5])");
  const auto& batch = std::get<RpcBatch>(input);
  REQUIRE(batch.messages.size() == 2);
  CHECK(std::holds_alternative<RpcRequest>(batch.messages[0]));
  CHECK(std::holds_alternative<RpcMalformed>(batch.messages[1]));
  CHECK(refused("[]") == -32600);
  std::string many = "[0";
  for (std::size_t i = 0; i < k_max_batch; ++i) many += ",0";
  CHECK(refused(many + "]") == -32600);
}

TEST_CASE("what is written is one line that reads back, also for text that is not UTF-8") {
  CHECK(write_rpc_result(std::int64_t{1}, {{"a", "b\nc"}}) ==
        R"({"jsonrpc":"2.0","id":1,"result":{"a":"b\nc"}})");
  CHECK(write_rpc_error(std::nullopt, {RpcErrorCode::parse_error, "no", nullptr}) ==
        R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}})");
  CHECK(write_rpc_error(RequestId("x"), {RpcErrorCode::invalid_params, "no", {{"k", 1}}}) ==
        R"({"jsonrpc":"2.0","id":"x","error":{"code":-32602,"data":{"k":1},"message":"no"}})");
  CHECK(write_rpc_notification("n", Json::object()) == R"({"jsonrpc":"2.0","method":"n"})");
  CHECK(write_rpc_request("q", "m", {{"k", 1}}) ==
        R"({"jsonrpc":"2.0","id":"q","method":"m","params":{"k":1}})");
  CHECK(write_rpc_batch({"1", "2"}) == "[1,2]");
  const auto repaired = parse_line(write_rpc_result(std::int64_t{1}, {{"a", "\xff"}}));
  CHECK(std::get<Json>(std::get<RpcResponse>(repaired).outcome)["a"] == "\xef\xbf\xbd");
}
