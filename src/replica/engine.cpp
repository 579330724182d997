#include "replica/engine.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "model/limits.h"
#include "replica/lane.h"
#include "replica/notification_sync.h"
#include "replica/presence_sync.h"
#include "replica/sync_store.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Instant;
using base::log;
using base::LogLevel;
using base::Result;
using model::WorkspaceId;
using model::limits::k_stream_workspaces;
using std::chrono::milliseconds;

namespace {

/// Behind a bad proxy, unless a stream beside the polls works.
constexpr std::chrono::minutes k_polling_period{10};
constexpr std::chrono::minutes k_idle_period{1};
/// Of asking for the account while no stream tells news of it.
constexpr std::chrono::minutes k_account_period{1};

/// Of asking for the workspaces that the stream has no room for.
constexpr std::chrono::minutes k_unheard_period{1};

} // namespace

/// One lane per workspace, and what they have in common: the account and the one stream.
class Engine::Core {
 public:
  Core(Replica& replica, HubClient& hub, Options options)
      : replica_(replica),
        store_(replica, options.generation),
        hub_(hub),
        context_{replica,
                 store_,
                 counters_,
                 options.batch_operations,
                 [this](HubRequest request) { return send(std::move(request)); },
                 [this] { return is_live(); }},
        notifications_(replica, store_, [this](HubRequest request) { return send(std::move(request)); }),
        presence_(replica, [this](HubRequest request) { return send(std::move(request)); }) {}

  Result<Instant> step(EngineMessage message) {
    TRY(std::visit([&](auto& each) { return take(each); }, message));
    return advance();
  }

  Connection connection_ = Connecting{};
  SyncCounters counters_;

  bool is_settled(const WorkspaceId& id) const {
    const auto at = lanes_.find(id);
    return at == lanes_.end() ? account_known_ : at->second.is_settled();
  }

  std::vector<model::PresentMember> present() const {
    return is_live() ? presence_.list(listening_to_) : std::vector<model::PresentMember>();
  }
  bool knows_present() const { return is_live() && presence_.knows(listening_to_); }

  bool has_synced() const {
    return !sync_requested_ && !notifications_.is_sync_requested() && unlisted_.empty() &&
           std::none_of(lanes_.begin(), lanes_.end(),
                        [](const auto& each) { return each.second.is_sync_requested(); });
  }

 private:
  // --- messages ---

  Result<> take(Tick&) { return {}; }

  Result<> take(LocalCommit&) {
    for (auto& [id, lane] : lanes_) lane.note_local_commit();
    notifications_.note_local_commit();
    return {};
  }

  Result<> take(SyncNow&) {
    if (!account_known_) {
      sync_requested_ = true;
      retry_account_at_ = {};
    }
    retry_listen_at_ = {};
    for (auto& [id, lane] : lanes_) lane.request_sync();
    notifications_.request_sync();
    return {};
  }

  Result<> take(Reconnect&) {
    account_known_ = false;
    retry_account_at_ = retry_listen_at_ = {};
    for (auto& [id, lane] : lanes_) lane.unblock();
    return {};
  }

  Result<> take(PresenceNow& now_here) {
    presence_.set_sessions(std::move(now_here.sessions));
    return {};
  }

  Result<> take(HubAnswer& answer) {
    if (answer.hub_time) TRY(note_hub_time(*answer.hub_time));
    if (answer.request == account_request_) return take_account(answer);
    if (unlisted_.erase(answer.request) > 0) return take_unlisted(answer);
    if (notifications_.owns(answer.request)) return notifications_.take(answer);
    if (presence_.owns(answer.request)) return presence_.take(answer), Result<>();
    for (auto& [id, lane] : lanes_) {
      if (!lane.owns(answer.request)) continue;
      TRY_ASSIGN(const auto problem, lane.take(answer));
      if (!problem) return {};
      lane.give_up_sync();
      return take_refusal(*problem);
    }
    return {}; // for a lane that is gone
  }

  Result<> take(ListenEvent& event) {
    if (event.id != listen_) return {};
    return std::visit([&](auto& content) { return take_event(content); }, event.event);
  }

