#include <algorithm>
#include <doctest/doctest.h>
#include <set>

#include "mcp/base64url.h"
#include "mcp/cursor.h"
#include "mcp/subscriptions.h"
#include "tests/unit/mcp/harness.h"

using namespace memsync;
using namespace memsync::mcp;
using namespace memsync::mcp::testing;

namespace {

wire::RpcError invalid(std::string message) {
  return {wire::RpcErrorCode::invalid_params, std::move(message), nullptr};
}

/// Resources x://1 ... x://9; the position in the list is the last uri.
class Numbers final : public ResourceProvider {
 public:
  base::Result<Page<wire::Resource>> list(std::string_view position, std::size_t limit) override {
    int first = 1;
    if (!position.empty()) first = position.back() - '0' + 1;
    Page<wire::Resource> page;
    for (int i = first; i <= 9 && page.items.size() < limit; ++i) {
      page.items.push_back({.uri = fmt::format("x://{}", i), .name = std::to_string(i), .title = "Number"});
    }
    if (!page.items.empty() && page.items.back().name != "9") page.next = page.items.back().uri;
    return page;
  }
  std::vector<wire::ResourceTemplate> templates() override {
    return {{.uri_template = "x://{n}", .name = "number"}};
  }
  Outcome<std::vector<wire::ResourceContents>> read(std::string_view uri,
                                                    const CallContext& context) override {
    if (uri == "x://throw") throw std::runtime_error("disk");
    if (!uri.starts_with("x://")) return wire::resource_not_found_error(uri, context.caller.revision);
    return std::vector<wire::ResourceContents>{
        {.uri = std::string(uri), .mime_type = "text/plain", .text = "n"}};
  }
  wire::RpcResult<wire::CompletionResult> complete(std::string_view uri_template, std::string_view variable,
                                                   std::string_view prefix, const Arguments&) override {
    if (uri_template != "x://{n}" || variable != "n") return invalid("unknown");
    return wire::CompletionResult{{std::string(prefix) + "1", std::string(prefix) + "2"}, std::nullopt};
  }
};

class Greetings final : public PromptProvider {
 public:
  const std::vector<wire::Prompt>& prompts() override { return prompts_; }
  Outcome<wire::PromptResult> get(std::string_view name, const Arguments& arguments,
                                  const CallContext&) override {
    return wire::PromptResult{
        .description = std::string(name),
        .messages = {{wire::Role::user, {{"type", "text"}, {"text", "Hello " + arguments.at("who")}}}}};
  }
  wire::RpcResult<wire::CompletionResult> complete(std::string_view, std::string_view argument,
                                                   std::string_view, const Arguments& chosen) override {
    return wire::CompletionResult{{std::string(argument), chosen.empty() ? "" : chosen.begin()->second},
                                  std::nullopt};
  }

 private:
  std::vector<wire::Prompt> prompts_ = {
      {.name = "greet", .title = "Greet", .arguments = {{.name = "who", .required = true}, {.name = "how"}}},
      {.name = "part"}};
};

struct ManyItems : Harness {
  ManyItems() {
    resources = &numbers;
    prompts = &greetings;
    config.page_size = 2;
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      add(tool(name, [](ToolCall, Responder responder) { responder.answer(text_result("x")); }));
    }
    start();
    initialize();
  }

  /// Every item of a list, page by page.
  std::vector<std::string> collect(std::string_view method, const char* list, const char* key) {
    std::vector<std::string> items;
    Json params = Json::object();
    for (;;) {
      const Json result = ask(method, params)["result"];
      for (const Json& item : result[list]) items.push_back(item[key]);
      CHECK(result[list].size() <= 2);
      if (!result.contains("nextCursor")) return items;
      params["cursor"] = result["nextCursor"];
    }
  }

  Numbers numbers;
  Greetings greetings;
};

} // namespace

