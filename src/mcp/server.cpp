#include "mcp/server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "mcp/server_impl.h"
#include "wire/line_decoder.h"

namespace memsync::mcp {

namespace {

wire::RpcError rpc_error(wire::RpcErrorCode code, std::string message) {
  return {code, std::move(message), nullptr};
}

wire::RpcError method_not_found(std::string_view method) {
  return rpc_error(wire::RpcErrorCode::method_not_found, fmt::format("Method not found: {}", method));
}

} // namespace

/// A row of the method table. `needs`: what the server must offer, else the method does not exist.
struct Server::Impl::Method {
  enum class Eras { both, legacy, modern };
  enum class Needs { nothing, resources, prompts, completion };

  std::string_view name;
  Eras eras;
  Needs needs;
  Handler handler;

  bool is_in(wire::Era era) const {
    return eras == Eras::both || (eras == Eras::legacy) == (era == wire::Era::legacy);
  }
};

Server::Impl::Impl(ServerConfig config, ServerParts parts, ServerHooks hooks)
    : config_(std::move(config)),
      parts_(std::move(parts)),
      hooks_(std::move(hooks)),
      waker_(std::make_shared<Waker>(hooks_.wake)),
      outlet_(std::make_shared<Outlet>(parts_.send)),
      in_flight_(std::make_shared<InFlight>(waker_)),
      running_(std::make_shared<RunningCount>(waker_)),
      core_pending_(std::make_shared<RunningCount>(waker_)),
      subscriptions_(outlet_),
      client_requests_(outlet_),
      states_(parts_.random, parts_.clock, config_.input_ttl),
      drain_limit_(std::make_shared<std::atomic<base::Instant::rep>>(
          base::Instant::max().time_since_epoch().count())) {}

const Server::Impl::Method* Server::Impl::find_method(std::string_view name) const {
  using enum Method::Eras;
  using enum Method::Needs;
  static constexpr std::array<Method, 15> k_methods = {{
      {"initialize", legacy, nothing, &Impl::initialize},
      {"ping", legacy, nothing, &Impl::ping},
      {"logging/setLevel", legacy, nothing, &Impl::set_log_level},
      {"server/discover", modern, nothing, &Impl::discover},
      {"subscriptions/listen", modern, nothing, &Impl::listen},
      {"tools/list", both, nothing, &Impl::list_tools},
      {"tools/call", both, nothing, &Impl::call_tool},
      {"resources/list", both, resources, &Impl::list_resources},
      {"resources/templates/list", both, resources, &Impl::list_resource_templates},
      {"resources/read", both, resources, &Impl::read_resource},
      {"resources/subscribe", legacy, resources, &Impl::subscribe},
      {"resources/unsubscribe", legacy, resources, &Impl::unsubscribe},
      {"prompts/list", both, prompts, &Impl::list_prompts},
      {"prompts/get", both, prompts, &Impl::get_prompt},
      {"completion/complete", both, completion, &Impl::complete},
  }};
  const auto found = std::find_if(k_methods.begin(), k_methods.end(),
                                  [&](const Method& method) { return method.name == name; });
  if (found == k_methods.end()) return nullptr;
  const bool is_offered =
      found->needs == nothing || (found->needs == resources && parts_.resources != nullptr) ||
      (found->needs == prompts && parts_.prompts != nullptr) ||
      (found->needs == completion && (parts_.resources != nullptr || parts_.prompts != nullptr));
  return is_offered ? &*found : nullptr;
}

void Server::Impl::receive(std::string_view line) {
  auto input = wire::parse_rpc_line(line);
  if (auto* batch = std::get_if<wire::RpcBatch>(&input)) {
    receive_batch(std::move(*batch));
  } else {
    receive_message(std::get<wire::RpcMessage>(std::move(input)), nullptr);
  }
}

void Server::Impl::receive_overlong(std::size_t size_bytes) {
  refuse(std::nullopt, wire::overlong_line_error(size_bytes, wire::k_max_line_bytes), nullptr);
}

void Server::Impl::receive_batch(wire::RpcBatch batch) {
  bool is_served = false;
  {
    const std::lock_guard lock(mutex_);
    is_served = session_.caller && wire::features_of(session_.caller->revision).batches;
  }
  if (!is_served) {
    refuse(std::nullopt,
           rpc_error(wire::RpcErrorCode::invalid_request, "Batches are served only in revision 2025-03-26."),
           nullptr);
    return;
  }
  const auto reply = std::make_shared<BatchReply>(*outlet_, batch.messages.size());
  for (auto& message : batch.messages) receive_message(std::move(message), reply);
}

void Server::Impl::receive_message(wire::RpcMessage message, const std::shared_ptr<BatchReply>& batch) {
  if (auto* request = std::get_if<wire::RpcRequest>(&message)) {
    receive_request(std::move(*request), batch);
    return;
  }
  if (const auto* malformed = std::get_if<wire::RpcMalformed>(&message)) {
    refuse(malformed->id, malformed->error, batch);
    return;
  }
  if (const auto* notification = std::get_if<wire::RpcNotification>(&message))
    receive_notification(*notification);
  if (const auto* response = std::get_if<wire::RpcResponse>(&message)) client_requests_.receive(*response);
  if (batch) batch->skip();
}

void Server::Impl::receive_request(wire::RpcRequest received, const std::shared_ptr<BatchReply>& batch) {
  // Parked calls are bounded here; running ones by the transport, which asks has_room().
  if (in_flight_->size() >= k_max_running + k_max_parked) {
    refuse(received.id,
           rpc_error(wire::RpcErrorCode::internal_error, "Too many requests are waiting for an answer."),
           batch);
    return;
  }
  Incoming request;
  request.method = std::move(received.method);
  request.params = std::move(received.params);
  request.exchange = std::make_shared<Exchange>(std::move(received.id), outlet_, in_flight_, batch);
  in_flight_->add(request.exchange);
  const auto exchange = request.exchange;
  const auto method = admit(request, batch != nullptr);
  if (!method) {
    exchange->fail(method.error());
    return;
  }
  try {
    (this->*(*method)->handler)(request);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "{} failed: {}", (*method)->name, error.what());
    exchange->fail(rpc_error(wire::RpcErrorCode::internal_error, "The request failed inside the server."));
  }
}

