#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "mcp/server.h"

namespace memsync::mcp::testing {

/// Runs a job at once on the posting thread.
class InlineExecutor final : public Executor {
 public:
  void post(std::function<void()> job) override { job(); }
};

/// Keeps jobs until the test runs them.
class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> job) override { jobs_.push_back(std::move(job)); }
  std::size_t size() const { return jobs_.size(); }
  void run_all() {
    while (!jobs_.empty()) {
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }

 private:
  std::deque<std::function<void()>> jobs_;
};

/// A clock that stands still until moved.
class FixedClock final : public base::Clock {
 public:
  base::Timestamp now() override { return base::Timestamp{}; }
  base::Instant instant() override { return at_; }
  void advance(base::Instant::duration by) { at_ += by; }

 private:
  base::Instant at_{};
};

inline Json object(std::string_view text) { return Json::parse(text); }

/// A tool without arguments that answers with `handler`.
inline Tool tool(std::string name, ToolHandler handler, bool is_read_only = true) {
  Tool made;
  made.name = std::move(name);
  made.description = "A tool of the tests.";
  made.input_schema = R"({"type":"object"})";
  made.annotations.read_only = is_read_only;
  made.handler = std::move(handler);
  return made;
}

inline ToolResult text_result(std::string text) {
  ToolResult result;
  result.text = std::move(text);
  return result;
}

/// A server whose output is collected as parsed JSON.
class Harness {
 public:
  /// Everything runs on the calling thread unless the test sets other executors before start().
  Executor* core = &inline_;
  Executor* pool = &inline_;
  Executor* quick = &inline_;
  ServerConfig config;
  ServerHooks hooks;
  ToolRegistry tools;
  ResourceProvider* resources = nullptr;
  PromptProvider* prompts = nullptr;
  FixedClock clock;

  Harness() {
    config.info.name = "test";
    config.info.version = "1.0";
    config.instructions = "Be kind.";
    config.changing = {.tools = true, .prompts = true, .resources = true};
  }

  void add(Tool added) {
    if (!tools.add(std::move(added))) throw std::logic_error("the tool was refused");
  }

  Server& start() {
    server_ = std::make_unique<Server>(config,
                                       ServerParts{*core, *pool, *quick, clock, random_, tools, resources,
                                                   prompts, [this](std::string line) { take(line); }},
                                       hooks);
    return *server_;
  }
  Server& server() { return *server_; }
  void destroy_server() { server_.reset(); }

  /// Opens a legacy session; drops the answer.
  void initialize(std::string_view revision = "2025-11-25", Json capabilities = Json::object()) {
    receive({{"jsonrpc", "2.0"},
             {"id", "init"},
             {"method", "initialize"},
             {"params",
              {{"protocolVersion", revision},
               {"capabilities", std::move(capabilities)},
               {"clientInfo", {{"name", "tester"}, {"version", "9"}}}}}});
    receive({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}});
    next();
  }

  void receive(const Json& message) { server_->receive(message.dump()); }
  void line(std::string_view text) { server_->receive(text); }
  void request(Json id, std::string_view method, Json params = Json::object()) {
    receive({{"jsonrpc", "2.0"}, {"id", std::move(id)}, {"method", method}, {"params", std::move(params)}});
  }
  /// The same in the modern era.
  void modern(Json id, std::string_view method, Json params = Json::object(),
              Json capabilities = Json::object(), Json meta = Json::object()) {
    params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                       {"io.modelcontextprotocol/clientCapabilities", std::move(capabilities)},
                       {"io.modelcontextprotocol/clientInfo", {{"name", "modern"}, {"version", "2"}}}};
    params["_meta"].update(meta);
    request(std::move(id), method, std::move(params));
  }

  /// The next line the server sent; waits for it.
  Json next() {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, std::chrono::seconds(30), [&] { return !sent_.empty(); })) {
      throw std::runtime_error("the server sent nothing");
    }
    Json line = std::move(sent_.front());
    sent_.pop_front();
    return line;
  }
  /// request() and its answer, for what is answered at once.
  Json ask(std::string_view method, Json params = Json::object()) {
    request(++last_id_, method, std::move(params));
    return next();
  }
  Json call(std::string_view name, Json arguments = Json::object()) {
    return ask("tools/call", {{"name", name}, {"arguments", std::move(arguments)}});
  }
  Json ask_modern(std::string_view method, Json params = Json::object(), Json capabilities = Json::object()) {
    modern(++last_id_, method, std::move(params), std::move(capabilities));
    return next();
  }
  bool is_silent() {
    const std::lock_guard lock(mutex_);
    return sent_.empty();
  }

 private:
  void take(const std::string& line) {
    const std::lock_guard lock(mutex_);
    sent_.push_back(Json::parse(line));
    ready_.notify_all();
  }

  InlineExecutor inline_;
  base::SeededRandom random_{1};
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Json> sent_;
  int last_id_ = 100;
  std::unique_ptr<Server> server_; // last: it uses everything above
};

/// The code of an error answer, 0 for a result.
inline int error_code(const Json& answer) {
  return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
}

inline std::string first_text(const Json& answer) {
  return answer["result"]["content"][0]["text"].get<std::string>();
}

} // namespace memsync::mcp::testing
