#include "hub/stream.h"

#include <algorithm>

#include "base/log.h"
#include "hub/authorize.h"
#include "hub/stream_implementation.h"

namespace memsync::hub {

using base::ErrorCode;
using base::Instant;
using model::Sequence;
using model::WorkspaceId;

using State = StreamState;

Streams::Implementation::Implementation(base::Clock& clock, base::Random& random, HubStore& store,
                                        Metrics& metrics, const Options& options)
    : clock_(clock),
      random_(random),
      store_(store),
      options_(options),
      open_(metrics.gauge("memsync_streams_open", "Streams open now")),
      opened_(metrics.counter("memsync_streams_opened_total", "Streams opened")),
      frames_(metrics.counter("memsync_stream_frames_total", "Frames given to streams")),
      lagged_(metrics.counter("memsync_stream_lagged_total",
                              "Times a stream took too slowly and was fed from the log again")),
      stalled_(metrics.counter("memsync_stream_stalled_total", "Streams ended because they took nothing")) {}

// --- telling the network thread ---

void Streams::Implementation::set_wake(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void Streams::Implementation::mark_ready(State& state) {
  if (state.is_ready || !state.sink) return;
  state.is_ready = true;
  ready_.push_back(&state);
}

void Streams::Implementation::wake_network() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty() || is_woken_) return;
    is_woken_ = true;
    wake = wake_;
  }
  if (wake) wake();
}

void Streams::Implementation::dispatch() {
  std::vector<State*> told;
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = false;
    told.swap(ready_);
    for (State* state : told) state->is_ready = false;
    dispatching_ = &told;
  }
  // A sink may end any stream meanwhile; `forget` takes it out of the list.
  for (std::size_t i = 0; i < told.size(); ++i)
    if (told[i]) told[i]->sink->on_ready();
  const std::lock_guard lock(mutex_);
  dispatching_ = nullptr;
}

// --- the transport's side ---

std::vector<StreamPiece> Streams::Implementation::take(State& state, std::size_t max_bytes) {
  std::vector<StreamPiece> pieces;
  bool needs_pump = false;
  {
    const std::lock_guard lock(mutex_);
    if (state.is_suspended) return pieces;
    std::size_t bytes = 0;
    while (!state.queue.empty() && bytes < max_bytes) {
      State::Item item = std::move(state.queue.front());
      state.queue.pop_front();
      state.queued_bytes -= item.size();
      bytes += item.size();
      if (item.lane != State::Item::k_no_lane) state.lanes[item.lane].taken = item.to;
      if (item.is_notification) state.notified.reset();
      for (StreamPiece& piece : {std::ref(item.first), std::ref(item.id), std::ref(item.last)})
        if (piece.size > 0) pieces.push_back(std::move(piece));
    }
    state.waiting_since = clock_.instant();
    needs_pump = state.find_lagging_lane().has_value();
    if (needs_pump) feed_.insert(&state);
  }
  if (needs_pump) wake_pump();
  return pieces;
}

bool Streams::Implementation::is_over(const State& state) const {
  const std::lock_guard lock(mutex_);
  return state.is_closing && state.queue.empty();
}

bool Streams::Implementation::has_stalled(const State& state) const {
  const std::lock_guard lock(mutex_);
  return state.has_stalled;
}

void Streams::Implementation::forget(State& state) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < state.lanes.size(); ++i) {
    const auto channel = state.lanes[i].channel;
    state.end_lane(i);
    if (channel && channel->streams.empty()) channels_.erase({channel->workspace, channel->view});
  }
  state.sink = nullptr;
  states_.erase(&state);
  feed_.erase(&state);
  std::erase(ready_, &state);
  if (dispatching_)
    std::replace(dispatching_->begin(), dispatching_->end(), &state, static_cast<State*>(nullptr));
  open_.set(static_cast<std::int64_t>(states_.size()));
}

// --- opening ---

namespace {

base::Result<> check_request(const StreamRequest& request) {
  using model::limits::k_stream_workspaces;
  if (request.workspaces.empty() || request.workspaces.size() > k_stream_workspaces)
    return refuse(ErrorCode::validation,
                  fmt::format("a stream is of 1 to {} workspaces", k_stream_workspaces));
  if (!request.after.empty() && request.after.size() != request.workspaces.size())
    return refuse(ErrorCode::validation, "give as many cursors as workspaces, or none");
  const std::set<WorkspaceId> different(request.workspaces.begin(), request.workspaces.end());
  if (different.size() != request.workspaces.size())
    return refuse(ErrorCode::validation, "a workspace is named twice");
  return {};
}

std::map<WorkspaceId, model::Role> memberships_of(StoreReader& reader, const model::UserId& user) {
  std::map<WorkspaceId, model::Role> memberships;
  for (const auto& [workspace, role] : reader.list_workspaces_of(user)) memberships[workspace.id] = role;
  return memberships;
}

/// Why the log does not go on from there; empty when it does.
std::string find_break(const model::Cursor& after, model::Epoch epoch, const LogRange& log) {
  if (after.epoch != epoch) return "the hub's log was replaced";
  if (after.sequence < log.floor) return "the log no longer goes back so far";
  if (after.sequence > log.head) return "the cursor is beyond the end of the log";
  return {};
}

} // namespace