wire::RpcResult<const Server::Impl::Method*> Server::Impl::admit(Incoming& request, bool is_in_batch) {
  const auto* method = find_method(request.method);
  TRY_ASSIGN(request.meta, wire::parse_request_meta(request.params));
  const bool is_modern = config_.eras == ServedEras::both &&
                         wire::decide_era(request.method, request.params) == wire::Era::modern;
  if (is_modern && is_in_batch) {
    return rpc_error(wire::RpcErrorCode::invalid_request, "Revision 2026-07-28 has no batches.");
  }
  return is_modern ? admit_modern(request, method) : admit_legacy(request, method);
}

wire::RpcResult<const Server::Impl::Method*> Server::Impl::admit_modern(Incoming& request,
                                                                        const Method* method) {
  // The version comes first: a client of a later revision must learn that before "no such method".
  TRY_ASSIGN(request.caller, wire::parse_modern_caller(request.params));
  TRY_ASSIGN(request.log_level, wire::parse_modern_log_level(request.params));
  if (method == nullptr || !method->is_in(wire::Era::modern)) return method_not_found(request.method);
  note_client(request.caller);
  return method;
}

wire::RpcResult<const Server::Impl::Method*> Server::Impl::admit_legacy(Incoming& request,
                                                                        const Method* method) {
  if (method == nullptr || !method->is_in(wire::Era::legacy)) return method_not_found(request.method);
  const std::lock_guard lock(mutex_);
  if (session_.caller) {
    request.caller = *session_.caller;
    request.log_level = session_.log_level;
  } else if (method->handler != &Impl::initialize && method->handler != &Impl::ping) {
    return rpc_error(wire::RpcErrorCode::invalid_params,
                     fmt::format("Send initialize first, or carry {} and {} in params._meta.",
                                 wire::k_meta_protocol_version, wire::k_meta_client_capabilities));
  }
  return method;
}

