#include "tests/sim/network.h"

#include "base/json.h"
#include "tests/sim/world.h"
#include "wire/hub_messages.h"

namespace memsync::sim {

using base::Json;
using replica::HubAnswer;
using replica::ListenEnded;

namespace {

constexpr Millis k_timeout = 3'000;
constexpr Millis k_poll_period = 200;

wire::Problem offline() {
  wire::Problem problem;
  problem.code = base::ErrorCode::offline;
  problem.detail = "the network lost it";
  return problem;
}

using Content = decltype(HubAnswer::content);

Content problem_content(const wire::Problem& problem) {
  return wire::decode_problem(base::error_info(problem.code).http_status, wire::encode(problem));
}

/// What the machine receives: the bytes of the answer, decoded again.
template <class T, class Encode, class Decode>
Content cross(const hub::Answer<T>& answer, Encode encode, Decode decode) {
  if (!answer) return problem_content(answer.error());
  auto decoded = decode(*base::parse_json(encode(*answer)));
  require(decoded.has_value(), decoded ? "" : "an answer cannot be decoded: " + decoded.error().message);
  return *std::move(decoded);
}

/// The hub as one machine reaches it: what its HTTP routes do.
class Routes {
 public:
  Routes(hub::Hub& hub, const hub::Principal& principal) : hub_(hub), principal_(principal) {}

  Content operator()(const replica::MeRequest&) {
    return cross(
        hub_.me(principal_), [](const wire::Me& me) { return wire::encode(me); }, &wire::decode_me);
  }
  Content operator()(const replica::PushToWorkspace& request) {
    auto push = wire::decode_push_request(*base::parse_json(wire::encode(request.push)));
    require(push.has_value(), push ? "" : "a push cannot be decoded: " + push.error().message);
    return cross(
        hub_.push(principal_, request.workspace, *std::move(push)),
        [](const wire::PushAnswer& answer) { return wire::encode(answer); }, &wire::decode_push_answer);
  }
  Content operator()(const replica::PullFromWorkspace& request) {
    return cross(
        hub_.pull(principal_, request.workspace, {request.after, request.limit, reader(request.replica)}),
        [](const hub::PulledPage& page) { return wire::encode_pull_answer(page.range, page.entries); },
        &wire::decode_pull_answer);
  }
  Content operator()(const replica::OpenSnapshot& request) {
    return cross(
        hub_.open_snapshot(principal_, request.workspace, request.snapshot),
        [](const wire::SnapshotOpened& opened) { return wire::encode(opened); },
        &wire::decode_snapshot_opened);
  }
  Content operator()(const replica::NextSnapshotPage& request) {
    constexpr std::size_t k_page_bytes = 2'048; // so that a snapshot has several
    return cross(
        hub_.snapshot_page(principal_, request.workspace, request.session, request.after_key, k_page_bytes),
        [](const wire::SnapshotPageTexts& page) { return wire::encode(page); }, &wire::decode_snapshot_page);
  }
  Content operator()(const replica::GetHistory& request) {
    return cross(
        hub_.log_history(principal_, request.workspace, request.before, request.after, request.limit),
        [](const wire::HistoryPage& page) { return wire::encode(page); }, &wire::decode_history_page);
  }
  Content operator()(const replica::GetNotifications& request) {
    return cross(
        hub_.notification_changes(principal_, request.after, request.limit),
        [](const wire::NotificationChanges& changes) { return wire::encode(changes); },
        &wire::decode_notification_changes);
  }
  Content operator()(const replica::MarkNotificationsRead& request) {
    return cross(
        hub_.mark_read(principal_, {request.ids, std::nullopt}),
        [](std::uint64_t unread) { return wire::encode(wire::NotificationsMarked{unread}); },
        &wire::decode_notifications_marked);
  }
  Content operator()(const replica::ReportPresence& request) {
    return cross(
        hub_.report_presence(principal_, request.report),
        [](std::size_t seen) { return wire::encode(wire::PresenceReported{seen}); },
        &wire::decode_presence_reported);
  }
  Content operator()(const replica::GetDigest& request) {
    return cross(
        hub_.digest(principal_, request.workspace),
        [](const wire::WorkspaceDigest& digest) { return wire::encode(digest); },
        &wire::decode_workspace_digest);
  }