/// What opening reads from the store.
struct Streams::Implementation::Opening {
  std::vector<LogRange> logs;
  std::map<WorkspaceId, model::Role> memberships;
  model::Epoch epoch;
  std::int64_t access_version = 0;
  std::vector<std::string> present; // if it is to tell who is here: an event for each workspace
  std::int64_t notified = 0;        // the version of the notifications: earlier ones are fetched by who opens
};

Answer<Streams::Implementation::Opening> Streams::Implementation::read_opening(const Principal& principal,
                                                                               const StreamRequest& request) {
  return store_.read([&](StoreReader& reader) -> Answer<Opening> {
    Opening opening;
    opening.access_version = reader.access_version();
    opening.epoch = reader.epoch();
    opening.notified = reader.notification_version();
    for (const WorkspaceId& workspace : request.workspaces) {
      const auto role = authorize(reader, principal, model::Permission::memory_read, workspace, clock_.now());
      if (!role) {
        wire::Problem problem = role.error();
        problem.workspace = workspace; // which of them it was
        return problem;
      }
      opening.logs.push_back(reader.log_range(workspace));
      if (request.tells_presence || request.view == StreamView::ops)
        opening.present.push_back(encode_presence(
            request.view, present_in(reader, workspace, presence.list(workspace, clock_.now()))));
    }
    opening.memberships = memberships_of(reader, principal.user);
    return opening;
  });
}

Answer<std::shared_ptr<State>> Streams::Implementation::open(const Principal& principal,
                                                             const StreamRequest& request, StreamSink& sink) {
  TRY(check_request(request));
  TRY_ASSIGN(auto opening, read_opening(principal, request));
  const Instant now = clock_.instant();
  auto state = std::make_shared<State>(principal, request.view, opening.epoch, shared_from_this());
  state->memberships = std::move(opening.memberships);
  state->tells_presence = request.tells_presence || request.view == StreamView::ops;
  state->access_version = state->opened_at_access = opening.access_version;
  state->ends_at = end_of(principal, now);
  state->heartbeat_at = now + options_.heartbeat;
  state->push_event(fmt::format("retry: {}\n\n", 500 + random_.below(1500)), now);
  {
    const std::lock_guard lock(mutex_);
    state->sink = &sink;
    for (std::size_t i = 0; i < request.workspaces.size(); ++i)
      add_lane(*state, request, i, opening.logs[i], now);
    for (std::size_t i = 0; i < opening.present.size(); ++i)
      if (state->lanes[i].channel) state->push_presence(i, std::move(opening.present[i]), now);
    states_.insert(state.get());
    if (notified_version_ < 0) notified_version_ = opening.notified;
    // Rights that changed between reading them and being registered here were looked for without us.
    if (opening.access_version < access_version_) suspend_state(*state);
    if (state->find_lagging_lane()) feed_.insert(state.get());
    mark_ready(*state);
    open_.set(static_cast<std::int64_t>(states_.size()));
  }
  opened_.add();
  wake_network();
  wake_pump();
  return state;
}

void Streams::Implementation::add_lane(State& state, const StreamRequest& request, std::size_t index,
                                       const LogRange& log, Instant now) {
  const WorkspaceId& workspace = request.workspaces[index];
  const model::Cursor after =
      request.after.empty() ? model::Cursor{state.epoch, log.head} : request.after[index];
  const std::string reason = find_break(after, state.epoch, log);
  const Sequence from = reason.empty() ? after.sequence : log.head;
  state.lanes.push_back({nullptr, workspace, from, from});
  state.push_event(encode_start(state.view, {workspace, state.epoch, log.head, log.floor, from}), now);
  if (!reason.empty()) return state.push_event(encode_resync(state.view, {workspace, reason}), now);
  std::shared_ptr<StreamChannel>& channel = channels_[{workspace, state.view}];
  if (!channel)
    channel = std::make_shared<StreamChannel>(StreamChannel{workspace, state.view, log.head, log.head, {}});
  channel->streams.insert(&state);
  channel->head = std::max(channel->head, log.head);
  state.lanes.back().channel = channel;
}