void Server::Impl::note_client(const wire::Caller& caller) {
  {
    const std::lock_guard lock(mutex_);
    if (caller.client.name == seen_client_ && caller.client.version == seen_version_) return;
    seen_client_ = caller.client.name;
    seen_version_ = caller.client.version;
  }
  if (hooks_.client_seen) hooks_.client_seen(caller);
}

void Server::Impl::receive_notification(const wire::RpcNotification& notification) {
  if (notification.method == "notifications/cancelled") {
    cancel(notification.params);
  } else if (notification.method == "notifications/initialized") {
    const std::lock_guard lock(mutex_);
    session_.is_initialized = session_.caller.has_value();
  }
}

void Server::Impl::cancel(const Json& params) {
  const auto member = params.find("requestId");
  const auto id = member == params.end() ? std::nullopt : wire::find_request_id(*member);
  if (!id) return;
  for (const auto& exchange : in_flight_->find(*id)) {
    if (exchange->cancel()) client_requests_.withdraw(*exchange);
  }
}

void Server::Impl::refuse(const std::optional<wire::RequestId>& id, const wire::RpcError& error,
                          const std::shared_ptr<BatchReply>& batch) {
  std::string line = wire::write_rpc_error(id, error);
  if (batch) {
    batch->answer(std::move(line));
  } else {
    outlet_->send(std::move(line));
  }
}

bool Server::Impl::notify_legacy(std::string_view method, const Json& params) {
  if (!has_legacy_session()) return false;
  outlet_->send(wire::write_rpc_notification(method, params));
  return true;
}

bool Server::Impl::has_legacy_session() const {
  const std::lock_guard lock(mutex_);
  return session_.is_initialized;
}

void Server::Impl::drain(base::Instant latest) {
  drain_limit_->store(latest.time_since_epoch().count());
  Json ended = Json::object();
  wire::complete_result(ended, wire::Revision::v2026_07_28, config_.info);
  subscriptions_.end_listens(ended);
  client_requests_.cancel_all();
  if (hooks_.draining) hooks_.draining(latest);
}

bool Server::Impl::is_idle() {
  return running_->value() == 0 && in_flight_->size() == subscriptions_.count_listens();
}

void Server::Impl::stop() {
  for (const auto& exchange : in_flight_->all()) {
    exchange->fail(rpc_error(wire::RpcErrorCode::internal_error, "The server is stopping."));
  }
  outlet_->close();
  waker_->close();
}

Server::Server(ServerConfig config, ServerParts parts, ServerHooks hooks)
    : impl_(std::make_shared<Impl>(std::move(config), std::move(parts), std::move(hooks))) {}

Server::~Server() { stop(); }

void Server::receive(std::string_view line) {
  try {
    impl_->receive(line);
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "a message was dropped: {}", error.what());
  }
}

void Server::receive_overlong(std::size_t size_bytes) { impl_->receive_overlong(size_bytes); }
bool Server::has_room() const { return impl_->has_room(); }
void Server::tools_changed() {
  if (impl_->changing().tools) impl_->list_changed(ListKind::tools);
}
void Server::prompts_changed() {
  if (impl_->changing().prompts) impl_->list_changed(ListKind::prompts);
}
void Server::resources_changed() {
  if (impl_->changing().resources) impl_->list_changed(ListKind::resources);
}
void Server::resource_updated(std::string_view uri) { impl_->resource_updated(uri); }
std::set<std::string, std::less<>> Server::subscribed_uris() { return impl_->subscribed_uris(); }
bool Server::notify_legacy(std::string_view method, const Json& params) {
  return impl_->notify_legacy(method, params);
}
bool Server::has_legacy_session() const { return impl_->has_legacy_session(); }
void Server::drain(base::Instant latest) { impl_->drain(latest); }
bool Server::is_idle() const { return impl_->is_idle(); }
void Server::stop() { impl_->stop(); }

} // namespace memsync::mcp
