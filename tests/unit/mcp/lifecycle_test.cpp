#include <doctest/doctest.h>

#include "tests/unit/mcp/harness.h"

using namespace memsync;
using namespace memsync::mcp;
using namespace memsync::mcp::testing;

namespace {

struct EchoServer : Harness {
  EchoServer() {
    add(tool("echo", [](ToolCall call, Responder responder) {
      ToolResult result;
      result.structured = {{"echo", call.arguments}};
      responder.answer(std::move(result));
    }));
    start();
  }
};

} // namespace

TEST_CASE_FIXTURE(EchoServer,
                  "initialize answers in every legacy revision and offers the newest for others") {
  for (const char* revision : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    const Json answer = ask("initialize", {{"protocolVersion", revision},
                                           {"capabilities", Json::object()},
                                           {"clientInfo", {{"name", "c"}, {"version", "1"}}}});
    CHECK(answer["result"]["protocolVersion"] == revision);
    CHECK(answer["result"]["serverInfo"]["name"] == "test");
    CHECK(answer["result"]["instructions"] == "Be kind.");
    CHECK(answer["result"]["capabilities"]["tools"]["listChanged"] == true);
    CHECK_FALSE(answer["result"].contains("resultType"));
  }
  const Json answer = ask("initialize", {{"protocolVersion", "2030-01-01"},
                                         {"capabilities", Json::object()},
                                         {"clientInfo", {{"name", "c"}, {"version", "1"}}}});
  CHECK(answer["result"]["protocolVersion"] == "2025-11-25");
  CHECK(error_code(ask("initialize", {{"protocolVersion", 5}})) == -32602);
}

TEST_CASE_FIXTURE(EchoServer, "server/discover answers at once with versions, capabilities and cache hints") {
  const Json answer = ask_modern("server/discover");
  CHECK(answer["result"]["supportedVersions"] == Json{"2026-07-28"});
  CHECK(answer["result"]["resultType"] == "complete");
  CHECK(answer["result"]["ttlMs"].get<int>() > 0);
  CHECK(answer["result"]["cacheScope"] == "public");
  CHECK(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "test");
  CHECK(answer["result"]["instructions"] == "Be kind.");
}

TEST_CASE_FIXTURE(EchoServer, "a probe with server/discover and then initialize are both answered") {
  CHECK(ask_modern("server/discover").contains("result"));
  initialize();
  CHECK(error_code(ask("tools/list")) == 0);
}

TEST_CASE_FIXTURE(EchoServer, "legacy requests before initialize are refused, except ping") {
  CHECK(error_code(ask("tools/list")) == -32602);
  CHECK(error_code(call("echo")) == -32602);
  CHECK(ask("ping")["result"] == Json::object());
  initialize();
  CHECK(error_code(ask("tools/list")) == 0);
}

TEST_CASE_FIXTURE(EchoServer, "the modern era needs no initialize and has none of the legacy methods") {
  CHECK(error_code(ask_modern("tools/list")) == 0);
  for (const char* method : {"initialize", "ping", "logging/setLevel", "resources/subscribe", "no/such"}) {
    CHECK(error_code(ask_modern(method)) == -32601);
  }
}

TEST_CASE_FIXTURE(EchoServer, "modern-only methods without their _meta have invalid params") {
  CHECK(error_code(ask("server/discover")) == -32602);
  CHECK(error_code(ask("subscriptions/listen")) == -32602);
  CHECK(error_code(ask("tools/list",
                       {{"_meta", {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"}}}})) == -32602);
}

TEST_CASE_FIXTURE(EchoServer, "an unknown modern version is refused with the versions that are served") {
  modern(1, "no/such/method", Json::object(), Json::object(),
         {{"io.modelcontextprotocol/protocolVersion", "2099-01-01"}});
  const Json answer = next();
  CHECK(error_code(answer) == -32022);
  CHECK(answer["error"]["data"] == Json{{"supported", {"2026-07-28"}}, {"requested", "2099-01-01"}});
}

TEST_CASE_FIXTURE(EchoServer, "both eras are served side by side") {
  initialize("2025-06-18");
  CHECK_FALSE(ask("tools/list")["result"].contains("ttlMs"));
  CHECK(ask_modern("tools/list")["result"].contains("ttlMs"));
  CHECK_FALSE(ask("tools/list")["result"].contains("ttlMs"));
}

TEST_CASE("a server of the legacy era refuses the probe and serves a session") {
  Harness harness;
  harness.config.eras = ServedEras::legacy_only;
  harness.config.experimental = {{"claude/channel", Json::object()}};
  harness.start();
  CHECK(error_code(harness.ask_modern("server/discover")) == -32601);
  CHECK_FALSE(harness.server().notify_legacy("notifications/claude/channel", {{"content", "x"}}));
  const Json answer = harness.ask("initialize", {{"protocolVersion", "2025-11-25"},
                                                 {"capabilities", Json::object()},
                                                 {"clientInfo", {{"name", "c"}, {"version", "1"}}}});
  CHECK(answer["result"]["capabilities"]["experimental"].contains("claude/channel"));
  harness.line(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  CHECK(harness.server().notify_legacy("notifications/claude/channel", {{"content", "x"}}));
  CHECK(harness.next()["params"]["content"] == "x");
}

TEST_CASE_FIXTURE(EchoServer, "every malformed line gets its error and the next request is answered") {
  struct Case {
    std::string text;
    int code;
  };
  const std::vector<Case> cases = {
      {"nonsense", -32700},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"", -32700},
      {std::string("{\"a\":\"\0\"}", 9), -32700},
      {"{\"a\":\"\xc3\x28\"}", -32700},
      {R"({"a":"\ud800"})", -32700},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"})", -32700},
      {std::string(100'000, '[') + std::string(100'000, ']'), -32700},
      {"5", -32600},
      {"[]", -32600},
      {R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])", -32600},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
      {R"({"id":1,"method":"ping"})", -32600},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"no/such"})", -32601},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"no_such"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":[]}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"junk"}})", -32602},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":{}}}})", -32602},
  };
  initialize();
  for (const auto& bad : cases) {
    CAPTURE(bad.text.substr(0, 80));
    line(bad.text);
    const Json answer = next();
    CHECK(error_code(answer) == bad.code);
    CHECK(answer.contains("id") ==
          (bad.text.find("\"id\":1,") != std::string::npos && bad.code != -32700 && bad.text.front() != '['));
    CHECK(call("echo", {{"n", 1}})["result"]["structuredContent"]["echo"]["n"] == 1);
    CHECK(is_silent());
  }
}