TEST_CASE_FIXTURE(ManyItems, "lists are paged with opaque cursors and come in a stable order") {
  CHECK(collect("tools/list", "tools", "name") == std::vector<std::string>{"a", "b", "c", "d", "e"});
  CHECK(collect("resources/list", "resources", "uri").size() == 9);
  CHECK(collect("prompts/list", "prompts", "name") == std::vector<std::string>{"greet", "part"});
}

TEST_CASE_FIXTURE(ManyItems, "a cursor of another list, a changed one and other text are refused") {
  const std::string cursor = ask("tools/list")["result"]["nextCursor"];
  CHECK(error_code(ask("tools/list", {{"cursor", cursor}})) == 0);
  CHECK(error_code(ask("prompts/list", {{"cursor", cursor}})) == -32602);
  CHECK(error_code(ask("resources/list", {{"cursor", cursor}})) == -32602);
  CHECK(error_code(ask("tools/list", {{"cursor", cursor + "A"}})) == -32602);
  CHECK(error_code(ask("tools/list", {{"cursor", ""}})) == -32602);
  CHECK(error_code(ask("tools/list", {{"cursor", 5}})) == -32602);
  CHECK(error_code(ask("tools/list", {{"cursor", make_cursor("tools", "gone")}})) == -32602);
}

TEST_CASE("base64url text that another text would decode to is refused") {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\x00x"}) {
    CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
  }
  CHECK(encode_base64url("a") == "YQ");
  CHECK_FALSE(decode_base64url("YR")); // the last digit carries bits that no byte has
  CHECK_FALSE(decode_base64url("YQ=="));
  CHECK_FALSE(decode_base64url("Y"));
  CHECK_FALSE(decode_base64url("+/"));
}

TEST_CASE_FIXTURE(ManyItems,
                  "resources are read, described by templates and missed with the code of the era") {
  CHECK(ask("resources/read", {{"uri", "x://1"}})["result"]["contents"][0] ==
        Json{{"uri", "x://1"}, {"mimeType", "text/plain"}, {"text", "n"}});
  CHECK(ask("resources/templates/list")["result"]["resourceTemplates"][0]["uriTemplate"] == "x://{n}");
  CHECK(error_code(ask("resources/read", {{"uri", "y://1"}})) == -32002);
  CHECK(error_code(ask_modern("resources/read", {{"uri", "y://1"}})) == -32602);
  CHECK(error_code(ask("resources/read")) == -32602);
  CHECK(error_code(ask("resources/read", {{"uri", "x://throw"}})) == -32603);
  const Json modern = ask_modern("resources/read", {{"uri", "x://1"}})["result"];
  CHECK(modern["ttlMs"] == 0);
  CHECK(modern["cacheScope"] == "private");
}

TEST_CASE_FIXTURE(ManyItems, "a prompt checks its arguments and names the known ones") {
  CHECK(ask("prompts/get", {{"name", "greet"},
                            {"arguments", {{"who", "Ada"}}}})["result"]["messages"][0]["content"]["text"] ==
        "Hello Ada");
  CHECK(error_code(ask("prompts/get", {{"name", "greet"}})) == -32602);
  CHECK(error_code(ask("prompts/get", {{"name", "nope"}})) == -32602);
  CHECK(error_code(ask("prompts/get", {{"name", "greet"}, {"arguments", {{"who", 5}}}})) == -32602);
  const Json unknown = ask("prompts/get", {{"name", "greet"}, {"arguments", {{"who", "x"}, {"whom", "y"}}}});
  CHECK(error_code(unknown) == -32602);
  CHECK(unknown["error"]["message"].get<std::string>().find("who, how") != std::string::npos);
}