Instant Streams::Implementation::end_of(const Principal& principal, Instant now) {
  using std::chrono::milliseconds;
  const milliseconds lifetime = options_.lifetime;
  const auto spread = static_cast<std::uint64_t>(lifetime.count() * 2 / 5);
  Instant end = now + lifetime * 4 / 5 + milliseconds(static_cast<std::int64_t>(random_.below(spread + 1)));
  if (principal.expires_at)
    end = std::min(end, now + std::max(milliseconds(0), *principal.expires_at - clock_.now()));
  return end;
}

// --- rights ---

void Streams::Implementation::suspend_state(State& state) {
  state.is_suspended = true;
  suspended_users_.insert(state.principal.user);
}

void Streams::Implementation::suspend(const model::UserId& user) {
  {
    const std::lock_guard lock(mutex_);
    if (states_.empty()) return;
    for (State* state : states_)
      if (state->principal.user == user) suspend_state(*state);
  }
  wake_pump(); // the others are to hear of it
}

void Streams::Implementation::on_head(const WorkspaceId& workspace, Sequence head) {
  bool found = false;
  {
    const std::lock_guard lock(mutex_);
    for (const StreamView view : {StreamView::memories, StreamView::ops}) {
      const auto channel = channels_.find({workspace, view});
      if (channel == channels_.end()) continue;
      channel->second->head = std::max(channel->second->head, head);
      found = true;
    }
  }
  if (found) wake_pump();
}

void Streams::Implementation::go_away(std::chrono::milliseconds spread) {
  {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_.instant();
    for (State* state : states_) {
      const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(spread.count(), 0));
      send_away(*state, std::chrono::milliseconds(static_cast<std::int64_t>(random_.below(most + 1))), now);
    }
  }
  wake_network();
}

void Streams::Implementation::send_away(State& state, std::chrono::milliseconds retry, Instant now) {
  if (state.is_closing) return;
  state.drop_frames();
  state.push_event(encode_goaway(state.view, {retry.count()}), now);
  state.close(now);
  mark_ready(state);
}

// --- the pump's sleep ---

void Streams::Implementation::wake_pump() {
  const std::lock_guard lock(pump_mutex_);
  has_work_ = true;
  work_.notify_one();
}

bool Streams::Implementation::wait(Instant until) {
  std::unique_lock lock(pump_mutex_);
  work_.wait_until(lock, until, [&] { return has_work_ || stopped_; });
  has_work_ = false;
  return !stopped_;
}

void Streams::Implementation::stop() {
  const std::lock_guard lock(pump_mutex_);
  stopped_ = true;
  work_.notify_all();
}

std::size_t Streams::Implementation::count() const {
  const std::lock_guard lock(mutex_);
  return states_.size();
}

// --- the public faces ---

Subscription::~Subscription() { state_->owner->forget(*state_); }
std::vector<StreamPiece> Subscription::take(std::size_t max_bytes) {
  return state_->owner->take(*state_, max_bytes);
}
bool Subscription::is_over() const { return state_->owner->is_over(*state_); }
bool Subscription::has_stalled() const { return state_->owner->has_stalled(*state_); }

Streams::Streams(base::Clock& clock, base::Random& random, HubStore& store, Broker& broker, Metrics& metrics,
                 const Options& options)
    : implementation_(std::make_shared<Implementation>(clock, random, store, metrics, options)) {
  implementation_->listening = broker.listen(
      std::nullopt, [implementation = implementation_.get()](const WorkspaceId& workspace, Sequence head) {
        implementation->on_head(workspace, head);
      });
}
Streams::~Streams() { implementation_->listening.reset(); }

void Streams::set_wake(std::function<void()> wake) { implementation_->set_wake(std::move(wake)); }
void Streams::dispatch() { implementation_->dispatch(); }

Answer<std::unique_ptr<Subscription>> Streams::open(const Principal& principal, const StreamRequest& request,
                                                    StreamSink& sink) {
  TRY_ASSIGN(auto state, implementation_->open(principal, request, sink));
  return std::unique_ptr<Subscription>(new Subscription(std::move(state)));
}

base::Instant Streams::step() { return implementation_->step(); }
bool Streams::wait(base::Instant until) { return implementation_->wait(until); }
void Streams::stop() { implementation_->stop(); }
void Streams::suspend(const model::UserId& user) { implementation_->suspend(user); }
void Streams::go_away(std::chrono::milliseconds spread) { implementation_->go_away(spread); }
std::size_t Streams::count() const { return implementation_->count(); }
PresenceBook& Streams::presence() { return implementation_->presence; }

} // namespace memsync::hub
