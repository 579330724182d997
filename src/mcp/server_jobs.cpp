#include <algorithm>
#include <exception>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "mcp/cursor.h"
#include "mcp/server_impl.h"

namespace memsync::mcp {

namespace {

using wire::invalid_params;

/// A tool that asks on and on would never end.
constexpr int k_max_rounds = 16;

wire::RpcError internal_error(std::string message) {
  return {wire::RpcErrorCode::internal_error, std::move(message), nullptr};
}

wire::RpcResult<std::string> parse_text(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  if (member == object.end() || !member->is_string()) {
    return invalid_params(fmt::format("{} must be a string.", key));
  }
  return member->get<std::string>();
}

/// The object member `key`, empty when absent.
wire::RpcResult<Json> parse_object(const Json& object, std::string_view key) {
  const auto member = object.find(key);
  if (member == object.end()) return Json::object();
  if (!member->is_object()) return invalid_params(fmt::format("{} must be an object.", key));
  return *member;
}

wire::RpcResult<Arguments> parse_arguments(const Json& object) {
  TRY_ASSIGN(const Json members, parse_object(object, "arguments"));
  Arguments arguments;
  for (const auto& [name, value] : members.items()) {
    if (!value.is_string()) return invalid_params(fmt::format("Argument {} must be a string.", name));
    arguments.emplace(name, value.get<std::string>());
  }
  return arguments;
}

/// Refuses a missing required argument and an unknown one, naming the known ones.
wire::RpcResult<void> check_arguments(const wire::Prompt& prompt, const Arguments& arguments) {
  std::vector<std::string_view> known;
  for (const auto& argument : prompt.arguments) {
    known.push_back(argument.name);
    if (argument.required && !arguments.contains(argument.name)) {
      return invalid_params(fmt::format("Prompt {} needs the argument {}.", prompt.name, argument.name));
    }
  }
  for (const auto& [name, value] : arguments) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return invalid_params(fmt::format("Prompt {} has no argument {}; it has: {}.", prompt.name, name,
                                      known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
  }
  return {};
}

/// What completion/complete asks for.
struct CompletionQuery {
  bool is_prompt = false;
  std::string owner; // prompt name or URI template
  std::string variable;
  std::string prefix;
  Arguments chosen;
};

wire::RpcResult<CompletionQuery> parse_completion(const Json& params) {
  CompletionQuery query;
  TRY_ASSIGN(const Json ref, parse_object(params, "ref"));
  TRY_ASSIGN(const std::string type, parse_text(ref, "type"));
  query.is_prompt = type == "ref/prompt";
  if (!query.is_prompt && type != "ref/resource") {
    return invalid_params("ref.type must be ref/prompt or ref/resource.");
  }
  TRY_ASSIGN(query.owner, parse_text(ref, query.is_prompt ? "name" : "uri"));
  TRY_ASSIGN(const Json argument, parse_object(params, "argument"));
  TRY_ASSIGN(query.variable, parse_text(argument, "name"));
  TRY_ASSIGN(query.prefix, parse_text(argument, "value"));
  TRY_ASSIGN(const Json context, parse_object(params, "context"));
  TRY_ASSIGN(query.chosen, parse_arguments(context));
  return query;
}

Lane lane_of(const ToolRegistry::Entry& tool) {
  if (tool.definition.annotations.read_only) return tool.pace == Pace::quick ? Lane::quick : Lane::pool;
  return tool.pace == Pace::patient ? Lane::aside : Lane::core;
}

/// The outcome of a provider with its value written by `encode`.
template <class T, class Encode>
WorkOutcome encode_outcome(Outcome<T> outcome, Encode encode) {
  if (auto* value = std::get_if<T>(&outcome)) return encode(*value);
  if (auto* question = std::get_if<InputRequired>(&outcome)) return std::move(*question);
  return std::get<wire::RpcError>(std::move(outcome));
}

} // namespace

Work Server::Impl::tool_work(const ToolRegistry::Entry& tool, Json arguments) {
  return [weak = weak_from_this(), &tool, arguments = std::move(arguments)](CallContext context,
                                                                            Deliver deliver) {
    const auto self = weak.lock();
    if (!self) return;
    auto answer = [weak, &tool, context, deliver = std::move(deliver)](ToolOutcome outcome) {
      auto* result = std::get_if<ToolResult>(&outcome);
      if (result == nullptr) {
        auto* question = std::get_if<InputRequired>(&outcome);
        deliver(question != nullptr ? WorkOutcome(std::move(*question))
                                    : WorkOutcome(std::get<wire::RpcError>(std::move(outcome))));
        return;
      }
      const auto server = weak.lock();
      if (!server || context.cancelled.stop_requested()) return;
      if (server->hooks_.decorate_result) server->hooks_.decorate_result(tool, context, *result);
      deliver(wire::encode_tool_output(*result, context.caller.revision));
    };
    ToolCall call{tool.definition.name, arguments, std::move(context)};
    if (self->hooks_.before_call) self->hooks_.before_call(call);
    tool.handler(std::move(call), Responder(std::move(answer)));
  };
}

void Server::Impl::call_tool(Incoming& request) {
  const auto name = parse_text(request.params, "name");
  auto arguments = parse_object(request.params, "arguments");
  if (!name || !arguments) {
    request.exchange->fail(!name ? name.error() : arguments.error());
    return;
  }
  const auto* tool = parts_.tools.find(*name);
  if (tool == nullptr) {
    request.exchange->fail(invalid_params(fmt::format("Unknown tool: {}", *name)));
    return;
  }
  start(request, lane_of(*tool), tool_work(*tool, *std::move(arguments)));
}

void Server::Impl::list_resources(Incoming& request) {
  auto position = parse_position(request.params, "resources");
  if (!position) {
    request.exchange->fail(position.error());
    return;
  }
  const auto hint = wire::CacheHint{config_.list_ttl, wire::CacheHint::Scope::caller};
  start(request, Lane::pool,
        [provider = parts_.resources, position = *position, limit = config_.page_size, hint](
            const CallContext& context, const Deliver& deliver) {
          auto page = provider->list(position, limit);
          if (!page) {
            const bool is_bad_position = page.error().code == base::ErrorCode::validation;
            deliver(is_bad_position ? invalid_params(page.error().message)
                                    : internal_error(page.error().message));
            return;
          }
          Json items = Json::array();
          for (const auto& item : page->items)
            items.push_back(wire::encode_resource(item, context.caller.revision));
          Json result = {{"resources", std::move(items)}};
          if (!page->next.empty()) result["nextCursor"] = make_cursor("resources", page->next);
          wire::add_cache_hint(result, context.caller.revision, hint);
          deliver(std::move(result));
        });
}

void Server::Impl::list_resource_templates(Incoming& request) {
  const auto hint = wire::CacheHint{config_.list_ttl, wire::CacheHint::Scope::shared};
  start(request, Lane::pool,
        [provider = parts_.resources, hint](const CallContext& context, const Deliver& deliver) {
          Json items = Json::array();
          for (const auto& item : provider->templates()) {
            items.push_back(wire::encode_resource_template(item, context.caller.revision));
          }
          Json result = {{"resourceTemplates", std::move(items)}};
          wire::add_cache_hint(result, context.caller.revision, hint);
          deliver(std::move(result));
        });
}

void Server::Impl::read_resource(Incoming& request) {
  const auto uri = parse_text(request.params, "uri");
  if (!uri) {
    request.exchange->fail(uri.error());
    return;
  }
  start(request, Lane::pool,
        [provider = parts_.resources, uri = *uri](const CallContext& context, const Deliver& deliver) {
          deliver(encode_outcome(provider->read(uri, context),
                                 [&](const std::vector<wire::ResourceContents>& contents) {
                                   Json items = Json::array();
                                   for (const auto& item : contents)
                                     items.push_back(wire::encode_resource_contents(item));
                                   Json result = {{"contents", std::move(items)}};
                                   wire::add_cache_hint(result, context.caller.revision, {});
                                   return result;
                                 }));
        });
}

void Server::Impl::get_prompt(Incoming& request) {
  const auto name = parse_text(request.params, "name");
  const auto arguments = parse_arguments(request.params);
  if (!name || !arguments) {
    request.exchange->fail(!name ? name.error() : arguments.error());
    return;
  }
  const auto& prompts = parts_.prompts->prompts();
  const auto prompt = std::find_if(prompts.begin(), prompts.end(),
                                   [&](const wire::Prompt& known) { return known.name == *name; });
  if (prompt == prompts.end()) {
    request.exchange->fail(invalid_params(fmt::format("Unknown prompt: {}", *name)));
    return;
  }
  if (const auto checked = check_arguments(*prompt, *arguments); !checked) {
    request.exchange->fail(checked.error());
    return;
  }
  start(request, Lane::pool,
        [provider = parts_.prompts, name = *name, arguments = *arguments](const CallContext& context,
                                                                          const Deliver& deliver) {
          deliver(
              encode_outcome(provider->get(name, arguments, context), [&](const wire::PromptResult& result) {
                return wire::encode_prompt_result(result, context.caller.revision);
              }));
        });
}

void Server::Impl::complete(Incoming& request) {
  const auto query = parse_completion(request.params);
  if (!query) {
    request.exchange->fail(query.error());
    return;
  }
  if (query->is_prompt ? parts_.prompts == nullptr : parts_.resources == nullptr) {
    request.exchange->fail(invalid_params(fmt::format("Nothing to complete for {}.", query->owner)));
    return;
  }
  start(request, Lane::pool,
        [prompts = parts_.prompts, resources = parts_.resources, query = *query](const CallContext&,
                                                                                 const Deliver& deliver) {
          const auto& [is_prompt, owner, variable, prefix, chosen] = query;
          const auto completion = is_prompt ? prompts->complete(owner, variable, prefix, chosen)
                                            : resources->complete(owner, variable, prefix, chosen);
          deliver(completion ? WorkOutcome(wire::encode_completion(*completion))
                             : WorkOutcome(completion.error()));
        });
}

void Server::Impl::start(Incoming& request, Lane lane, Work work) {
  auto input = parse_input(request);
  if (!input) {
    request.exchange->fail(input.error());
    return;
  }
  auto job = std::make_shared<Job>();
  job->request = std::move(request);
  job->lane = lane;
  job->work = std::move(work);
  job->volunteered = std::move(input->volunteered);
  job->latest = parts_.clock.instant() + config_.call_limit;
  run(job, std::move(input->reply));
}

void Server::Impl::run(const std::shared_ptr<Job>& job, std::optional<InputReply> input) {
  post(job->lane,
       [weak = weak_from_this(), slot = RunningCount::take(running_), job, input = std::move(input)] {
         if (const auto self = weak.lock()) self->work(job, input);
       });
}

Executor& Server::Impl::executor(Lane lane) const {
  switch (lane) {
    case Lane::core:
    case Lane::aside: return parts_.core;
    case Lane::pool: return parts_.pool;
    case Lane::quick: return parts_.quick;
  }
  return parts_.pool;
}

void Server::Impl::post(Lane lane, std::function<void()> task) {
  Executor& target = executor(lane);
  if (lane == Lane::core) {
    target.post([slot = RunningCount::take(core_pending_), task = std::move(task)] { task(); });
  } else if (lane == Lane::aside || core_pending_->value() == 0) {
    target.post(std::move(task));
  } else {
    // Behind the writes received before it, then beside everything else.
    parts_.core.post([&target, task = std::move(task)] { target.post(task); });
  }
}

void Server::Impl::work(const std::shared_ptr<Job>& job, std::optional<InputReply> input) {
  if (!job->request.exchange->is_open()) return;
  Deliver deliver = [weak = weak_from_this(), job](WorkOutcome outcome) {
    if (const auto self = weak.lock()) self->finish(job, std::move(outcome));
  };
  try {
    job->work(make_context(job, std::move(input)), std::move(deliver));
  } catch (const std::exception& error) {
    base::log(base::LogLevel::error, "{} failed: {}", job->request.method, error.what());
    job->request.exchange->fail(internal_error("The request failed inside the server."));
  }
}

CallContext Server::Impl::make_context(const std::shared_ptr<Job>& job, std::optional<InputReply> input) {
  const auto& request = job->request;
  CallContext context;
  context.caller = request.caller;
  context.tool_use_id = request.meta.tool_use_id;
  context.can_show_form = wire::can_request(request.caller, "elicitation/create");
  context.cancelled = request.exchange->cancelled();
  if (!input) context.volunteered = job->volunteered;
  context.input = std::move(input);
  context.deadline = [latest = job->latest, limit = drain_limit_] {
    return std::min(latest, base::Instant(base::Instant::duration(limit->load())));
  };
  if (!request.meta.progress_token.is_null()) {
    context.progress = [exchange = request.exchange, token = request.meta.progress_token,
                        revision = request.caller.revision](const Progress& progress) {
      exchange->report(token, progress, revision);
    };
  }
  if (request.log_level) {
    context.log = [exchange = request.exchange, least = *request.log_level](
                      wire::LogSeverity severity, std::string_view logger, const Json& data) {
      if (severity < least) return;
      Json params = {{"level", wire::log_severity_name(severity)}, {"data", data}};
      if (!logger.empty()) params["logger"] = logger;
      exchange->send(wire::write_rpc_notification("notifications/message", params));
    };
  }
  return context;
}

void Server::Impl::finish(const std::shared_ptr<Job>& job, WorkOutcome outcome) {
  if (auto* result = std::get_if<Json>(&outcome)) {
    answer(job->request, std::move(*result));
  } else if (const auto* error = std::get_if<wire::RpcError>(&outcome)) {
    const bool is_sent = job->request.exchange->fail(*error);
    if (is_sent && error->code == wire::RpcErrorCode::internal_error) {
      base::log(base::LogLevel::error, "{}: {}", job->request.method, error->message);
    }
  } else {
    ask(job, std::get<InputRequired>(outcome));
  }
}

void Server::Impl::ask(const std::shared_ptr<Job>& job, const InputRequired& question) {
  if (++job->rounds > k_max_rounds) {
    job->request.exchange->fail(internal_error("The request asked the client too often."));
  } else if (wire::features_of(job->request.caller.revision).era == wire::Era::modern) {
    ask_modern(job, question);
  } else {
    client_requests_.ask(job->request.exchange, job->request.caller, question,
                         [weak = weak_from_this(), job](InputReply reply) {
                           const auto self = weak.lock();
                           if (!self) return;
                           // The person's time is not the call's.
                           job->latest = self->parts_.clock.instant() + self->config_.call_limit;
                           self->run(job, std::move(reply));
                         });
  }
}

void Server::Impl::ask_modern(const std::shared_ptr<Job>& job, const InputRequired& question) {
  const auto& request = job->request;
  Json requests = Json::object();
  for (const auto& item : question.requests) {
    if (!wire::can_request(request.caller, item.method)) {
      request.exchange->fail(wire::missing_capability_error(item.method));
      return;
    }
    requests[item.key] = {{"method", item.method},
                          {"params", item.method == "elicitation/create"
                                         ? wire::adapt_elicitation(item.params, request.caller.revision)
                                         : item.params}};
  }
  Json result = {{"resultType", "input_required"},
                 {"requestState", states_.issue(binding(request), question.state)}};
  if (!requests.empty()) result["inputRequests"] = std::move(requests);
  answer(request, std::move(result));
}

wire::RpcResult<ClientInput> Server::Impl::parse_input(const Incoming& request) {
  ClientInput input;
  const bool is_modern = wire::features_of(request.caller.revision).era == wire::Era::modern;
  const bool has_state = request.params.contains("requestState");
  if (!is_modern || (!has_state && !request.params.contains("inputResponses"))) return input;
  TRY_ASSIGN(const Json responses, parse_object(request.params, "inputResponses"));
  InputReply reply;
  for (const auto& [key, answer] : responses.items()) {
    // Before the state is redeemed: a malformed retry may be repeated with it.
    if (!answer.is_object()) return invalid_params(fmt::format("inputResponses.{} must be an object.", key));
    reply.answers[key] = answer;
  }
  if (!has_state) {
    input.volunteered = std::move(reply);
    return input;
  }
  TRY_ASSIGN(const std::string text, parse_text(request.params, "requestState"));
  auto state = states_.redeem(binding(request), text);
  if (!state) {
    return invalid_params(
        "requestState is forged, expired, already used or of another request: call again without it.");
  }
  reply.state = *std::move(state);
  input.reply = std::move(reply);
  return input;
}

std::string Server::Impl::binding(const Incoming& request) const {
  Json salient = request.params;
  for (const char* key : {"_meta", "requestState", "inputResponses"}) salient.erase(key);
  return base::Hash128::of(
             base::dump_json({request.method, config_.principal, request.caller.client.name, salient}))
      .hex();
}

} // namespace memsync::mcp
