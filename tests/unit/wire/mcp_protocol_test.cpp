#include "wire/mcp_protocol.h"

#include <doctest/doctest.h>

#include "wire/mcp_encode.h"

using namespace memsync::wire;

namespace {

Json modern_meta(Json extra = Json::object()) {
  Json meta = {{k_meta_protocol_version, "2026-07-28"}, {k_meta_client_capabilities, Json::object()}};
  meta.update(extra);
  return {{"_meta", std::move(meta)}};
}

int code(const RpcError& error) { return static_cast<int>(error.code); }

Caller caller_with(Revision revision, Json capabilities) { return {revision, {}, std::move(capabilities)}; }

} // namespace

TEST_CASE("initialize is answered in the requested legacy revision, else in the newest legacy one") {
  CHECK(negotiate_revision("2024-11-05") == Revision::v2024_11_05);
  CHECK(negotiate_revision("2025-03-26") == Revision::v2025_03_26);
  CHECK(negotiate_revision("2025-06-18") == Revision::v2025_06_18);
  CHECK(negotiate_revision("2025-11-25") == Revision::v2025_11_25);
  CHECK(negotiate_revision("2026-07-28") == Revision::v2025_11_25);
  CHECK(negotiate_revision("1999-01-01") == Revision::v2025_11_25);
}

TEST_CASE("the era of a message is decided by its _meta keys and method") {
  CHECK(decide_era("tools/list", Json::object()) == Era::legacy);
  CHECK(decide_era("tools/list", {{"_meta", {{"progressToken", 1}}}}) == Era::legacy);
  CHECK(decide_era("tools/list", {{"_meta", {{"io.modelcontextprotocol/logLevel", "info"}}}}) == Era::modern);
  CHECK(decide_era("server/discover", Json::object()) == Era::modern);
  CHECK(decide_era("subscriptions/listen", Json::object()) == Era::modern);
  CHECK(decide_era("tools/list", {{"_meta", 5}}) == Era::legacy);
}

TEST_CASE("a modern request without its version or capabilities has invalid params") {
  CHECK(parse_modern_caller(modern_meta()));
  CHECK(code(parse_modern_caller(Json::object()).error()) == -32602);
  Json params = modern_meta();
  params["_meta"].erase(std::string(k_meta_protocol_version));
  CHECK(code(parse_modern_caller(params).error()) == -32602);
  params = modern_meta();
  params["_meta"].erase(std::string(k_meta_client_capabilities));
  CHECK(code(parse_modern_caller(params).error()) == -32602);
  CHECK(code(parse_modern_caller(modern_meta({{k_meta_client_capabilities, 1}})).error()) == -32602);
  CHECK(code(parse_modern_caller(modern_meta({{k_meta_client_info, "me"}})).error()) == -32602);
}

TEST_CASE("an unknown modern version is answered with the supported and the requested one") {
  for (const char* version : {"v999", "2025-11-25"}) {
    const auto error = parse_modern_caller(modern_meta({{k_meta_protocol_version, version}})).error();
    CHECK(code(error) == -32022);
    CHECK(error.data == Json{{"supported", {"2026-07-28"}}, {"requested", version}});
  }
}

TEST_CASE("progress tokens and log levels are checked") {
  CHECK(
      parse_request_meta({{"_meta", {{"progressToken", "t"}, {"claudecode/toolUseId", "u"}}}})->tool_use_id ==
      "u");
  CHECK(code(parse_request_meta({{"_meta", {{"progressToken", 1.5}}}}).error()) == -32602);
  CHECK(code(parse_request_meta({{"_meta", "x"}}).error()) == -32602);
  CHECK(parse_modern_log_level(modern_meta({{k_meta_log_level, "error"}})).value() == LogSeverity::error);
  CHECK(code(parse_modern_log_level(modern_meta({{k_meta_log_level, "banana"}})).error()) == -32602);
  CHECK_FALSE(parse_modern_log_level(modern_meta()).value());
}

TEST_CASE("initialize needs version, capabilities and clientInfo") {
  const Json good = {{"protocolVersion", "2025-06-18"},
                     {"capabilities", {{"roots", Json::object()}}},
                     {"clientInfo", {{"name", "c"}, {"version", "1"}}}};
  CHECK(parse_initialize(good)->client.name == "c");
  for (const char* key : {"protocolVersion", "capabilities", "clientInfo"}) {
    Json bad = good;
    bad.erase(key);
    CHECK(code(parse_initialize(bad).error()) == -32602);
    bad[key] = 5;
    CHECK(code(parse_initialize(bad).error()) == -32602);
  }
}

TEST_CASE("a form can be shown from 2025-06-18 on by a client that declares it") {
  const Json form = {{"elicitation", Json::object()}};
  CHECK_FALSE(can_request(caller_with(Revision::v2025_03_26, form), "elicitation/create"));
  CHECK(can_request(caller_with(Revision::v2025_06_18, form), "elicitation/create"));
  CHECK(can_request(caller_with(Revision::v2026_07_28, {{"elicitation", {{"form", Json::object()}}}}),
                    "elicitation/create"));
  CHECK_FALSE(can_request(caller_with(Revision::v2026_07_28, {{"elicitation", {{"url", Json::object()}}}}),
                          "elicitation/create"));
  CHECK_FALSE(can_request(caller_with(Revision::v2026_07_28, Json::object()), "elicitation/create"));
  CHECK(missing_capability_error("elicitation/create").data ==
        Json{{"requiredCapabilities", {{"elicitation", {{"form", Json::object()}}}}}});
}

