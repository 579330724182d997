#include "net/server/dispatcher.h"

#include "base/log.h"
#include "net/server/browser.h"

namespace memsync::net::server {

using base::Error;
using base::ErrorCode;
using base::LogLevel;
using base::Result;

namespace {

// Handlers wait for the disk more than they compute, and the store has as many read connections.
constexpr std::size_t k_readers = 4;
constexpr std::size_t k_writers = 4;
constexpr std::size_t k_waiting = 4096;

/// "Host: name:port" without the port.
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

std::string_view media_type_of(BodyKind kind) {
  return kind == BodyKind::form ? "application/x-www-form-urlencoded" : "application/json";
}

bool is_type(std::string_view content_type, std::string_view wanted) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type == wanted;
}

Result<> check_body(const Route& route, const Request& request) {
  if (request.body.empty()) {
    if (route.body == BodyKind::json) return Error{ErrorCode::validation, "this request needs a JSON body"};
    return {};
  }
  if (route.body == BodyKind::none) return Error{ErrorCode::validation, "this request takes no body"};
  const std::string_view wanted = media_type_of(route.body);
  if (!is_type(request.content_type, wanted))
    return Error{ErrorCode::media_type, fmt::format("send the body as Content-Type: {}", wanted)};
  return {};
}

/// Who asks, as far as the route wants to know; nothing on open routes. By a token, else by the cookie of a
/// browser, which changes something only on behalf of our own pages.
hub::Answer<std::optional<hub::Principal>> authenticate(hub::Hub& hub, const Route& route,
                                                        const Request& request, std::string_view public_url) {
  using Found = std::optional<hub::Principal>;
  if (route.access == Access::open) return Found();
  TRY_ASSIGN(auto token, request.bearer_token());
  if (!token) {
    token = find_browser_secret(request.cookie);
    if (token && route.method != Method::get) TRY(require_same_origin(request, public_url));
  }
  if (!token) {
    if (route.access == Access::open_or_signed_in) return Found();
    return Error{ErrorCode::unauthenticated, "sign in: send a token as 'Authorization: Bearer TOKEN'"};
  }
  TRY_ASSIGN(auto principal, hub.authenticate(*token));
  return Found(std::move(principal));
}

} // namespace

Dispatcher::Dispatcher(std::shared_ptr<Loop> loop, hub::Hub& hub, const ServerOptions& options)
    : loop_(std::move(loop)),
      hub_(hub),
      options_(options),
      public_url_(options.public_url),
      refused_(hub.metrics().counter("memsync_http_refused_requests_total",
                                     "Requests that no route took, or with a wrong body or host.")),
      readers_(k_readers, k_waiting),
      writers_(k_writers, k_waiting) {
  for (const Route& route : routes()) {
    const std::string name =
        fmt::format("method=\"{}\",route=\"{}\"", model::name_of(route.method), route.pattern);
    RouteMetrics row;
    for (std::size_t digit : {2U, 4U, 5U})
      row.by_class[digit] = &hub.metrics().counter("memsync_http_requests_total", "Answered requests.",
                                                   fmt::format("{},status=\"{}xx\"", name, digit));
    row.seconds = &hub.metrics().histogram(
        "memsync_http_seconds", "From the request's last byte to its answer.", hub::k_seconds_bounds, name);
    metrics_.push_back(row);
  }
}

Result<> Dispatcher::check(const Request& request) const {
  const auto& allowed = options_.allowed_hosts;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), host_name(request.host)) == allowed.end())
    return Error{ErrorCode::validation, "this hub has another name: use the address you were given"};
  return {};
}

void Dispatcher::handle(std::optional<Method> method, Request request, Responder responder) {
  const auto refuse = [&](Response response) {
    refused_.add();
    responder.send(std::move(response));
  };
  if (const auto checked = check(request); !checked) return refuse(to_response(checked.error()));
  const RouteMatch match = match_route(routes(), method, request.target);
  if (const auto* found = std::get_if<RouteFound>(&match)) {
    if (const auto checked = check_body(*found->route, request); !checked)
      return refuse(to_response(checked.error()));
    return start(*found, std::move(request), std::move(responder));
  }
  if (const auto* wrong = std::get_if<RouteMethodWrong>(&match)) {
    Response response =
        to_response(Error{ErrorCode::method_not_allowed, "this address takes " + wrong->allow});
    response.headers.emplace_back("Allow", wrong->allow);
    return refuse(std::move(response));
  }
  refuse(to_response(Error{ErrorCode::not_found, "there is nothing under this address: see /openapi.json"}));
}

Responder Dispatcher::measured(const Route& route, Responder responder) {
  // By value: the writer of a hub that ends may answer when the server is gone.
  const RouteMetrics row = metrics_[static_cast<std::size_t>(&route - routes().data())];
  return Responder([responder = std::move(responder), &route, row, &clock = hub_.clock(),
                    started = hub_.clock().instant()](Answer answer) {
    const auto* response = std::get_if<Response>(&answer);
    const bool is_socket = std::holds_alternative<std::shared_ptr<WebSocket>>(answer);
    const int status = response ? response->status : (is_socket ? 101 : 200);
    const std::chrono::duration<double> took = clock.instant() - started;
    if (hub::Counter* counter = row.by_class[static_cast<std::size_t>(status / 100)]) counter->add();
    row.seconds->observe(took.count());
    // The pattern and never the path, which may hold an invitation's secret.
    base::log(LogLevel::debug, "{} {} {} in {:.1f} ms", model::name_of(route.method), route.pattern, status,
              took.count() * 1e3);
    responder.send(std::move(answer));
  });
}

void Dispatcher::start(const RouteFound& found, Request request, Responder responder) {
  const Route& route = *found.route;
  request.arguments = found.arguments;
  responder = measured(route, std::move(responder));
  if (route.runs == Runs::on_network) return work(route, std::move(request), responder);
  const auto shared = std::make_shared<Request>(std::move(request));
  const bool is_write = route.runs == Runs::by_method && route.method != Method::get;
  const bool taken = run(is_write ? Pool::writers : Pool::readers,
                         [this, &route, shared, responder] { work(route, std::move(*shared), responder); });
  if (!taken) responder.fail({ErrorCode::busy, "the hub is busy: try again in a second"});
}

void Dispatcher::work(const Route& route, Request request, const Responder& responder) {
  try {
    auto principal = authenticate(hub_, route, request, public_url_);
    if (!principal) return responder.send(to_response(principal.error()));
    route.handler({*this, hub_, std::move(request), *std::move(principal), responder});
  } catch (const std::exception& defect) {
    base::log(LogLevel::error, "{} {} failed: {}", model::name_of(route.method), route.pattern,
              defect.what());
    responder.fail({ErrorCode::internal, "the hub could not do this; its log has the reason"});
  }
}

bool Dispatcher::run(Pool pool, std::function<void()> task) {
  return (pool == Pool::writers ? writers_ : readers_).try_run(std::move(task));
}

void Dispatcher::finish() { long_polls_.finish(); }

void Dispatcher::end() {
  readers_.end();
  writers_.end();
}

} // namespace memsync::net::server
