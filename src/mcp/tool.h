#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "wire/mcp_encode.h"

namespace memsync::mcp {

using wire::Json;

/// A question to the client: a form for the person (elicitation/create), a completion of its model
/// (sampling/createMessage) or its roots (roots/list).
struct InputRequest {
  std::string key = {}; // names the answer; unique within one InputRequired
  std::string method = {};
  Json params = Json::object();
};

/// A form with one message; `schema` is the flat JSON Schema that MCP allows (use `oneOf` with
/// const and title for a choice, whatever the client's revision).
InputRequest form_request(std::string key, std::string message, Json schema);

/// "I cannot finish without these answers." The server asks the client in the way of its era and
/// calls the handler again with the same arguments, the answers and `state`. `state` travels through
/// a modern client: it is authenticated, expires and is accepted once, but it is readable.
struct InputRequired {
  std::vector<InputRequest> requests = {};
  Json state = nullptr;
};

/// What came back: by key the client's result for each request, and the state given with them.
struct InputReply {
  std::map<std::string, Json, std::less<>> answers = {};
  Json state = nullptr;
};

/// What the person did with a form.
struct FormAnswer {
  enum class Action { accept, decline, cancel };
  Action action = Action::cancel;
  Json content = Json::object(); // filled in only when accepted
};

/// The answer to the form `key`, nothing when it was not asked or not answered. A malformed answer
/// and an error of the client count as cancelled.
std::optional<FormAnswer> find_form_answer(const std::optional<InputReply>& reply, std::string_view key);

struct Progress {
  double done = 0;
  std::optional<double> total = {};
  std::string message = {};
};

/// Everything around one call apart from its arguments. The default is a caller without a client
/// (the command line): no progress, no forms, never cancelled.
struct CallContext {
  wire::Caller caller;
  std::string tool_use_id = {}; // equal for retries of one call; empty when the client sends none
  bool can_show_form = false;
  std::stop_token cancelled; // fires when the answer is no longer wanted
  std::optional<InputReply> input = {};
  /// Answers that a modern client sent without a state of ours: nothing shows that we asked for them.
  /// Good enough only for a question that keeps no state; a handler that needs one asks again.
  std::optional<InputReply> volunteered = {};

  /// The latest instant to answer; comes nearer when the client closes its side. Any thread.
  std::function<base::Instant()> deadline = [] { return base::Instant::max(); };
  /// Reports progress if the client asked for it; values that do not increase are dropped. Any thread.
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  /// A log message for the client, if it wants that severity. Any thread.
  std::function<void(wire::LogSeverity, std::string_view logger, const Json& data)> log =
      [](wire::LogSeverity, std::string_view, const Json&) {};
};

struct ToolCall {
  std::string tool = {};
  Json arguments = Json::object(); // always an object
  CallContext context;
};

/// A finished call. Business errors and bad arguments are results with `is_error` whose text says
/// what to do next; protocol errors are RpcError.
using ToolResult = wire::ToolOutput;

/// The result for an error that the model should read: {"error": {"code", "message"}} and its message as
/// text.
ToolResult error_result(const base::Error& error);

using ToolOutcome = std::variant<ToolResult, InputRequired, wire::RpcError>;

/// The right and duty to answer one call exactly once, from any thread, at any time. A Responder
/// destroyed unanswered answers "internal error"; after a cancellation nobody hears that, so dropping it is
/// how a tool that waits gives up.
class Responder {
 public:
  explicit Responder(std::function<void(ToolOutcome)> deliver) : deliver_(std::move(deliver)) {}
  ~Responder();
  Responder(Responder&& other) noexcept : deliver_(std::exchange(other.deliver_, nullptr)) {}
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// Consumes the Responder; answering again is a defect that is logged and dropped.
  void answer(ToolResult result) { deliver(std::move(result)); }
  void answer(const base::Error& error) { deliver(error_result(error)); }
  void ask(InputRequired question) { deliver(std::move(question)); }
  void fail(wire::RpcError error) { deliver(std::move(error)); }
  bool is_answered() const { return deliver_ == nullptr; }

 private:
  void deliver(ToolOutcome outcome);

  std::function<void(ToolOutcome)> deliver_; // empty once answered
};

/// Runs on `pool` (or `quick`) when the tool is read-only, in parallel with others, else on `core`, one by
/// one in order. Must return soon: a tool that waits keeps the Responder and returns. Exceptions become
/// -32603.
using ToolHandler = std::function<void(ToolCall call, Responder responder)>;

/// What calls of a tool wait for, and who waits for them.
enum class Pace {
  ordinary,
  quick,   // read-only, a few indexed rows at most: never queues behind longer reads
  patient, // writes nothing before its handler returns, as a sync: no read waits for it
};

/// One tool as its author writes it. Schemas are JSON text (JSON Schema 2020-12).
struct Tool {
  std::string name = {};
  std::string title = {};
  std::string description = {};
  std::string input_schema = {};
  std::string output_schema = {}; // empty: none
  wire::ToolAnnotations annotations = {};
  Json meta = nullptr; // e.g. {"anthropic/searchHint": "...", "anthropic/alwaysLoad": true}
  Pace pace = Pace::ordinary;
  ToolHandler handler;
};

/// The tools of a server in the order they were added, which is the order of tools/list.
class ToolRegistry {
 public:
  struct Entry {
    wire::ToolDefinition definition;
    Pace pace = Pace::ordinary;
    ToolHandler handler;
  };

  /// Fails with `validation` for a bad name (1-128 of A-Z a-z 0-9 _ - .), a duplicate, a schema that
  /// is not a JSON object of type "object", or a missing handler.
  base::Result<> add(Tool tool);
  /// The tool of that name, or null. Stable while the registry lives.
  const Entry* find(std::string_view name) const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

} // namespace memsync::mcp