TEST_CASE_FIXTURE(ManyItems, "arguments of prompts and variables of templates are completed") {
  const Json by_template =
      ask("completion/complete", {{"ref", {{"type", "ref/resource"}, {"uri", "x://{n}"}}},
                                  {"argument", {{"name", "n"}, {"value", "7"}}}});
  CHECK(by_template["result"]["completion"]["values"] == Json{"71", "72"});
  const Json by_prompt = ask("completion/complete", {{"ref", {{"type", "ref/prompt"}, {"name", "greet"}}},
                                                     {"argument", {{"name", "who"}, {"value", ""}}},
                                                     {"context", {{"arguments", {{"how", "loud"}}}}}});
  CHECK(by_prompt["result"]["completion"]["values"] == Json{"who", "loud"});
  CHECK(error_code(ask("completion/complete", {{"ref", {{"type", "ref/nothing"}}}})) == -32602);
  CHECK(error_code(ask("completion/complete", {{"ref", {{"type", "ref/resource"}, {"uri", "z://"}}},
                                               {"argument", {{"name", "n"}, {"value", "7"}}}})) == -32602);
}

TEST_CASE("what a server does not offer is no method and no capability") {
  Harness harness;
  harness.start();
  harness.initialize();
  for (const char* method : {"resources/list", "resources/read", "resources/subscribe", "prompts/list",
                             "prompts/get", "completion/complete"}) {
    CHECK(error_code(harness.ask(method)) == -32601);
  }
  const Json capabilities = harness.ask_modern("server/discover")["result"]["capabilities"];
  CHECK_FALSE(capabilities.contains("resources"));
  CHECK_FALSE(capabilities.contains("prompts"));
  CHECK_FALSE(capabilities.contains("completions"));
}

TEST_CASE_FIXTURE(ManyItems,
                  "a legacy session hears of changed lists and of the resources it subscribed to") {
  server().tools_changed();
  CHECK(next()["method"] == "notifications/tools/list_changed");
  server().resource_updated("x://1");
  CHECK(is_silent());
  CHECK(ask("resources/subscribe", {{"uri", "x://1"}})["result"] == Json::object());
  server().resource_updated("x://1");
  CHECK(next() == Json{{"jsonrpc", "2.0"},
                       {"method", "notifications/resources/updated"},
                       {"params", {{"uri", "x://1"}}}});
  ask("resources/unsubscribe", {{"uri", "x://1"}});
  server().resource_updated("x://1");
  CHECK(is_silent());
  CHECK(error_code(ask("resources/subscribe", {{"uri", 5}})) == -32602);
}

TEST_CASE("what somebody subscribed to is known as it was written, in both eras, until nobody wants it") {
  Harness harness;
  Numbers numbers;
  harness.resources = &numbers;
  harness.start();
  harness.initialize();
  using Uris = std::set<std::string, std::less<>>;
  harness.ask("resources/subscribe", {{"uri", "x://1"}});
  harness.ask_modern("subscriptions/listen",
                     {{"notifications", {{"resourceSubscriptions", {"x://one", "x://2"}}}}});
  CHECK(harness.server().subscribed_uris() == Uris{"x://1", "x://2", "x://one"});
  harness.ask("resources/unsubscribe", {{"uri", "x://1"}});
  CHECK(harness.server().subscribed_uris() == Uris{"x://2", "x://one"});
  harness.server().drain(harness.clock.instant());
  CHECK(harness.server().subscribed_uris().empty());
}

