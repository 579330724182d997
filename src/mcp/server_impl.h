#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mcp/client_requests.h"
#include "mcp/exchange.h"
#include "mcp/request_state.h"
#include "mcp/server.h"
#include "mcp/subscriptions.h"

namespace memsync::mcp {

/// Where a request's handler runs: `aside` is on core too, but no read waits for it.
enum class Lane { core, aside, pool, quick };

/// A request that passed all checks on its envelope.
struct Incoming {
  std::shared_ptr<Exchange> exchange;
  wire::Caller caller;
  wire::RequestMeta meta;
  std::optional<wire::LogSeverity> log_level; // the least severe message the client wants
  std::string method;
  Json params;
};

/// What a handler came to, ready to be written.
using WorkOutcome = std::variant<Json, InputRequired, wire::RpcError>;
using Deliver = std::function<void(WorkOutcome)>;
/// A handler bound to its parameters; called again with the answers after it asked the client.
using Work = std::function<void(CallContext, Deliver)>;

/// What a retry brought along: `reply` with a state of ours, `volunteered` without one; never both.
struct ClientInput {
  std::optional<InputReply> reply;
  std::optional<InputReply> volunteered;
};

/// A request at work, from its first run to its answer.
struct Job {
  Incoming request;
  Lane lane = Lane::pool;
  Work work;
  std::optional<InputReply> volunteered; // answers without a state of ours, for the first run
  base::Instant latest;                  // to answer, unless the server drains earlier
  std::atomic<int> rounds{0};            // questions to the client so far
};

/// Split over three files: server.cpp receives and decides, server_lists.cpp answers what needs no
/// work, server_jobs.cpp runs handlers.
class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(ServerConfig config, ServerParts parts, ServerHooks hooks);

  void receive(std::string_view line);
  void receive_overlong(std::size_t size_bytes);
  bool has_room() const { return running_->value() < k_max_running; }
  const ChangingLists& changing() const { return config_.changing; }
  void list_changed(ListKind kind) { subscriptions_.list_changed(kind); }
  void resource_updated(std::string_view uri) { subscriptions_.resource_updated(uri); }
  std::set<std::string, std::less<>> subscribed_uris() { return subscriptions_.subscribed_uris(); }
  bool notify_legacy(std::string_view method, const Json& params);
  bool has_legacy_session() const;
  void drain(base::Instant latest);
  bool is_idle();
  void stop();

 private:
  using Handler = void (Impl::*)(Incoming&);
  struct Method;
  struct Session {
    std::optional<wire::Caller> caller; // of the legacy session
    bool is_initialized = false;
    wire::LogSeverity log_level = wire::LogSeverity::info;
  };

  // server.cpp
  void receive_message(wire::RpcMessage message, const std::shared_ptr<BatchReply>& batch);
  void receive_batch(wire::RpcBatch batch);
  void receive_request(wire::RpcRequest request, const std::shared_ptr<BatchReply>& batch);
  void receive_notification(const wire::RpcNotification& notification);
  wire::RpcResult<const Method*> admit(Incoming& request, bool is_in_batch);
  wire::RpcResult<const Method*> admit_modern(Incoming& request, const Method* method);
  wire::RpcResult<const Method*> admit_legacy(Incoming& request, const Method* method);
  const Method* find_method(std::string_view name) const;
  void note_client(const wire::Caller& caller);
  void cancel(const Json& params);
  void refuse(const std::optional<wire::RequestId>& id, const wire::RpcError& error,
              const std::shared_ptr<BatchReply>& batch);

  // server_lists.cpp
  void initialize(Incoming& request);
  void discover(Incoming& request);
  void ping(Incoming& request);
  void set_log_level(Incoming& request);
  void list_tools(Incoming& request);
  void list_prompts(Incoming& request);
  void subscribe(Incoming& request);
  void unsubscribe(Incoming& request);
  void listen(Incoming& request);
  Json capabilities(wire::Revision revision) const;
  void answer(const Incoming& request, Json result);
  /// The position after which to list: empty without a cursor; -32602 for a cursor that is not ours.
  static wire::RpcResult<std::string> parse_position(const Json& params, std::string_view list);

  // server_jobs.cpp
  void call_tool(Incoming& request);
  void list_resources(Incoming& request);
  void list_resource_templates(Incoming& request);
  void read_resource(Incoming& request);
  void get_prompt(Incoming& request);
  void complete(Incoming& request);
  void start(Incoming& request, Lane lane, Work work);
  void run(const std::shared_ptr<Job>& job, std::optional<InputReply> input);
  void work(const std::shared_ptr<Job>& job, std::optional<InputReply> input);
  Executor& executor(Lane lane) const;
  void post(Lane lane, std::function<void()> task);
  CallContext make_context(const std::shared_ptr<Job>& job, std::optional<InputReply> input);
  void finish(const std::shared_ptr<Job>& job, WorkOutcome outcome);
  void ask(const std::shared_ptr<Job>& job, const InputRequired& question);
  void ask_modern(const std::shared_ptr<Job>& job, const InputRequired& question);
  wire::RpcResult<ClientInput> parse_input(const Incoming& request);
  std::string binding(const Incoming& request) const;
  Work tool_work(const ToolRegistry::Entry& tool, Json arguments);

  const ServerConfig config_;
  const ServerParts parts_;
  const ServerHooks hooks_;
  const std::shared_ptr<Waker> waker_;
  const std::shared_ptr<Outlet> outlet_;
  const std::shared_ptr<InFlight> in_flight_;
  const std::shared_ptr<RunningCount> running_;      // handlers that wait or run, on both executors
  const std::shared_ptr<RunningCount> core_pending_; // of these, the ones on core
  Subscriptions subscriptions_;
  ClientRequests client_requests_;
  RequestStates states_;
  const std::shared_ptr<std::atomic<base::Instant::rep>> drain_limit_; // outlives the server in deadlines
  mutable std::mutex mutex_;
  Session session_;                        // guarded by mutex_
  std::string seen_client_, seen_version_; // guarded by mutex_
};

} // namespace memsync::mcp
