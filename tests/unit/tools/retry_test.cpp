#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

/// Calls as a host names them.
struct Repeating {
  Person anna{"Anna"};
  Toolbench bench{anna};

  Json call(const std::string& id, const std::string& tool, const Json& arguments) {
    mcp::CallContext context;
    context.tool_use_id = id;
    return bench.finish(tool, bench.start(tool, arguments, context));
  }
  static Json add(const char* title) {
    return {{"title", "Plan"}, {"operations", {{{"op", "create"}, {"title", title}}}}};
  }
  std::size_t nodes() { return bench.call("read_document", {{"document", "Plan"}})["nodes"].size(); }
};

} // namespace

TEST_CASE_FIXTURE(Repeating, "a repeated call is answered as the call was and writes nothing") {
  const auto first = call("toolu_1", "edit_document", add("One"));
  CHECK_EQ(call("toolu_1", "edit_document", add("One")), first);
  CHECK_EQ(nodes(), 1);
}

TEST_CASE_FIXTURE(Repeating, "another call, other arguments and a call without a name are carried out") {
  call("toolu_1", "edit_document", add("One"));
  call("toolu_2", "edit_document", add("One"));
  call("toolu_1", "edit_document", add("Two"));
  bench.call("edit_document", add("One"));
  CHECK_EQ(nodes(), 4);
}

TEST_CASE_FIXTURE(Repeating, "a repetition is recognised by another process of the store") {
  const auto first = call("toolu_1", "edit_document", add("One"));
  agent::Session later(*anna.replica, nullptr, anna.sync, {});
  mcp::ToolRegistry registry;
  Person::check(tools::add_tools(registry, later));
  std::optional<mcp::ToolOutcome> outcome;
  mcp::ToolCall again{"edit_document", add("One"), {}};
  again.context.tool_use_id = "toolu_1";
  registry.find("edit_document")->handler(std::move(again), mcp::Responder([&](mcp::ToolOutcome answer) {
                                            outcome = std::move(answer);
                                          }));
  REQUIRE(outcome);
  CHECK_EQ(std::get<mcp::ToolResult>(*outcome).structured, first);
  CHECK_EQ(nodes(), 1);
}

TEST_CASE_FIXTURE(Repeating, "every tool that writes recognises its repetition") {
  const Json memory = {{"title", "Redis"}, {"content", "needs a keepalive"}, {"document", "Plan"}};
  const auto remembered = call("toolu_1", "remember", memory);
  CHECK_EQ(call("toolu_1", "remember", memory), remembered);
  const auto history = bench.call("get_history", {{"document", "Plan"}});
  const Json change = {{"change", history["changes"][0]["id"]}};
  const auto reverted = call("toolu_2", "revert_change", change);
  CHECK_EQ(call("toolu_2", "revert_change", change), reverted);
}

TEST_CASE_FIXTURE(Repeating, "a call that failed may be repeated with success") {
  const Json arguments = {{"document", "Plan"}, {"operations", {{{"op", "create"}, {"title", "x"}}}}};
  mcp::CallContext context;
  context.tool_use_id = "toolu_1";
  CHECK(bench.result_of(bench.start("edit_document", arguments, context)).is_error);
  bench.call("edit_document", add("One"));
  call("toolu_1", "edit_document", arguments);
  CHECK_EQ(nodes(), 2);
}

TEST_CASE_FIXTURE(Repeating, "a call whose answer was lost with its process is not carried out again") {
  call("toolu_1", "edit_document", add("One"));
  Person::check(anna.replica->database().write([](storage::WriteTxn& txn) -> base::Result<> {
    txn.run("UPDATE tool_call SET answer = ''");
    return {};
  }));
  mcp::CallContext context;
  context.tool_use_id = "toolu_1";
  const auto again = bench.result_of(bench.start("edit_document", add("One"), context));
  CHECK(again.is_error);
  CHECK(has_all(again.text, {"carried out before", "get_history"}));
  CHECK_EQ(nodes(), 1);
}

TEST_CASE_FIXTURE(Repeating, "calls are forgotten after a day") {
  call("toolu_1", "edit_document", add("One"));
  anna.clock.advance(std::chrono::hours(25));
  call("toolu_2", "edit_document", add("Two"));
  call("toolu_1", "edit_document", add("One"));
  CHECK_EQ(nodes(), 3);
}
