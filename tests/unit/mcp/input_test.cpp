#include <doctest/doctest.h>
#include <list>

#include "mcp/request_state.h"
#include "tests/unit/mcp/harness.h"

using namespace memsync;
using namespace memsync::mcp;
using namespace memsync::mcp::testing;

namespace {

const Json k_form = {{"elicitation", Json::object()}};

/// Asks for a choice with a form and answers with what came of it.
void settle(ToolCall call, Responder responder) {
  const auto answer = find_form_answer(call.context.input, "choice");
  if (!answer) {
    Json schema = {
        {"type", "object"},
        {"properties",
         {{"keep",
           {{"type", "string"},
            {"oneOf",
             {{{"const", "ours"}, {"title", "Ours"}}, {{"const", "theirs"}, {"title", "Theirs"}}}}}}}}};
    responder.ask({{form_request("choice", "Which one?", std::move(schema))}, {{"base", 7}}});
    return;
  }
  if (answer->action != FormAnswer::Action::accept) {
    responder.answer(text_result("left open"));
    return;
  }
  responder.answer(text_result(fmt::format("kept {} on {}", answer->content["keep"].get<std::string>(),
                                           call.context.input->state["base"].get<int>())));
}

struct AskingTool : Harness {
  AskingTool() {
    add(tool("settle", settle, false));
    start();
  }

  /// The first round of a modern call of `settle`.
  Json ask_form(Json capabilities = k_form) {
    return ask_modern("tools/call", {{"name", "settle"}}, std::move(capabilities))["result"];
  }
  /// The retry with an answer.
  Json retry(const Json& state, Json answer, std::string_view name = "settle") {
    return ask_modern(
        "tools/call",
        {{"name", name}, {"requestState", state}, {"inputResponses", {{"choice", std::move(answer)}}}},
        k_form);
  }
};

Json accept(std::string_view keep) { return {{"action", "accept"}, {"content", {{"keep", keep}}}}; }

} // namespace

TEST_CASE_FIXTURE(AskingTool,
                  "a legacy client is asked with a request of ours and its answer finishes the call") {
  initialize("2025-11-25", k_form);
  request(1, "tools/call", {{"name", "settle"}});
  const Json question = next();
  CHECK(question["method"] == "elicitation/create");
  CHECK(question["params"]["message"] == "Which one?");
  CHECK(question["params"]["mode"] == "form");
  CHECK(question["params"]["requestedSchema"]["properties"]["keep"].contains("oneOf"));
  CHECK_FALSE(server().is_idle());
  receive({{"jsonrpc", "2.0"}, {"id", question["id"]}, {"result", accept("ours")}});
  const Json answer = next();
  CHECK(answer["id"] == 1);
  CHECK(first_text(answer) == "kept ours on 7");
  receive({{"jsonrpc", "2.0"}, {"id", question["id"]}, {"result", accept("theirs")}});
  CHECK(is_silent());
}

TEST_CASE("the time that a person takes for a form does not count as the call's") {
  Harness harness;
  harness.add(tool(
      "slow",
      [&](const ToolCall& call, Responder responder) {
        if (!call.context.input)
          return responder.ask({{form_request("choice", "?", Json::object())}, nullptr});
        const auto left = call.context.deadline() - harness.clock.instant();
        responder.answer(text_result(left == harness.config.call_limit ? "all the time" : "too late"));
      },
      false));
  harness.start();
  harness.initialize("2025-11-25", k_form);
  harness.request(1, "tools/call", {{"name", "slow"}});
  const Json question = harness.next();
  harness.clock.advance(std::chrono::minutes(10));
  harness.receive({{"jsonrpc", "2.0"}, {"id", question["id"]}, {"result", accept("ours")}});
  CHECK_EQ(first_text(harness.next()), "all the time");
}

TEST_CASE_FIXTURE(AskingTool, "a client of 2025-06-18 gets the choice as it knows it") {
  initialize("2025-06-18", k_form);
  request(1, "tools/call", {{"name", "settle"}});
  const Json question = next();
  CHECK_FALSE(question["params"].contains("mode"));
  CHECK(question["params"]["requestedSchema"]["properties"]["keep"]["enumNames"] == Json{"Ours", "Theirs"});
}