TEST_CASE_FIXTURE(EchoServer, "an overlong line is answered with an error without id") {
  server().receive_overlong(12'000'000);
  const Json answer = next();
  CHECK(error_code(answer) == -32700);
  CHECK_FALSE(answer.contains("id"));
  CHECK(ask("ping").contains("result"));
}

TEST_CASE_FIXTURE(EchoServer, "notifications and stray responses are never answered") {
  initialize();
  for (const char* text :
       {R"({"jsonrpc":"2.0","method":"notifications/unknown"})", R"({"jsonrpc":"2.0","method":"tools/list"})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled"})",
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}})",
        R"({"jsonrpc":"2.0","method":"notifications/x","params":5})",
        R"({"jsonrpc":"2.0","id":77,"result":{}})", R"({"jsonrpc":"2.0","id":"ask-1","result":{}})",
        R"({"jsonrpc":"2.0","id":null,"result":{}})",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}})", R"({"error":{}})"}) {
    CAPTURE(text);
    line(text);
    CHECK(is_silent());
  }
}

TEST_CASE_FIXTURE(EchoServer, "batches are served in revision 2025-03-26 and answered as one array") {
  const char* batch =
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/x"},)"
      R"({"jsonrpc":"2.0","id":2,"method":"no/such"},7,)"
      R"({"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo"}}])";
  for (const char* revision : {"2024-11-05", "2025-06-18", "2025-11-25"}) {
    initialize(revision);
    line(batch);
    CHECK(error_code(next()) == -32600);
  }
  initialize("2025-03-26");
  line(batch);
  const Json answer = next();
  REQUIRE(answer.is_array());
  REQUIRE(answer.size() == 4);
  CHECK(answer[0]["id"] == 1);
  CHECK(error_code(answer[1]) == -32601);
  CHECK(error_code(answer[2]) == -32600);
  CHECK(answer[3]["id"] == 3);
  line(R"([{"jsonrpc":"2.0","method":"notifications/x"}])");
  CHECK(is_silent());
  line(R"([{"jsonrpc":"2.0","id":1,"method":"server/discover"}])");
  CHECK(error_code(next()[0]) == -32600);
}

TEST_CASE("a batch is answered when its last member is, and a cancelled member is left out") {
  Harness harness;
  std::map<std::string, Responder> parked;
  harness.add(tool("wait", [&](ToolCall call, Responder responder) {
    parked.emplace(call.arguments["as"].get<std::string>(), std::move(responder));
  }));
  harness.start();
  harness.initialize("2025-03-26");
  harness.line(
      R"([{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait","arguments":{"as":"a"}}},)"
      R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"wait","arguments":{"as":"b"}}}])");
  CHECK(harness.is_silent());
  parked.at("b").answer(text_result("done"));
  CHECK(harness.is_silent());
  harness.line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  const Json answer = harness.next();
  REQUIRE(answer.size() == 1);
  CHECK(answer[0]["id"] == 2);
  parked.at("a").answer(text_result("late"));
  CHECK(harness.is_silent());
}

TEST_CASE_FIXTURE(EchoServer, "the client is announced once per identity, in both eras") {
  std::vector<std::string> seen;
  hooks.client_seen = [&](const wire::Caller& caller) { seen.push_back(caller.client.name); };
  start();
  initialize();
  initialize();
  ask_modern("tools/list");
  ask_modern("tools/list");
  CHECK(seen == std::vector<std::string>{"tester", "modern"});
}
