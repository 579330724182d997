#include <doctest/doctest.h>
#include <latch>
#include <list>
#include <set>

#include "tests/unit/mcp/harness.h"

using namespace memsync;
using namespace memsync::mcp;
using namespace memsync::mcp::testing;

namespace {

/// Tools that keep their Responder until the test answers.
struct Parking {
  std::list<std::pair<ToolCall, Responder>> parked;

  ToolHandler handler() {
    return [this](ToolCall call, Responder responder) {
      parked.emplace_back(std::move(call), std::move(responder));
    };
  }
  ToolCall& call() { return parked.back().first; }
  void answer_last(std::string text) {
    parked.back().second.answer(text_result(std::move(text)));
    parked.pop_back();
  }
};

} // namespace

TEST_CASE("a parked call is answered later without holding up the next one") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler(), false));
  harness.add(tool(
      "now", [](ToolCall, Responder responder) { responder.answer(text_result("now")); }, false));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "wait"}});
  CHECK(first_text(harness.call("now")) == "now");
  CHECK_FALSE(harness.server().is_idle());
  parking.answer_last("later");
  const Json answer = harness.next();
  CHECK(answer["id"] == 1);
  CHECK(first_text(answer) == "later");
  CHECK(harness.server().is_idle());
}

TEST_CASE("duplicate ids in flight are both answered") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler()));
  harness.start();
  harness.initialize();
  harness.request("same", "tools/call", {{"name", "wait"}});
  harness.request("same", "tools/call", {{"name", "wait"}});
  parking.answer_last("second");
  parking.answer_last("first");
  CHECK(first_text(harness.next()) == "second");
  CHECK(first_text(harness.next()) == "first");
}

TEST_CASE("a cancelled call stops, tells its tool and is never answered") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler()));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "wait"}, {"_meta", {{"progressToken", "p"}}}});
  const auto context = parking.call().context;
  CHECK_FALSE(context.cancelled.stop_requested());
  harness.line(
      R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"no"}})");
  CHECK(context.cancelled.stop_requested());
  CHECK(harness.server().is_idle());
  context.progress({.done = 1, .total = {}, .message = {}});
  parking.answer_last("late");
  CHECK(harness.is_silent());
}

TEST_CASE("a call cancelled before it starts never runs") {
  Harness harness;
  ManualExecutor pool;
  harness.pool = &pool;
  bool has_run = false;
  harness.add(tool("t", [&](ToolCall, Responder responder) {
    has_run = true;
    responder.answer(text_result("x"));
  }));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "t"}});
  harness.line(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  pool.run_all();
  CHECK_FALSE(has_run);
  CHECK(harness.is_silent());
}

TEST_CASE("a quick tool does not queue behind longer reads, but does behind the writes sent before it") {
  Harness harness;
  ManualExecutor core, pool;
  harness.core = &core;
  harness.pool = &pool;
  const auto answers = [](const std::string& text) {
    return [text](const ToolCall&, Responder responder) { responder.answer(text_result(text)); };
  };
  auto quick = tool("quick", answers("quick"));
  quick.pace = Pace::quick;
  harness.add(std::move(quick));
  harness.add(tool("slow", answers("slow")));
  harness.add(tool("write", answers("write"), false));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "slow"}});
  harness.request(2, "tools/call", {{"name", "quick"}});
  CHECK(harness.next()["id"] == 2);
  pool.run_all();
  CHECK(harness.next()["id"] == 1);

  harness.request(3, "tools/call", {{"name", "write"}});
  harness.request(4, "tools/call", {{"name", "quick"}});
  CHECK(harness.is_silent());
  core.run_all();
  CHECK(harness.next()["id"] == 3);
  CHECK(harness.next()["id"] == 4);
}