TEST_CASE("a choice with titles is written as enumNames for 2025-06-18") {
  const Json params = {
      {"mode", "form"},
      {"message", "m"},
      {"requestedSchema",
       {{"type", "object"},
        {"properties",
         {{"keep",
           {{"type", "string"},
            {"oneOf", {{{"const", "a"}, {"title", "A"}}, {{"const", "b"}, {"title", "B"}}}}}}}}}}};
  CHECK(adapt_elicitation(params, Revision::v2025_11_25) == params);
  const Json old = adapt_elicitation(params, Revision::v2025_06_18);
  CHECK_FALSE(old.contains("mode"));
  CHECK(old["requestedSchema"]["properties"]["keep"] ==
        Json{{"type", "string"}, {"enum", {"a", "b"}}, {"enumNames", {"A", "B"}}});
}

TEST_CASE("a tool is described with the fields its revision has") {
  const ToolDefinition tool{.name = "t",
                            .title = "Title",
                            .description = "d",
                            .input_schema = {{"type", "object"}},
                            .output_schema = {{"type", "object"}},
                            .annotations = {.read_only = true},
                            .meta = {{"anthropic/alwaysLoad", true}}};
  const Json oldest = encode_tool(tool, Revision::v2024_11_05);
  CHECK(oldest == Json{{"name", "t"}, {"description", "d"}, {"inputSchema", {{"type", "object"}}}});
  const Json annotated = encode_tool(tool, Revision::v2025_03_26);
  CHECK(annotated["annotations"]["readOnlyHint"] == true);
  CHECK_FALSE(annotated.contains("outputSchema"));
  CHECK_FALSE(annotated.contains("title"));
  const Json full = encode_tool(tool, Revision::v2025_06_18);
  CHECK(full["title"] == "Title");
  CHECK(full["outputSchema"]["type"] == "object");
  CHECK(full["_meta"]["anthropic/alwaysLoad"] == true);
}

TEST_CASE("a structured result is never lost in a revision without structuredContent") {
  const ToolOutput output{.structured = {{"n", 1}}, .text = "one", .content = {}, .is_error = false};
  const Json modern = encode_tool_output(output, Revision::v2026_07_28);
  CHECK(modern["structuredContent"] == Json{{"n", 1}});
  CHECK(modern["content"] == Json::array({{{"type", "text"}, {"text", "one"}}}));
  const Json old = encode_tool_output(output, Revision::v2025_03_26);
  CHECK_FALSE(old.contains("structuredContent"));
  CHECK(old["content"][1]["text"] == R"({"n":1})");
  const Json bare = encode_tool_output(
      {.structured = {{"n", 1}}, .text = {}, .content = {}, .is_error = true}, Revision::v2025_11_25);
  CHECK(bare["content"][0]["text"] == R"({"n":1})");
  CHECK(bare["isError"] == true);
  // Before 2026-07-28 the structured value must be an object.
  const ToolOutput list{.structured = {1, 2}, .text = {}, .content = {}, .is_error = false};
  CHECK(encode_tool_output(list, Revision::v2026_07_28)["structuredContent"] == Json{1, 2});
  CHECK_FALSE(encode_tool_output(list, Revision::v2025_11_25).contains("structuredContent"));
}

TEST_CASE("resultType, server info and cache hints appear in 2026-07-28 only") {
  for (const auto& features : all_revisions()) {
    Json result = Json::object();
    complete_result(result, features.revision, {.name = "s", .version = "1"});
    add_cache_hint(result, features.revision, {std::chrono::milliseconds(5), CacheHint::Scope::shared});
    if (features.era == Era::legacy) {
      CHECK(result == Json::object());
    } else {
      CHECK(result["resultType"] == "complete");
      CHECK(result["_meta"][k_meta_server_info]["name"] == "s");
      CHECK(result["ttlMs"] == 5);
      CHECK(result["cacheScope"] == "public");
    }
  }
}

TEST_CASE("an unknown resource has the code of its era") {
  CHECK(code(resource_not_found_error("x://y", Revision::v2025_11_25)) == -32002);
  CHECK(code(resource_not_found_error("x://y", Revision::v2026_07_28)) == -32602);
  CHECK(resource_not_found_error("x://y", Revision::v2025_11_25).data == Json{{"uri", "x://y"}});
}

TEST_CASE("a completion sends at most 100 values and says that there are more") {
  CompletionResult many;
  many.values.resize(150, "v");
  const Json json = encode_completion(many)["completion"];
  CHECK(json["values"].size() == 100);
  CHECK(json["total"] == 150);
  CHECK(json["hasMore"] == true);
  CHECK(encode_completion({{"a"}, std::nullopt})["completion"]["hasMore"] == false);
}