  Result<> take(ListenPolled& polled) {
    if (polled.id != listen_) return {};
    note_live(ListenMode::long_poll);
    notifications_.poll();
    Lane* lane = find_lane(polled.workspace);
    return lane ? lane->take_entries(polled.answer.epoch, polled.answer.entries, polled.answer.head)
                : Result<>();
  }

  Result<> take(ListenEnded& ended) {
    if (ended.id != listen_) return {};
    listen_ = 0;
    presence_.forget();
    listening_to_.clear();
    const bool was_live = is_live(), is_mute = connected_ != ended.id; // no hub, or a proxy without one
    if (ended.retry) listen_backoff_.set_floor(*ended.retry);
    if (ended.reason == ListenEnded::Reason::silent && (!was_live || ++silences_ >= 2))
      fall_back_to_polling();
    if (ended.reason == ListenEnded::Reason::greeted) return return_to_stream(), Result<>();
    const auto delay = listen_backoff_.next(replica_.random());
    retry_listen_at_ = now() + delay;
    connection_ = Connecting{};
    if (ended.reason == ListenEnded::Reason::refused && ended.problem.code == ErrorCode::resync) {
      // A long poll asked for what the log no longer has: a pull is told the same, and knows what to do.
      for (auto& [id, lane] : lanes_) lane.pull();
      return {};
    }
    if (ended.reason == ListenEnded::Reason::refused) return take_refusal(ended.problem);
    if (ended.reason == ListenEnded::Reason::unreachable ||
        (ended.reason == ListenEnded::Reason::closed && is_mute))
      go_offline({ErrorCode::offline, ended.problem.detail}, delay);
    return {};
  }

  // --- the account: who we are and which workspaces there are ---

  Result<> take_account(HubAnswer& answer) {
    account_request_ = 0;
    const bool was_requested = std::exchange(sync_requested_, false);
    if (auto* problem = std::get_if<wire::Problem>(&answer.content)) {
      if (!is_live() || problem->code != ErrorCode::offline) return take_refusal(*problem);
      account_known_ = false; // a lost answer is no reason to give up a stream that works
      retry_account_at_ = now() + account_backoff_.next(replica_.random());
      return {};
    }
    auto* me = std::get_if<wire::Me>(&answer.content);
    if (!me) return Error{ErrorCode::internal, "an answer nobody asked for"};
    TRY(store_.adopt_account(*me));
    account_known_ = true;
    account_epoch_ = me->epoch;
    account_backoff_ = base::Backoff(k_first_delay, k_longest_delay);
    TRY(open_lanes());
    if (was_requested)
      for (auto& [id, lane] : lanes_) lane.request_sync();
    return {};
  }

  /// What is known of the account may be old: it is asked for at once.
  void ask_account() {
    account_known_ = false;
    retry_account_at_ = {};
  }

  /// The account or the stream was refused, or cannot be reached.
  Result<> take_refusal(const wire::Problem& problem) {
    if (problem.code == ErrorCode::removed && problem.workspace && problem.user && problem.epoch)
      return drop({*problem.workspace, *problem.user, *problem.epoch});
    const Error error = wire::to_error(problem);
    milliseconds delay = account_backoff_.next(replica_.random());
    // Who is not recognised need not ask soon; anything else is looked up again in the account.
    if (error.code == ErrorCode::unauthenticated) delay = k_refused_delay;
    if (problem.retry_after_s)
      delay = std::max<milliseconds>(delay, std::chrono::seconds(*problem.retry_after_s));
    account_known_ = false;
    retry_account_at_ = retry_listen_at_ = now() + delay;
    go_offline(error, delay);
    for (auto& [id, lane] : lanes_) lane.give_up_sync();
    notifications_.give_up_sync();
    return {};
  }