TEST_CASE_FIXTURE(AskingTool, "declining, cancelling and failing leave the question open") {
  initialize("2025-11-25", k_form);
  for (const Json& reply :
       {Json{{"result", {{"action", "decline"}}}}, Json{{"result", {{"action", "cancel"}}}},
        Json{{"result", 5}}, Json{{"error", {{"code", -32601}, {"message", "no"}}}}}) {
    request(1, "tools/call", {{"name", "settle"}});
    Json response = {{"jsonrpc", "2.0"}, {"id", next()["id"]}};
    response.update(reply);
    receive(response);
    CHECK(first_text(next()) == "left open");
  }
}

TEST_CASE_FIXTURE(AskingTool, "a legacy client without forms is not asked") {
  initialize("2025-11-25");
  CHECK(first_text(call("settle")) == "left open");
  initialize("2025-03-26", k_form);
  CHECK(first_text(call("settle")) == "left open");
}

TEST_CASE_FIXTURE(AskingTool, "cancelling the call closes its form on the client's side") {
  initialize("2025-11-25", k_form);
  request(1, "tools/call", {{"name", "settle"}});
  const Json id = next()["id"];
  line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  const Json withdrawn = next();
  CHECK(withdrawn["method"] == "notifications/cancelled");
  CHECK(withdrawn["params"]["requestId"] == id);
  receive({{"jsonrpc", "2.0"}, {"id", id}, {"result", accept("ours")}});
  CHECK(is_silent());
  CHECK(server().is_idle());
}

TEST_CASE_FIXTURE(AskingTool,
                  "forms that are open when the client leaves count as cancelled, later ones too") {
  initialize("2025-11-25", k_form);
  request(1, "tools/call", {{"name", "settle"}});
  next();
  server().drain(clock.instant());
  CHECK(first_text(next()) == "left open");
  CHECK(first_text(call("settle")) == "left open");
}

TEST_CASE_FIXTURE(AskingTool, "a modern client is asked in the result and answers in a retry") {
  const Json first = ask_form();
  CHECK(first["resultType"] == "input_required");
  CHECK(first["inputRequests"]["choice"]["method"] == "elicitation/create");
  CHECK(server().is_idle());
  CHECK(first_text(retry(first["requestState"], accept("theirs"))) == "kept theirs on 7");
  const Json declined = retry(ask_form()["requestState"], {{"action", "decline"}});
  CHECK(first_text(declined) == "left open");
}

TEST_CASE_FIXTURE(AskingTool, "a modern client without forms learns which capability is needed") {
  const Json answer = ask_modern("tools/call", {{"name", "settle"}});
  CHECK(error_code(answer) == -32021);
  CHECK(answer["error"]["data"]["requiredCapabilities"]["elicitation"].contains("form"));
}

TEST_CASE_FIXTURE(AskingTool,
                  "a request state is accepted once, unchanged, for its own request and in time") {
  add(tool("other", settle, false));
  start();
  const std::string state = ask_form()["requestState"];
  std::string forged = state;
  forged[5] = forged[5] == 'A' ? 'B' : 'A';
  CHECK(error_code(retry(forged, accept("ours"))) == -32602);
  CHECK(error_code(retry("nonsense", accept("ours"))) == -32602);
  CHECK(error_code(retry(5, accept("ours"))) == -32602);
  CHECK(error_code(retry(state, accept("ours"), "other")) == -32602);
  CHECK(first_text(retry(state, accept("ours"))) == "kept ours on 7");
  CHECK(error_code(retry(state, accept("ours"))) == -32602);

  const std::string late = ask_form()["requestState"];
  clock.advance(config.input_ttl + std::chrono::milliseconds(1));
  CHECK(error_code(retry(late, accept("ours"))) == -32602);
}

