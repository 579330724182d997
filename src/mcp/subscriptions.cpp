#include "mcp/subscriptions.h"

#include <utility>

namespace memsync::mcp {

namespace {

using wire::invalid_params;
using wire::Json;

std::string_view list_changed_method(ListKind kind) {
  switch (kind) {
    case ListKind::tools: return "notifications/tools/list_changed";
    case ListKind::prompts: return "notifications/prompts/list_changed";
    case ListKind::resources: return "notifications/resources/list_changed";
  }
  return {};
}

bool wants(const SubscriptionFilter& filter, ListKind kind) {
  switch (kind) {
    case ListKind::tools: return filter.tools;
    case ListKind::prompts: return filter.prompts;
    case ListKind::resources: return filter.resources;
  }
  return false;
}

wire::RpcResult<bool> parse_flag(const Json& filter, std::string_view key) {
  const auto flag = filter.find(key);
  if (flag == filter.end()) return false;
  if (!flag->is_boolean()) return invalid_params(fmt::format("notifications.{} must be a boolean.", key));
  return flag->get<bool>();
}

Json encode_filter(const SubscriptionFilter& filter) {
  Json json = Json::object();
  if (filter.tools) json["toolsListChanged"] = true;
  if (filter.prompts) json["promptsListChanged"] = true;
  if (filter.resources) json["resourcesListChanged"] = true;
  if (!filter.uris.empty()) json["resourceSubscriptions"] = filter.uris;
  return json;
}

} // namespace

wire::RpcResult<SubscriptionFilter> parse_subscription_filter(const Json& params,
                                                              const ChangingLists& announced,
                                                              bool has_resources) {
  const auto json = params.find("notifications");
  if (json == params.end() || !json->is_object()) return invalid_params("notifications must be an object.");
  SubscriptionFilter filter;
  TRY_ASSIGN(const bool tools, parse_flag(*json, "toolsListChanged"));
  TRY_ASSIGN(const bool prompts, parse_flag(*json, "promptsListChanged"));
  TRY_ASSIGN(const bool resources, parse_flag(*json, "resourcesListChanged"));
  filter.tools = tools && announced.tools;
  filter.prompts = prompts && announced.prompts;
  filter.resources = resources && announced.resources;
  const auto uris = json->find("resourceSubscriptions");
  if (uris == json->end()) return filter;
  if (!uris->is_array() || uris->size() > k_max_subscribed_uris) {
    return invalid_params(fmt::format(
        "notifications.resourceSubscriptions must be an array of at most {} URIs.", k_max_subscribed_uris));
  }
  for (const Json& uri : *uris) {
    if (!uri.is_string()) return invalid_params("notifications.resourceSubscriptions must hold strings.");
    if (has_resources) filter.uris.insert(uri.get<std::string>());
  }
  return filter;
}

void Subscriptions::open_session() {
  const std::lock_guard lock(mutex_);
  has_session_ = true;
  session_uris_.clear();
}

bool Subscriptions::subscribe(std::string_view uri) {
  const std::lock_guard lock(mutex_);
  if (session_uris_.size() >= k_max_subscribed_uris && !session_uris_.contains(uri)) return false;
  session_uris_.emplace(uri);
  return true;
}

void Subscriptions::unsubscribe(std::string_view uri) {
  const std::lock_guard lock(mutex_);
  if (const auto found = session_uris_.find(uri); found != session_uris_.end()) session_uris_.erase(found);
}

bool Subscriptions::listen(const std::shared_ptr<Exchange>& exchange, SubscriptionFilter filter) {
  const std::lock_guard lock(mutex_);
  drop_closed();
  if (listens_.size() >= k_max_listens) return false;
  Listen listen{exchange, std::move(filter)};
  // Under the lock, so that no change is told before the acknowledgement.
  notify(listen, "notifications/subscriptions/acknowledged",
         {{"notifications", encode_filter(listen.filter)}});
  listens_.push_back(std::move(listen));
  return true;
}

void Subscriptions::end_listens(const Json& result) {
  std::vector<Listen> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(listens_);
  }
  for (const auto& listen : ended) {
    const Json id = wire::encode_request_id(listen.exchange->id());
    Json body = result;
    body["_meta"][wire::k_meta_subscription_id] = id;
    if (!listen.exchange->answer(body)) continue;
    outlet_->send(wire::write_rpc_notification("notifications/cancelled", {{"requestId", id}}));
  }
}

std::size_t Subscriptions::count_listens() {
  const std::lock_guard lock(mutex_);
  drop_closed();
  return listens_.size();
}

void Subscriptions::list_changed(ListKind kind) {
  const std::lock_guard lock(mutex_);
  drop_closed();
  const auto method = list_changed_method(kind);
  if (has_session_) outlet_->send(wire::write_rpc_notification(method, Json::object()));
  for (const auto& listen : listens_) {
    if (wants(listen.filter, kind)) notify(listen, method, Json::object());
  }
}

void Subscriptions::resource_updated(std::string_view uri) {
  const std::lock_guard lock(mutex_);
  drop_closed();
  constexpr std::string_view k_method = "notifications/resources/updated";
  if (session_uris_.contains(uri)) outlet_->send(wire::write_rpc_notification(k_method, {{"uri", uri}}));
  for (const auto& listen : listens_) {
    if (listen.filter.uris.contains(uri)) notify(listen, k_method, {{"uri", uri}});
  }
}

std::set<std::string, std::less<>> Subscriptions::subscribed_uris() {
  const std::lock_guard lock(mutex_);
  drop_closed();
  auto uris = session_uris_;
  for (const auto& listen : listens_) uris.insert(listen.filter.uris.begin(), listen.filter.uris.end());
  return uris;
}

void Subscriptions::drop_closed() {
  std::erase_if(listens_, [](const Listen& listen) { return !listen.exchange->is_open(); });
}

void Subscriptions::notify(const Listen& listen, std::string_view method, Json params) {
  params["_meta"][wire::k_meta_subscription_id] = wire::encode_request_id(listen.exchange->id());
  listen.exchange->send(wire::write_rpc_notification(method, params));
}

} // namespace memsync::mcp