TEST_CASE("no read waits for a patient tool that has not started yet") {
  Harness harness;
  ManualExecutor core;
  harness.core = &core;
  auto patient = tool(
      "sync", [](const ToolCall&, Responder responder) { responder.answer(text_result("s")); }, false);
  patient.pace = Pace::patient;
  harness.add(std::move(patient));
  harness.add(tool("read", [](const ToolCall&, Responder responder) { responder.answer(text_result("r")); }));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "sync"}});
  harness.request(2, "tools/call", {{"name", "read"}});
  CHECK(harness.next()["id"] == 2);
  core.run_all();
  CHECK(harness.next()["id"] == 1);
}

TEST_CASE("progress is sent only with a token, only when it increases and never after the answer") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler()));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "wait"}});
  parking.call().context.progress({.done = 1, .total = {}, .message = {}});
  CHECK(harness.is_silent());
  parking.answer_last("x");
  harness.next();

  harness.request(2, "tools/call", {{"name", "wait"}, {"_meta", {{"progressToken", 7}}}});
  const auto context = parking.call().context;
  context.progress({.done = 1, .total = 10, .message = "one"});
  context.progress({.done = 1, .total = 10, .message = "again"});
  context.progress({.done = 0.5, .total = 10, .message = "back"});
  context.progress({.done = 2, .total = 10, .message = "two"});
  CHECK(harness.next()["params"] ==
        Json{{"progressToken", 7}, {"progress", 1.0}, {"total", 10.0}, {"message", "one"}});
  CHECK(harness.next()["params"]["progress"] == 2.0);
  CHECK(harness.is_silent());
  parking.answer_last("done");
  harness.next();
  context.progress({.done = 3, .total = 10, .message = {}});
  CHECK(harness.is_silent());
}

TEST_CASE("log messages follow the session's level, or the level of a modern request") {
  Harness harness;
  harness.add(tool("talk", [](ToolCall call, Responder responder) {
    call.context.log(wire::LogSeverity::debug, "test", "low");
    call.context.log(wire::LogSeverity::error, "test", "high");
    responder.answer(text_result("x"));
  }));
  harness.start();
  harness.initialize();
  CHECK(harness.call("talk")["params"]["data"] == "high");
  harness.next();
  CHECK(error_code(harness.ask("logging/setLevel", {{"level", "loud"}})) == -32602);
  harness.ask("logging/setLevel", {{"level", "debug"}});
  CHECK(harness.call("talk")["params"]["data"] == "low");
  harness.next();
  harness.next();

  CHECK(harness.ask_modern("tools/call", {{"name", "talk"}}).contains("result"));
  harness.modern(1, "tools/call", {{"name", "talk"}}, Json::object(),
                 {{"io.modelcontextprotocol/logLevel", "error"}});
  CHECK(harness.next()["params"]["level"] == "error");
  CHECK(harness.next()["id"] == 1);
  harness.modern(1, "tools/call", {{"name", "talk"}}, Json::object(),
                 {{"io.modelcontextprotocol/logLevel", "banana"}});
  CHECK(error_code(harness.next()) == -32602);
}

TEST_CASE("a handler that throws, or drops its Responder, answers an internal error") {
  Harness harness;
  harness.add(tool("throws", [](ToolCall, Responder) { throw std::runtime_error("secret"); }));
  harness.add(tool("drops", [](ToolCall, Responder) {}));
  harness.add(tool("twice", [](ToolCall, Responder responder) {
    responder.answer(text_result("once"));
    responder.answer(text_result("twice"));
  }));
  harness.start();
  harness.initialize();
  CHECK(error_code(harness.call("throws")) == -32603);
  CHECK(error_code(harness.call("drops")) == -32603);
  CHECK(first_text(harness.call("twice")) == "once");
  CHECK(harness.is_silent());
}