  /// A lane for every workspace that the hub lists, and for no other.
  Result<> open_lanes() {
    TRY_ASSIGN(auto rows, store_.hub_workspaces());
    std::vector<WorkspaceRow> unlisted;
    for (const WorkspaceRow& row : rows)
      if (!row.is_known_to_hub) unlisted.push_back(row);
    ask_about(unlisted);
    std::erase_if(rows, [](const WorkspaceRow& row) { return !row.is_known_to_hub; });
    std::erase_if(lanes_, [&](const auto& each) {
      return std::none_of(rows.begin(), rows.end(),
                          [&](const WorkspaceRow& row) { return row.id == each.first; });
    });
    for (const WorkspaceRow& row : rows) {
      const auto [at, is_new] = lanes_.try_emplace(row.id, context_, row);
      if (is_new) TRY(at->second.resume(row));
      at->second.unblock();
    }
    return {};
  }

  /// The hub does not list these workspaces any more. Whether this person was removed only the hub's answer
  /// about the workspace itself proves, so it is asked for, and again every 10 minutes.
  void ask_about(const std::vector<WorkspaceRow>& unlisted) {
    for (const WorkspaceRow& row : unlisted)
      unlisted_.insert(send(PullFromWorkspace{row.id, row.cursor, 1, row.replica}));
    ask_again_at_ = unlisted.empty() ? Instant{} : now() + k_refused_delay;
  }

  Result<> take_unlisted(HubAnswer& answer) {
    const auto* problem = std::get_if<wire::Problem>(&answer.content);
    if (!problem) ask_account(); // invited again since the account was asked for
    if (problem && problem->code == ErrorCode::offline) ask_again_at_ = now() + k_account_period;
    if (!problem || problem->code != ErrorCode::removed) return {};
    if (!problem->workspace || !problem->user || !problem->epoch) return {};
    return drop({*problem->workspace, *problem->user, *problem->epoch});
  }

  /// Deletes the replica of a workspace on proof for this user and this log, or the one that replaced it when
  /// the hub was restored from a backup, as the account told; without it nothing is deleted.
  Result<> drop(const wire::StreamRevoked& proof) {
    TRY_ASSIGN(const bool is_proven, replica_.read([&](Reader& reader) -> Result<bool> {
      const auto row = reader.find_workspace(proof.workspace);
      return row && reader.account().user == proof.user &&
             (row->cursor.epoch == proof.epoch || account_epoch_ == proof.epoch ||
              row->cursor.epoch.value == 0);
    }));
    if (!is_proven) {
      account_known_ = false; // which tells of another log
      retry_account_at_ = now() + k_account_period;
      return {};
    }
    log(LogLevel::warning,
        "removed from workspace {}: its replica is deleted, unsent work is in the quarantine",
        proof.workspace.view());
    lanes_.erase(proof.workspace);
    ask_account(); // the proof may have been under way while its user was invited again
    return store_.drop_workspace(proof.workspace, proof.epoch);
  }

  // --- the stream ---

  Result<> take_event(wire::StreamHello& hello) {
    note_live(ListenMode::stream);
    // Who was invited while nobody listened was told by no event.
    if (std::exchange(greeted_, listen_) != listen_) ask_account();
    Lane* lane = find_lane(hello.workspace);
    return lane ? lane->compare_head({hello.epoch, hello.head}, Lane::HeadNews::replay_follows) : Result<>();
  }

  Result<> take_event(wire::StreamOps& ops) {
    Lane* lane = find_lane(ops.workspace);
    if (!lane) return {};
    if (!ops.entries.empty()) return lane->take_entries(ops.epoch, ops.entries, ops.to);
    lane->pull();
    return {};
  }

  Result<> take_event(wire::StreamHeartbeat& heartbeat) {
    silences_ = 0;
    for (const auto& [id, head] : heartbeat.heads)
      if (Lane* lane = find_lane(id)) TRY(lane->compare_head(head, Lane::HeadNews::should_be_here));
    return {};
  }

  Result<> take_event(wire::StreamResync& resync) {
    Lane* lane = find_lane(resync.workspace);
    return lane ? lane->resync() : Result<>();
  }

  Result<> take_event(wire::StreamMember&) { return ask_account(), Result<>(); }

