#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "mcp/executor.h"
#include "mcp/provider.h"
#include "mcp/tool.h"

namespace memsync::mcp {

/// Requests whose handlers wait or run at once; above it has_room() is false and the transport stops reading.
inline constexpr std::size_t k_max_running = 256;
/// Requests whose handlers have returned without an answer (parked); one more is refused with -32603.
inline constexpr std::size_t k_max_parked = 1024;
/// A longer line is replaced by an error: clients of the official SDKs close the connection above 10 MB.
inline constexpr std::size_t k_max_answer_bytes = std::size_t{8} << 20;

/// Which eras a server speaks. Channels (claude/channel) exist only in the legacy era, so a server
/// that offers them refuses server/discover.
enum class ServedEras { both, legacy_only };

struct ServerConfig {
  wire::Implementation info = {};
  std::string instructions = {};
  std::string principal = {}; // who the process acts for; bound into request states
  ServedEras eras = ServedEras::both;
  ChangingLists changing = {};        // none: then no list is advertised as changing
  Json experimental = Json::object(); // `capabilities.experimental`, legacy era
  std::size_t page_size = 100;        // of every list
  std::chrono::milliseconds list_ttl = std::chrono::minutes(5);
  std::chrono::milliseconds call_limit = std::chrono::seconds(55); // CallContext::deadline
  std::chrono::milliseconds input_ttl = std::chrono::minutes(15);  // life of a request state
};

struct ServerHooks {
  /// Before a tool's handler runs, on its thread.
  std::function<void(const ToolCall&)> before_call;
  /// Just before a tool's result is written, once per answered call, on the answering thread. The
  /// place to add news; not called when the call was cancelled or failed.
  std::function<void(const ToolRegistry::Entry&, const CallContext&, ToolResult&)> decorate_result;
  /// The client introduced itself (`initialize`, or the first modern request of that client).
  std::function<void(const wire::Caller&)> client_seen;
  /// The client has closed its side: waits should end by `latest`.
  std::function<void(base::Instant latest)> draining;
  /// has_room() or is_idle() may have changed. Any thread; must not call back into the server.
  std::function<void()> wake;
};

/// What the server works with; all of it must outlive the server and the jobs that run on the executors
/// when the server goes (jobs that have not started are dropped). Providers may be null.
struct ServerParts {
  Executor& core;
  Executor& pool;
  Executor& quick;
  base::Clock& clock;
  base::Random& random;
  const ToolRegistry& tools;
  ResourceProvider* resources = nullptr;
  PromptProvider* prompts = nullptr;
  /// Takes one whole line without its end. Called from any thread, must not block, keeps the order.
  std::function<void(std::string line)> send;
};

/// A Model Context Protocol server over lines of text, for both protocol eras and knowing nothing
/// of the application. Owns no thread: `receive` parses and answers what needs no work at once;
/// read-only tools and providers run on `pool`, the quick ones of these tools on `quick`; other tools run
/// on `core` one by one. A read-only call starts after the handlers of the calls received before it have
/// returned on `core` (those of patient tools apart), so that a read sees the writes sent before it, but
/// never waits for a parked one. All methods are thread-safe except that lines must be received one at a
/// time.
class Server {
 public:
  Server(ServerConfig config, ServerParts parts, ServerHooks hooks = {});
  /// As stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// One line of input. Never throws and never blocks.
  void receive(std::string_view line);
  /// A line that the decoder threw away.
  void receive_overlong(std::size_t size_bytes);
  /// False while k_max_running requests are being worked on; reading should pause.
  bool has_room() const;

  /// Lists have changed, or the resource at `uri` has; tells those who subscribed. A list that
  /// ServerConfig::changing does not name is not announced.
  void tools_changed();
  void prompts_changed();
  void resources_changed();
  void resource_updated(std::string_view uri);
  /// Every URI that somebody subscribed to, as it was written: one resource may have several.
  std::set<std::string, std::less<>> subscribed_uris();
  /// Sends a notification outside the specification to an initialised legacy client; false when there is
  /// none.
  bool notify_legacy(std::string_view method, const Json& params);
  /// A legacy client has finished its handshake.
  bool has_legacy_session() const;

  /// No further input will come: open subscriptions end, open forms count as cancelled, deadlines
  /// move up to `latest`.
  void drain(base::Instant latest);
  /// True when nothing is running, parked or waiting for the client.
  bool is_idle() const;
  /// Answers what is still open with -32603 and sends nothing afterwards.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace memsync::mcp