TEST_CASE("a business error is a result that the model reads") {
  Harness harness;
  harness.add(tool("fails", [](ToolCall, Responder responder) {
    responder.answer(base::Error{base::ErrorCode::offline, "hub unreachable: saved locally"});
  }));
  harness.start();
  harness.initialize();
  const Json answer = harness.call("fails");
  CHECK(answer["result"]["isError"] == true);
  CHECK_FALSE(answer["result"].contains("structuredContent")); // it would not match an output schema
  CHECK(Json::parse(answer["result"]["content"][1]["text"].get<std::string>())["error"]["code"] == "offline");
  CHECK(first_text(answer) == "hub unreachable: saved locally");
}

TEST_CASE("an answer beyond what clients accept is withheld") {
  Harness harness;
  harness.add(tool("huge", [](ToolCall, Responder responder) {
    responder.answer(text_result(std::string(k_max_answer_bytes, 'x')));
  }));
  harness.start();
  harness.initialize();
  CHECK(error_code(harness.call("huge")) == -32603);
}

TEST_CASE("the hooks see each call before it runs and each result once") {
  Harness harness;
  int before = 0;
  int decorated = 0;
  harness.hooks.before_call = [&](const ToolCall& call) { before += call.tool == "t" ? 1 : 0; };
  harness.hooks.decorate_result = [&](const ToolRegistry::Entry&, const CallContext& context,
                                      ToolResult& result) {
    result.text += fmt::format("\nnews {} for {}", ++decorated, context.caller.client.name);
  };
  harness.add(tool("t", [](ToolCall, Responder responder) { responder.answer(text_result("x")); }));
  harness.start();
  harness.initialize();
  CHECK(first_text(harness.call("t")) == "x\nnews 1 for tester");
  CHECK(before == 1);
  CHECK(decorated == 1);
}

TEST_CASE("a tool sees its arguments, its client and the id of the tool use") {
  Harness harness;
  Parking parking;
  harness.add(tool("t", parking.handler()));
  harness.start();
  harness.initialize();
  harness.request(
      1, "tools/call",
      {{"name", "t"}, {"arguments", {{"a", 1}}}, {"_meta", {{"claudecode/toolUseId", "toolu_1"}}}});
  CHECK(parking.call().arguments == Json{{"a", 1}});
  CHECK(parking.call().context.caller.client.version == "9");
  CHECK(parking.call().context.tool_use_id == "toolu_1");
  CHECK(parking.call().context.deadline() == harness.clock.instant() + harness.config.call_limit);
  const auto latest = harness.clock.instant() + std::chrono::seconds(5);
  harness.server().drain(latest);
  CHECK(parking.call().context.deadline() == latest);
  parking.answer_last("x");
}

TEST_CASE("read-only tools run at the same time, others one by one") {
  constexpr int k_calls = 8;
  Harness harness;
  ThreadPool core(1);
  ThreadPool pool(k_calls);
  harness.core = &core;
  harness.pool = &pool;
  std::latch all_inside(k_calls); // opens only if every call is running at once
  harness.add(tool("read", [&](ToolCall, Responder responder) {
    all_inside.arrive_and_wait();
    responder.answer(text_result("read"));
  }));
  std::atomic<int> inside{0};
  std::atomic<bool> has_overlap{false};
  std::vector<int> order;
  harness.add(tool(
      "write",
      [&](ToolCall call, Responder responder) {
        if (++inside > 1) has_overlap = true;
        order.push_back(call.arguments["n"].get<int>());
        --inside;
        responder.answer(text_result("write"));
      },
      false));
  harness.start();
  harness.initialize();
  std::set<int> open;
  for (int i = 0; i < k_calls; ++i) {
    harness.request(i, "tools/call", {{"name", "read"}});
    harness.request(100 + i, "tools/call", {{"name", "write"}, {"arguments", {{"n", i}}}});
    open.insert({i, 100 + i});
  }
  while (!open.empty()) CHECK(open.erase(harness.next()["id"].get<int>()) == 1);
  CHECK_FALSE(has_overlap);
  CHECK(order == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
  harness.destroy_server();
}

TEST_CASE("a read sees the writes received before it, and does not wait for a parked one") {
  Harness harness;
  ManualExecutor core;
  harness.core = &core;
  int value = 0;
  Parking parking;
  harness.add(tool(
      "write",
      [&](ToolCall, Responder responder) {
        ++value;
        responder.answer(text_result("ok"));
      },
      false));
  harness.add(tool("park", parking.handler(), false));
  harness.add(tool(
      "read", [&](ToolCall, Responder responder) { responder.answer(text_result(std::to_string(value))); }));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "write"}});
  harness.request(2, "tools/call", {{"name", "park"}});
  harness.request(3, "tools/call", {{"name", "read"}});
  CHECK(harness.is_silent());
  core.run_all();
  CHECK(harness.next()["id"] == 1);
  CHECK(first_text(harness.next()) == "1");
  CHECK(first_text(harness.call("read")) == "1");
  parking.answer_last("parked");
  CHECK(harness.next()["id"] == 2);
}

