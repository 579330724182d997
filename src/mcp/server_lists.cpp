#include <algorithm>
#include <utility>

#include "mcp/cursor.h"
#include "mcp/server_impl.h"

namespace memsync::mcp {

namespace {

using wire::invalid_params;

constexpr std::size_t k_max_uri_bytes = 4096;

wire::RpcResult<std::string> parse_uri(const Json& params) {
  const auto uri = params.find("uri");
  if (uri == params.end() || !uri->is_string() || uri->get_ref<const std::string&>().empty() ||
      uri->get_ref<const std::string&>().size() > k_max_uri_bytes) {
    return invalid_params(fmt::format("uri must be a string of 1 to {} bytes.", k_max_uri_bytes));
  }
  return uri->get<std::string>();
}

/// The items after the one called `position`, a page of them; the name of the last in `next` if more
/// follow. Nothing when no item has that name.
template <class Items, class NameOf>
std::optional<Page<const typename Items::value_type*>> page_after(const Items& items,
                                                                  const std::string& position,
                                                                  std::size_t limit, NameOf name_of) {
  auto first = items.begin();
  if (!position.empty()) {
    first =
        std::find_if(items.begin(), items.end(), [&](const auto& item) { return name_of(item) == position; });
    if (first == items.end()) return std::nullopt;
    ++first;
  }
  Page<const typename Items::value_type*> page;
  for (; first != items.end() && page.items.size() < limit; ++first) page.items.push_back(&*first);
  if (first != items.end() && !page.items.empty()) page.next = name_of(*page.items.back());
  return page;
}

} // namespace

void Server::Impl::answer(const Incoming& request, Json result) {
  wire::complete_result(result, request.caller.revision, config_.info);
  request.exchange->answer(result);
}

wire::RpcResult<std::string> Server::Impl::parse_position(const Json& params, std::string_view list) {
  const auto cursor = params.find("cursor");
  if (cursor == params.end()) return std::string();
  auto position =
      cursor->is_string() ? parse_cursor(list, cursor->get_ref<const std::string&>()) : std::nullopt;
  if (!position) return invalid_params("Unknown cursor: list again from the start.");
  return *std::move(position);
}

Json Server::Impl::capabilities(wire::Revision revision) const {
  const auto& features = wire::features_of(revision);
  const auto list = [](bool is_changing) {
    return is_changing ? Json{{"listChanged", true}} : Json::object();
  };
  Json json = {{"tools", list(config_.changing.tools)}, {"logging", Json::object()}};
  if (parts_.resources != nullptr) {
    json["resources"] = list(config_.changing.resources);
    json["resources"]["subscribe"] = true;
  }
  if (parts_.prompts != nullptr) json["prompts"] = list(config_.changing.prompts);
  const bool can_complete = parts_.resources != nullptr || parts_.prompts != nullptr;
  if (can_complete && features.tool_annotations) json["completions"] = Json::object();
  if (features.era == wire::Era::legacy && !config_.experimental.empty())
    json["experimental"] = config_.experimental;
  return json;
}

void Server::Impl::initialize(Incoming& request) {
  auto caller = wire::parse_initialize(request.params);
  if (!caller) {
    request.exchange->fail(caller.error());
    return;
  }
  request.caller = *caller;
  {
    const std::lock_guard lock(mutex_);
    session_ = {.caller = *caller, .is_initialized = false, .log_level = wire::LogSeverity::info};
  }
  subscriptions_.open_session();
  const auto revision = caller->revision;
  Json result = {{"protocolVersion", wire::revision_name(revision)},
                 {"capabilities", capabilities(revision)},
                 {"serverInfo", wire::encode_implementation(config_.info, revision)}};
  if (!config_.instructions.empty()) result["instructions"] = config_.instructions;
  answer(request, std::move(result));
  note_client(*caller);
}

void Server::Impl::discover(Incoming& request) {
  const auto revision = request.caller.revision;
  Json versions = Json::array();
  for (const auto& features : wire::all_revisions()) {
    if (features.era == wire::Era::modern) versions.push_back(features.name);
  }
  Json result = {{"supportedVersions", std::move(versions)}, {"capabilities", capabilities(revision)}};
  if (!config_.instructions.empty()) result["instructions"] = config_.instructions;
  wire::add_cache_hint(result, revision, {config_.list_ttl, wire::CacheHint::Scope::shared});
  answer(request, std::move(result));
}

void Server::Impl::ping(Incoming& request) { answer(request, Json::object()); }

void Server::Impl::set_log_level(Incoming& request) {
  const auto member = request.params.find("level");
  const auto level = member != request.params.end() && member->is_string()
                         ? wire::find_log_severity(member->get_ref<const std::string&>())
                         : std::nullopt;
  if (!level) {
    request.exchange->fail(
        invalid_params("level must be one of the RFC 5424 severities, debug to emergency."));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    session_.log_level = *level;
  }
  answer(request, Json::object());
}

void Server::Impl::list_tools(Incoming& request) {
  const auto revision = request.caller.revision;
  const auto position = parse_position(request.params, "tools");
  const auto page = position ? page_after(parts_.tools.entries(), *position, config_.page_size,
                                          [](const auto& entry) { return entry.definition.name; })
                             : std::nullopt;
  if (!page) {
    request.exchange->fail(invalid_params("Unknown cursor: list again from the start."));
    return;
  }
  Json tools = Json::array();
  for (const auto* entry : page->items) tools.push_back(wire::encode_tool(entry->definition, revision));
  Json result = {{"tools", std::move(tools)}};
  if (!page->next.empty()) result["nextCursor"] = make_cursor("tools", page->next);
  wire::add_cache_hint(result, revision, {config_.list_ttl, wire::CacheHint::Scope::shared});
  answer(request, std::move(result));
}

void Server::Impl::list_prompts(Incoming& request) {
  const auto revision = request.caller.revision;
  const auto position = parse_position(request.params, "prompts");
  const auto page = position ? page_after(parts_.prompts->prompts(), *position, config_.page_size,
                                          [](const auto& prompt) { return prompt.name; })
                             : std::nullopt;
  if (!page) {
    request.exchange->fail(invalid_params("Unknown cursor: list again from the start."));
    return;
  }
  Json prompts = Json::array();
  for (const auto* prompt : page->items) prompts.push_back(wire::encode_prompt(*prompt, revision));
  Json result = {{"prompts", std::move(prompts)}};
  if (!page->next.empty()) result["nextCursor"] = make_cursor("prompts", page->next);
  wire::add_cache_hint(result, revision, {config_.list_ttl, wire::CacheHint::Scope::shared});
  answer(request, std::move(result));
}

void Server::Impl::subscribe(Incoming& request) {
  const auto uri = parse_uri(request.params);
  if (!uri) {
    request.exchange->fail(uri.error());
  } else if (!subscriptions_.subscribe(*uri)) {
    request.exchange->fail(
        invalid_params(fmt::format("At most {} resources can be subscribed to.", k_max_subscribed_uris)));
  } else {
    answer(request, Json::object());
  }
}

void Server::Impl::unsubscribe(Incoming& request) {
  const auto uri = parse_uri(request.params);
  if (!uri) {
    request.exchange->fail(uri.error());
    return;
  }
  subscriptions_.unsubscribe(*uri);
  answer(request, Json::object());
}

void Server::Impl::listen(Incoming& request) {
  ChangingLists announced = config_.changing;
  announced.prompts = announced.prompts && parts_.prompts != nullptr;
  announced.resources = announced.resources && parts_.resources != nullptr;
  auto filter = parse_subscription_filter(request.params, announced, parts_.resources != nullptr);
  if (!filter) {
    request.exchange->fail(filter.error());
  } else if (!subscriptions_.listen(request.exchange, *std::move(filter))) {
    request.exchange->fail(
        invalid_params(fmt::format("At most {} subscriptions can be open.", k_max_listens)));
  }
}

} // namespace memsync::mcp