  Result<> take_event(wire::StreamRevoked& proof) { return drop(proof); }

  Result<> take_event(wire::StreamGoaway& goaway) {
    listen_backoff_.set_floor(milliseconds(goaway.retry_ms));
    return {};
  }

  Result<> take_event(wire::StreamNotifications& event) { return notifications_.take(event); }

  Result<> take_event(wire::StreamPresence& event) { return presence_.take(event), Result<>(); }

  bool is_live() const { return std::holds_alternative<Live>(connection_); }

  void note_live(ListenMode mode) {
    connection_ = Live{mode};
    if (std::exchange(connected_, listen_) != listen_) {
      notifications_.note_connected();
      presence_.note_connected();
    }
    listen_backoff_ = base::Backoff(k_first_delay, k_longest_delay);
  }

  void fall_back_to_polling() {
    silences_ = 0;
    polling_until_ = now() + k_polling_period;
  }

  /// At once: the polls have ended, and the hub has just shown that its stream gets through.
  void return_to_stream() {
    polling_until_ = retry_listen_at_ = {};
    connection_ = Connecting{};
  }

  void go_offline(Error reason, milliseconds delay) {
    connection_ = Offline{replica_.clock().now() + delay, std::move(reason)};
  }

  Result<> note_hub_time(base::Timestamp hub_time) {
    // The Date header has whole seconds: only what is beyond that says something.
    const auto close = [](milliseconds distance) {
      return distance > -std::chrono::seconds(2) && distance < std::chrono::seconds(2);
    };
    const auto offset = std::chrono::duration_cast<milliseconds>(hub_time - replica_.clock().now());
    const milliseconds wanted = close(offset) ? milliseconds(0) : offset;
    if (close(wanted - clock_offset_)) return {};
    clock_offset_ = wanted;
    return store_.set_clock_offset(wanted);
  }

  // --- what to do next ---

  Result<Instant> advance() {
    Instant wake = now() + k_idle_period;
    if (ask_again_at_ != Instant{} && ask_again_at_ <= now()) {
      ask_again_at_ = {};
      ask_account();
    }
    const bool hears_news = listen_ != 0 && listen_mode_ == ListenMode::stream;
    if (account_known_ && !hears_news && account_asked_at_ + k_account_period <= now()) ask_account();
    if (!account_known_ && account_request_ == 0) {
      if (retry_account_at_ <= now()) {
        if (!is_live()) connection_ = Connecting{};
        account_asked_at_ = now();
        account_request_ = send(MeRequest{});
      } else {
        wake = std::min(wake, retry_account_at_);
      }
    }
    pull_unheard();
    for (auto& [id, lane] : lanes_) {
      TRY(lane.advance());
      if (lane.blocked_until() > now()) wake = std::min(wake, lane.blocked_until());
      if (lane.is_comparing()) wake = now();
      if (lane.history_at() > now()) wake = std::min(wake, lane.history_at());
      if (lane.compare_at() > now()) wake = std::min(wake, lane.compare_at());
    }
    if (account_known_) TRY(notifications_.advance());
    if (notifications_.blocked_until() > now()) wake = std::min(wake, notifications_.blocked_until());
    if (is_live()) {
      TRY(presence_.advance());
      if (presence_.due_at() > now()) wake = std::min(wake, presence_.due_at());
    }
    TRY(advance_listening());
    if (listen_ == 0 && retry_listen_at_ > now()) wake = std::min(wake, retry_listen_at_);
    if (polling_until_ > now()) wake = std::min(wake, polling_until_);
    TRY_ASSIGN(const bool is_purging, purge());
    return is_purging ? now() : wake;
  }