 private:
  static std::optional<model::ReplicaId> reader(const model::ReplicaId& replica) {
    return replica.is_empty() ? std::nullopt : std::optional(replica);
  }
  hub::Hub& hub_;
  const hub::Principal& principal_;
};

void check_delivery(World& world, const Machine& machine, const replica::HubRequest& request,
                    const Content& content) {
  const auto* pull = std::get_if<replica::PullFromWorkspace>(&request);
  const auto* answer = std::get_if<wire::PullAnswer>(&content);
  if (pull && answer && !answer->entries.empty())
    world.check_delivery(machine, pull->workspace, answer->to.value);
  if (const auto* page = std::get_if<replica::NextSnapshotPage>(&request);
      page && std::holds_alternative<wire::SnapshotPage>(content))
    world.check_delivery(machine, page->workspace, UINT64_MAX);
}

Content ask(World& world, const Machine& machine, const replica::HubRequest& request) {
  if (!world.is_hub_up()) return offline();
  const auto principal = world.hub().authenticate(machine.token());
  if (!principal) return problem_content(principal.error());
  Content content = std::visit(Routes(world.hub(), *principal), request);
  if (!world.hub_survives()) return offline();
  check_delivery(world, machine, request, content);
  world.pump();
  return content;
}

} // namespace

SimHubClient::SimHubClient(World& world, Machine& machine) : world_(world), machine_(machine) {}
SimHubClient::~SimHubClient() { *alive_ = false; }

/// Runs the action unless the process died or the client is gone by then.
template <class F>
void SimHubClient::later(Millis delay, F action) {
  world_.scheduler().after(delay, [alive = alive_, action = std::move(action)]() mutable {
    if (*alive) action();
  });
}

void SimHubClient::send(std::uint64_t request, replica::HubRequest content) {
  calls_.push_back({request, std::move(content)});
  start_next();
}

void SimHubClient::start_next() {
  if (is_busy_ || calls_.empty()) return;
  is_busy_ = true;
  const std::uint64_t generation = ++call_generation_;
  const bool lost = machine_.is_partitioned || (world_.has_faults() && world_.chance(8));
  if (lost)
    return finish({calls_.front().request, offline(), std::nullopt}, world_.has_faults() ? k_timeout : 100);
  const auto arrive = [this, generation] {
    if (generation != call_generation_ || !is_busy_) return;
    Content content = ask(world_, machine_, calls_.front().content);
    if (world_.has_faults() && world_.chance(5))
      ask(world_, machine_, calls_.front().content); // repeated by a proxy
    const bool answer_lost = machine_.is_partitioned || (world_.has_faults() && world_.chance(8));
    if (answer_lost) return finish({calls_.front().request, offline(), std::nullopt}, k_timeout);
    finish({calls_.front().request, std::move(content), std::nullopt}, world_.latency());
  };
  later(world_.latency(), arrive);
}

void SimHubClient::finish(HubAnswer answer, Millis delay) {
  later(delay, [this, answer = std::move(answer), generation = call_generation_]() mutable {
    if (generation != call_generation_) return;
    is_busy_ = false;
    calls_.pop_front();
    start_next();
    machine_.post(std::move(answer));
  });
}

void SimHubClient::listen(replica::ListenRequest request) {
  stop_listening();
  listen_ = request.id;
  parser_ = {};
  if (machine_.is_partitioned || (world_.has_faults() && world_.chance(10)))
    return later(world_.latency(), [this, id = request.id] {
      if (id == listen_) end_listening(ListenEnded::Reason::unreachable, offline());
    });
  later(world_.latency(), [this, request] {
    if (request.id != listen_) return;
    if (request.mode == replica::ListenMode::long_poll)
      return poll(request, 0, request.positions.front().second);
    open_stream(request);
  });
}

void SimHubClient::open_stream(const replica::ListenRequest& request) {
  if (!world_.is_hub_up()) return end_listening(ListenEnded::Reason::unreachable, offline());
  const auto principal = world_.hub().authenticate(machine_.token());
  hub::StreamRequest stream;
  stream.view = hub::StreamView::ops;
  for (const auto& [workspace, cursor] : request.positions) {
    stream.workspaces.push_back(workspace);
    stream.after.push_back(cursor);
  }
  stream.replicas = request.replicas;
  if (!principal) return end_listening(ListenEnded::Reason::refused, principal.error());
  auto opened = world_.hub().open_stream(*principal, stream, *this);
  if (!opened) return end_listening(ListenEnded::Reason::refused, opened.error());
  subscription_ = *std::move(opened);
  take_bytes();
  world_.pump();
}

void SimHubClient::poll(const replica::ListenRequest& request, std::size_t index, model::Cursor after) {
  const model::WorkspaceId workspace = request.positions[index].first;
  Content content = ask(world_, machine_, replica::PullFromWorkspace{workspace, after, 100});
  auto* answer = std::get_if<wire::PullAnswer>(&content);
  if (!answer) {
    auto& problem = std::get<wire::Problem>(content);
    const bool is_refused = problem.code != base::ErrorCode::offline;
    return end_listening(is_refused ? ListenEnded::Reason::refused : ListenEnded::Reason::unreachable,
                         std::move(problem));
  }
  const model::Cursor next{answer->epoch, answer->to};
  machine_.post(replica::ListenPolled{request.id, workspace, std::move(*answer)});
  later(k_poll_period, [this, request, index, next] {
    if (request.id == listen_) poll(request, index, next);
  });
}

void SimHubClient::stop_listening() {
  listen_ = 0;
  subscription_.reset();
}

void SimHubClient::on_ready() {
  // The hub wakes its streams in an order that depends on addresses; each machine has a moment of its own.
  later(1 + machine_.index(), [this] { take_bytes(); });
}

void SimHubClient::take_bytes() {
  if (!subscription_) return;
  std::string bytes;
  for (const hub::StreamPiece& piece : subscription_->take(std::size_t{64} << 10)) bytes += piece.view();
  if (!bytes.empty()) {
    // In order, chopped at a random place.
    const std::size_t half = world_.random().below(bytes.size() + 1);
    for (std::string part : {bytes.substr(0, half), bytes.substr(half)}) {
      last_delivery_ = std::max(last_delivery_, world_.scheduler().now() + world_.latency());
      later(last_delivery_ - world_.scheduler().now(),
            [this, id = listen_, part = std::move(part)] { receive(id, part); });
    }
    later(1, [this] { take_bytes(); });
  }
  if (subscription_->is_over())
    later(world_.latency() + 50, [this, id = listen_] {
      if (id == listen_ && id != 0) end_listening(ListenEnded::Reason::closed, {});
    });
}

void SimHubClient::receive(std::uint64_t listen, std::string bytes) {
  if (listen != listen_ || listen == 0) return;
  if (machine_.is_partitioned || (world_.has_faults() && world_.chance(2)))
    return end_listening(ListenEnded::Reason::closed, {});
  for (const wire::SseEvent& sse : parser_.feed(bytes)) {
    auto event = wire::decode_event(sse.event, sse.data);
    require(event.has_value(), "an event cannot be decoded: " + sse.data);
    if (world_.has_faults() && world_.chance(2)) continue; // swallowed by a proxy that reconnected on its own
    if (!*event) continue;
    if (const auto* ops = std::get_if<wire::StreamOps>(&**event))
      world_.check_delivery(machine_, ops->workspace, ops->to.value);
    machine_.post(replica::ListenEvent{listen, **std::move(event)});
  }
}

void SimHubClient::end_listening(ListenEnded::Reason reason, wire::Problem problem) {
  if (listen_ == 0) return; // the hub died under the call that was to tell
  const std::uint64_t id = std::exchange(listen_, 0);
  subscription_.reset();
  machine_.post(ListenEnded{id, reason, std::move(problem), std::nullopt});
}

void SimHubClient::cut() {
  if (listen_ != 0) end_listening(ListenEnded::Reason::closed, offline());
}

} // namespace memsync::sim
