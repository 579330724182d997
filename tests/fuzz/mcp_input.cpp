// A client's bytes: through the line decoder and the JSON-RPC parser into a server with tools,
// resources and prompts of every kind.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "mcp/server.h"
#include "tests/e2e/fixture/providers.h"
#include "tests/e2e/fixture/tools.h"
#include "tests/fuzz/fuzz_target.h"
#include "wire/line_decoder.h"

using namespace memsync;
using fuzz::require;

namespace {

/// Short, so that the fuzzer reaches lines beyond it.
constexpr std::size_t k_max_line_bytes = 4096;

class InlineExecutor final : public mcp::Executor {
 public:
  void post(std::function<void()> job) override { job(); }
};

struct Fixture {
  fixture::ListChanges changes;
  fixture::FixtureResources resources;
  fixture::FixturePrompts prompts;
  mcp::ToolRegistry tools;
  InlineExecutor executor;
  base::SystemClock clock;

  Fixture() {
    base::start_log("off");
    fixture::add_content_tools(tools);
    fixture::add_notifying_tools(tools, changes);
    fixture::add_asking_tools(tools);
    fixture::add_round_trip_tools(tools);
  }
};

std::vector<wire::DecodedLine> decode(const fuzz::PiecewiseInput& input) {
  std::vector<wire::DecodedLine> whole, cut;
  wire::LineDecoder at_once(k_max_line_bytes), piece_by_piece(k_max_line_bytes);
  at_once.feed(input.bytes, whole);
  if (auto last = at_once.finish()) whole.push_back(*std::move(last));
  input.for_each_piece([&](std::string_view piece) { piece_by_piece.feed(piece, cut); });
  if (auto last = piece_by_piece.finish()) cut.push_back(*std::move(last));
  require(whole.size() == cut.size(), "lines do not depend on how the bytes arrive");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto* line = std::get_if<std::string>(&whole[i]);
    const auto* other = std::get_if<std::string>(&cut[i]);
    require((line == nullptr) == (other == nullptr) && (line == nullptr || *line == *other),
            "a line does not depend on how its bytes arrive");
  }
  return cut;
}

/// What the lines of a client ask for.
struct Asked {
  std::size_t answers = 0;  // messages that must be answered
  bool is_countable = true; // false: some may go unanswered, or are answered together
};

Asked count_asked(const std::vector<wire::DecodedLine>& lines) {
  Asked asked;
  for (const auto& line : lines) {
    const auto* text = std::get_if<std::string>(&line);
    if (text == nullptr) {
      ++asked.answers;
      continue;
    }
    const auto input = wire::parse_rpc_line(*text);
    const auto* message = std::get_if<wire::RpcMessage>(&input);
    if (message == nullptr) {
      asked.is_countable = false;
    } else if (const auto* notification = std::get_if<wire::RpcNotification>(message)) {
      if (notification->method == "notifications/cancelled") asked.is_countable = false;
    } else if (std::holds_alternative<wire::RpcRequest>(*message) ||
               std::holds_alternative<wire::RpcMalformed>(*message)) {
      ++asked.answers;
    }
  }
  return asked;
}

void check_message(const base::Json& message, std::size_t& answers) {
  require(message.is_object() && message.value("jsonrpc", "") == "2.0", "every message is JSON-RPC 2.0");
  if (message.contains("method")) return;
  require(message.contains("result") != message.contains("error"), "an answer is a result or an error");
  ++answers;
}

/// The number of answers among the lines that the server wrote.
std::size_t check_output(const std::vector<std::string>& output) {
  std::size_t answers = 0;
  for (const std::string& line : output) {
    require(line.find('\n') == std::string::npos, "a message is one line");
    const auto message = base::parse_json(line);
    require(message.has_value(), "every line is JSON");
    if (message->is_array()) {
      for (const auto& item : *message) check_message(item, answers);
    } else {
      check_message(*message, answers);
    }
  }
  return answers;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  const fuzz::PiecewiseInput input(data, size);
  const auto lines = decode(input);
  base::SeededRandom random(1);
  std::vector<std::string> output;
  mcp::Server server({.info = {.name = "fuzz", .version = "1"},
                      .changing = {.tools = true, .prompts = true},
                      .page_size = 7},
                     {fixture.executor, fixture.executor, fixture.executor, fixture.clock, random,
                      fixture.tools, &fixture.resources, &fixture.prompts,
                      [&output](std::string line) { output.push_back(std::move(line)); }});
  fixture.changes = {[&server] { server.tools_changed(); }, [&server] { server.prompts_changed(); }};
  for (const auto& line : lines) {
    if (const auto* text = std::get_if<std::string>(&line)) {
      server.receive(*text);
    } else {
      server.receive_overlong(std::get<wire::OverlongLine>(line).size_bytes);
    }
  }
  server.drain(fixture.clock.instant());
  require(server.is_idle(), "nothing is left open when the client is gone");
  const auto asked = count_asked(lines);
  const auto answers = check_output(output);
  require(!asked.is_countable || answers == asked.answers, "every request is answered once");
  return 0;
}