  /// Listens to every workspace that has a past with the hub; starts over when that set changed.
  Result<> advance_listening() {
    std::vector<std::pair<WorkspaceId, model::Cursor>> positions;
    std::vector<model::ReplicaId> replicas;
    std::vector<WorkspaceId> ids;
    for (auto& [id, lane] : lanes_) {
      TRY_ASSIGN(const auto position, lane.position());
      if (!position || ids.size() == k_stream_workspaces) continue; // pull_unheard asks for the others
      positions.emplace_back(id, position->cursor);
      replicas.push_back(position->replica);
      ids.push_back(id);
    }
    const auto mode = polling_until_ > now() ? ListenMode::long_poll : ListenMode::stream;
    if (listen_ != 0 && ids == listening_to_ && mode == listen_mode_) return {};
    if (positions.empty()) return stop_listening(), Result<>();
    if (listen_ == 0 && retry_listen_at_ > now()) return {};
    listening_to_ = std::move(ids);
    listen_mode_ = mode;
    listen_ = ++last_request_;
    if (!is_live()) connection_ = Connecting{};
    hub_.listen({listen_, mode, std::move(positions), std::move(replicas)});
    return {};
  }

  /// One stream is of so many workspaces; the others are asked now and then.
  void pull_unheard() {
    if (lanes_.size() <= k_stream_workspaces || pull_unheard_at_ > now()) return;
    pull_unheard_at_ = now() + k_unheard_period;
    for (auto& [id, lane] : lanes_)
      if (std::find(listening_to_.begin(), listening_to_.end(), id) == listening_to_.end()) lane.pull();
  }

  void stop_listening() {
    if (listen_ == 0) return;
    hub_.stop_listening();
    listen_ = 0;
    listening_to_.clear();
    connection_ = Connecting{};
  }

  /// Spaces that snapshots and removals left behind are emptied, a slice at a time.
  Result<bool> purge() {
    if (!store_.has_leftovers()) return false;
    return store_.purge_some();
  }

  // --- small things ---

  std::uint64_t send(HubRequest request) {
    hub_.send(++last_request_, std::move(request));
    return last_request_;
  }

  Lane* find_lane(const WorkspaceId& id) {
    const auto at = lanes_.find(id);
    return at == lanes_.end() ? nullptr : &at->second;
  }

  Instant now() { return replica_.clock().instant(); }

  Replica& replica_;
  SyncStore store_;
  HubClient& hub_;
  LaneContext context_;
  std::map<WorkspaceId, Lane> lanes_;
  NotificationSync notifications_;
  PresenceSync presence_;
  std::uint64_t last_request_ = 0; // requests and listening attempts share one count

  bool account_known_ = false;
  model::Epoch account_epoch_;  // of the hub's logs, when the account was asked for
  bool sync_requested_ = false; // before the account is known
  std::uint64_t account_request_ = 0;
  std::set<std::uint64_t> unlisted_; // requests about workspaces that the hub no longer lists
  Instant ask_again_at_{};           // about them
  Instant retry_account_at_{}, account_asked_at_{};
  base::Backoff account_backoff_{k_first_delay, k_longest_delay};

  std::uint64_t listen_ = 0;    // the attempt under way; 0: none
  std::uint64_t greeted_ = 0;   // the last attempt whose hello came
  std::uint64_t connected_ = 0; // the last attempt that brought anything
  ListenMode listen_mode_ = ListenMode::stream;
  Instant pull_unheard_at_{};
  std::vector<WorkspaceId> listening_to_;
  Instant retry_listen_at_{};
  base::Backoff listen_backoff_{k_first_delay, k_longest_delay};
  int silences_ = 0;
  Instant polling_until_{};

  milliseconds clock_offset_{0};
};

Engine::Engine(Replica& replica, HubClient& hub, Options options)
    : core_(std::make_unique<Core>(replica, hub, options)) {}
Engine::~Engine() = default;

Result<Instant> Engine::step(EngineMessage message) { return core_->step(std::move(message)); }
const Connection& Engine::connection() const { return core_->connection_; }
const SyncCounters& Engine::counters() const { return core_->counters_; }
std::vector<model::PresentMember> Engine::present() const { return core_->present(); }
bool Engine::knows_present() const { return core_->knows_present(); }
bool Engine::is_settled(const WorkspaceId& id) const { return core_->is_settled(id); }
bool Engine::has_synced() const { return core_->has_synced(); }

} // namespace memsync::replica