TEST_CASE("a modern client hears on each listen only of what that one asked for") {
  Harness harness;
  Numbers numbers;
  harness.resources = &numbers;
  harness.start();
  constexpr const char* k_id = "io.modelcontextprotocol/subscriptionId";
  harness.modern("l1", "subscriptions/listen",
                 {{"notifications", {{"toolsListChanged", true}, {"promptsListChanged", true}}}});
  const Json acknowledged = harness.next();
  CHECK(acknowledged["method"] == "notifications/subscriptions/acknowledged");
  CHECK(acknowledged["params"]["notifications"] == Json{{"toolsListChanged", true}});
  CHECK(acknowledged["params"]["_meta"][k_id] == "l1");
  harness.modern(2, "subscriptions/listen", {{"notifications", {{"resourceSubscriptions", {"x://1"}}}}});
  CHECK(harness.next()["params"]["_meta"][k_id] == 2);

  harness.server().tools_changed();
  CHECK(harness.next()["params"]["_meta"][k_id] == "l1");
  harness.server().resource_updated("x://1");
  CHECK(harness.next()["params"] == Json{{"uri", "x://1"}, {"_meta", {{k_id, 2}}}});
  harness.server().resource_updated("x://2");
  harness.server().resources_changed();
  CHECK(harness.is_silent());
  CHECK(harness.server().is_idle());

  harness.line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l1"}})");
  harness.server().tools_changed();
  CHECK(harness.is_silent());

  harness.server().drain(harness.clock.instant());
  const Json ended = harness.next();
  CHECK(ended["id"] == 2);
  CHECK(ended["result"]["_meta"][k_id] == 2);
  CHECK(harness.next()["params"]["requestId"] == 2);
}

TEST_CASE("lists that never change are advertised in neither era, not acknowledged and not announced") {
  Harness harness;
  Numbers numbers;
  Greetings greetings;
  harness.resources = &numbers;
  harness.prompts = &greetings;
  harness.config.changing = {};
  harness.start();
  const Json expected = {
      {"tools", Json::object()}, {"prompts", Json::object()}, {"resources", {{"subscribe", true}}}};
  const auto check = [&](const Json& capabilities) {
    for (const auto& [name, value] : expected.items()) CHECK(capabilities[name] == value);
  };
  check(harness.ask_modern("server/discover")["result"]["capabilities"]);
  const Json all = {{"toolsListChanged", true}, {"promptsListChanged", true}, {"resourcesListChanged", true}};
  const Json listening = harness.ask_modern("subscriptions/listen", {{"notifications", all}});
  CHECK(listening["params"]["notifications"] == Json::object());
  check(harness.ask("initialize",
                    {{"protocolVersion", "2025-11-25"},
                     {"capabilities", Json::object()},
                     {"clientInfo", {{"name", "c"}, {"version", "1"}}}})["result"]["capabilities"]);
  harness.server().tools_changed();
  harness.server().prompts_changed();
  harness.server().resources_changed();
  CHECK(harness.is_silent());
}

TEST_CASE_FIXTURE(ManyItems, "a listen with a bad filter or too many of them is refused") {
  CHECK(error_code(ask_modern("subscriptions/listen")) == -32602);
  CHECK(error_code(ask_modern("subscriptions/listen", {{"notifications", {{"toolsListChanged", 1}}}})) ==
        -32602);
  CHECK(error_code(ask_modern("subscriptions/listen",
                              {{"notifications", {{"resourceSubscriptions", {1}}}}})) == -32602);
  for (std::size_t i = 0; i < k_max_listens; ++i) {
    CHECK(ask_modern("subscriptions/listen", {{"notifications", Json::object()}}).contains("method"));
  }
  CHECK(error_code(ask_modern("subscriptions/listen", {{"notifications", Json::object()}})) == -32602);
}

TEST_CASE("a registry refuses bad names, duplicates and bad schemas") {
  ToolRegistry registry;
  const auto make = [](std::string name, std::string schema = R"({"type":"object"})") {
    Tool made = tool(std::move(name), [](ToolCall, Responder) {});
    made.input_schema = std::move(schema);
    return made;
  };
  CHECK(registry.add(make("good_Name-1.0")));
  CHECK_FALSE(registry.add(make("good_Name-1.0")));
  CHECK_FALSE(registry.add(make("")));
  CHECK_FALSE(registry.add(make("has space")));
  CHECK_FALSE(registry.add(make(std::string(129, 'x'))));
  CHECK_FALSE(registry.add(make("a", "{")));
  CHECK_FALSE(registry.add(make("a", "[]")));
  CHECK_FALSE(registry.add(make("a", R"({"type":"string"})")));
  CHECK_FALSE(registry.add(tool("a", nullptr)));
  CHECK(registry.entries().size() == 1);
}