TEST_CASE("reading pauses while too many requests are at work, and wakes up afterwards") {
  Harness harness;
  ManualExecutor pool;
  harness.pool = &pool;
  int wakes = 0;
  harness.hooks.wake = [&] { ++wakes; };
  harness.add(tool("t", [](ToolCall, Responder responder) { responder.answer(text_result("x")); }));
  harness.start();
  harness.initialize();
  for (std::size_t i = 0; i < k_max_running; ++i) {
    CHECK(harness.server().has_room());
    harness.request(i, "tools/call", {{"name", "t"}});
  }
  CHECK_FALSE(harness.server().has_room());
  wakes = 0;
  pool.run_all();
  CHECK(harness.server().has_room());
  CHECK(wakes >= static_cast<int>(k_max_running));
}

TEST_CASE("more parked requests than the limit are refused, and room comes back") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler()));
  harness.start();
  harness.initialize();
  for (std::size_t i = 0; i < k_max_running + k_max_parked; ++i)
    harness.request(i, "tools/call", {{"name", "wait"}});
  CHECK(harness.is_silent());
  CHECK(error_code(harness.call("wait")) == -32603);
  parking.answer_last("x");
  harness.next();
  harness.request("again", "tools/call", {{"name", "wait"}});
  CHECK(harness.is_silent());
  harness.server().stop();
}

TEST_CASE("stop answers what is open and sends nothing afterwards, even to a late answer") {
  Harness harness;
  Parking parking;
  harness.add(tool("wait", parking.handler()));
  harness.start();
  harness.initialize();
  harness.request(1, "tools/call", {{"name", "wait"}});
  harness.server().stop();
  CHECK(error_code(harness.next()) == -32603);
  harness.destroy_server();
  parking.answer_last("late");
  CHECK(harness.is_silent());
}

TEST_CASE("a thousand cancellations at random moments leave no late answer and no open request") {
  Harness harness;
  ThreadPool core(1);
  ThreadPool pool(2);
  harness.core = &core;
  harness.pool = &pool;
  std::mutex mutex;
  std::condition_variable idle;
  harness.hooks.wake = [&] {
    const std::lock_guard lock(mutex);
    idle.notify_all();
  };
  const auto answer = [](ToolCall, Responder responder) { responder.answer(text_result("x")); };
  harness.add(tool("read", answer));
  harness.add(tool("write", answer, false));
  harness.start();
  harness.initialize();
  for (int i = 0; i < 1000; ++i) {
    harness.request(i, "tools/call", {{"name", i % 3 == 0 ? "write" : "read"}});
    harness.receive(
        {{"jsonrpc", "2.0"}, {"method", "notifications/cancelled"}, {"params", {{"requestId", i}}}});
  }
  {
    std::unique_lock lock(mutex);
    idle.wait(lock, [&] { return harness.server().is_idle(); });
  }
  std::set<int> answered;
  while (!harness.is_silent()) CHECK(answered.insert(harness.next()["id"].get<int>()).second);
  CHECK(harness.ask("ping").contains("result"));
  harness.destroy_server();
}