TEST_CASE_FIXTURE(AskingTool,
                  "an answer that is missing is asked for again, and one without state starts afresh") {
  const Json again = ask_modern("tools/call",
                                {{"name", "settle"},
                                 {"requestState", ask_form()["requestState"]},
                                 {"inputResponses", {{"x", Json::object()}}}},
                                k_form);
  CHECK(again["result"]["resultType"] == "input_required");
  const Json stateless = ask_modern(
      "tools/call", {{"name", "settle"}, {"inputResponses", {{"choice", accept("ours")}}}}, k_form);
  CHECK(stateless["result"]["resultType"] == "input_required");
}

TEST_CASE_FIXTURE(AskingTool, "malformed answers are refused and leave the request state usable") {
  const Json state = ask_form()["requestState"];
  CHECK(error_code(retry(state, 5)) == -32602);
  for (const Json& malformed : {Json(nullptr), Json(5), Json::array()}) {
    CHECK(error_code(ask_modern("tools/call", {{"name", "settle"}, {"inputResponses", malformed}}, k_form)) ==
          -32602);
  }
  CHECK(first_text(retry(state, accept("ours"))) == "kept ours on 7");
}

TEST_CASE("answers without a request state reach a tool apart from those it asked for") {
  Harness harness;
  harness.add(tool("name", [](ToolCall call, Responder responder) {
    CHECK_FALSE(call.context.input);
    const auto answer = find_form_answer(call.context.volunteered, "who");
    responder.answer(text_result(answer ? answer->content.dump() : "none"));
  }));
  harness.start();
  const Json answers = {{"who", {{"action", "accept"}, {"content", {{"name", "Ada"}}}}}};
  CHECK(first_text(harness.ask_modern("tools/call", {{"name", "name"}, {"inputResponses", answers}})) ==
        R"({"name":"Ada"})");
  CHECK(first_text(harness.ask_modern("tools/call", {{"name", "name"}})) == "none");
}

TEST_CASE("several questions of a legacy call are answered in any order") {
  Harness harness;
  harness.add(tool("two", [](ToolCall call, Responder responder) {
    if (!call.context.input) {
      responder.ask(
          {{form_request("a", "A?", Json::object()), {"r", "roots/list", Json::object()}}, nullptr});
      return;
    }
    responder.answer(text_result(Json(call.context.input->answers).dump()));
  }));
  harness.start();
  harness.initialize("2025-11-25", {{"elicitation", Json::object()}, {"roots", Json::object()}});
  harness.request(1, "tools/call", {{"name", "two"}});
  const Json form = harness.next();
  const Json roots = harness.next();
  CHECK(roots["method"] == "roots/list");
  harness.receive({{"jsonrpc", "2.0"}, {"id", roots["id"]}, {"result", {{"roots", Json::array()}}}});
  CHECK(harness.is_silent());
  harness.receive({{"jsonrpc", "2.0"}, {"id", form["id"]}, {"result", {{"action", "cancel"}}}});
  CHECK(first_text(harness.next()) == R"({"a":{"action":"cancel"},"r":{"roots":[]}})");
}

TEST_CASE("a tool that asks without end is stopped") {
  Harness harness;
  harness.add(tool("ask", [](ToolCall, Responder responder) {
    responder.ask({{form_request("a", "A?", Json::object())}, nullptr});
  }));
  harness.start();
  harness.initialize();
  CHECK(error_code(harness.call("ask")) == -32603);
}

TEST_CASE("HMAC-SHA-256 gives the digests of RFC 4231") {
  const auto hex = [](const base::Sha256& digest) { return base::to_hex(digest); };
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(
      hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("the oldest of too many outstanding states is forgotten") {
  base::SeededRandom random(1);
  FixedClock clock;
  RequestStates states(random, clock, std::chrono::minutes(1));
  const std::string first = states.issue("b", 1);
  for (int i = 0; i < 1023; ++i) states.issue("b", i);
  const std::string last = states.issue("b", {{"k", "v"}});
  CHECK_FALSE(states.redeem("b", first));
  CHECK(states.redeem("b", last) == Json{{"k", "v"}});
}
