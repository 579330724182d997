#include "app/client_sync.h"

#include <sys/stat.h>

#include "base/log.h"
#include "cli/binding.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Instant;
using base::log;
using base::LogLevel;
using base::Result;

namespace {

constexpr std::chrono::milliseconds k_look_period{1'000}; // for commits that inotify did not tell
constexpr std::chrono::milliseconds k_engine_slice{20};   // before tools get their turn again
// A catch-up is indexed once nothing has come for a while: indexing takes three times as long as applying,
// and between two pages it would only make the rows come later. One that never ends is indexed all the same.
constexpr std::chrono::milliseconds k_index_pause{100};
constexpr std::chrono::seconds k_longest_unindexed{5};
constexpr std::size_t k_soon_indexed = 200;
constexpr std::chrono::seconds k_failed_pause{5};   // after the store failed under the engine
constexpr std::chrono::minutes k_refused_pause{10}; // after a token of somebody else
// Messages of the network that wait; more hold the network up. An event of 64 KiB takes some 200 KB once it
// is read: with four times as many, a replica that caught up 100,000 entries had 75 MB resident.
constexpr std::size_t k_inbox = 64;

/// Differs when the file was changed or replaced.
std::string stamp_of(const std::string& path) {
  struct stat file {};
  if (::stat(path.c_str(), &file) != 0) return "-";
  return fmt::format("{}.{}.{}.{}", file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

bool is_same(const std::optional<net::client::HubAccess>& a, const std::optional<net::client::HubAccess>& b) {
  if (!a || !b) return !a && !b;
  return a->endpoint == b->endpoint && a->token == b->token && a->ca_path == b->ca_path;
}

} // namespace

Result<std::unique_ptr<ClientSync>> ClientSync::open(replica::Replica& replica, ClientLoop& loop,
                                                     Options options) {
  TRY_ASSIGN(SyncRequests requests, SyncRequests::open(replica.folder() + "/sync.requests"));
  TRY_ASSIGN(auto leadership, Leadership::open(replica));
  Files files{std::move(requests), std::move(leadership)};
  auto sync =
      std::unique_ptr<ClientSync>(new ClientSync(replica, loop, std::move(options), std::move(files)));
  sync->read_settings();
  sync->follow();
  sync->is_introduced_ = !sync->access_ || sync->has_met_hub();
  return sync;
}

ClientSync::ClientSync(replica::Replica& replica, ClientLoop& loop, Options options, Files files)
    : replica_(replica),
      loop_(loop),
      options_(std::move(options)),
      requests_(std::move(files.requests)),
      leadership_(std::move(files.leadership)),
      sessions_(replica.folder(), replica.random()) {}

ClientSync::~ClientSync() { retire_engine(); }

void ClientSync::start_once() {
  if (std::exchange(is_started_, true)) return;
  loop_.wake();
}

Instant ClientSync::turn(bool committed) {
  look_for_commits(committed);
  const bool is_beat = is_started_ && now() >= beat_at_;
  if (is_beat) {
    beat();
    tell_presence();
  }
  bool is_idle = true;
  bool applied = false;
  if (running_) {
    const auto done = step_engine(committed);
    if (!done) {
      lose_engine(done.error());
    } else {
      applied = done->applied;
      is_idle = !done->has_more;
    }
  } else if (committed || is_beat) {
    follow();
  }
  if (committed || applied) options_.on_change();
  Instant next = look_at_;
  if (is_started_) next = std::min(next, beat_at_);
  if (running_) next = std::min(next, running_->due);
  next = std::min(next, is_idle ? index_slice() : now());
  return std::min(next, settle_parked());
}

bool ClientSync::stop(std::chrono::milliseconds limit) {
  const Instant deadline = now() + limit;
  retire_engine();
  leadership_->resign();
  while (!retired_.empty()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now());
    if (!retired_.back()->stop(std::max(left, std::chrono::milliseconds(0)))) return false;
    retired_.pop_back();
  }
  return true;
}

// --- leading

void ClientSync::beat() {
  beat_at_ = now() + Leadership::k_beat;
  read_settings();
  std::erase_if(retired_, [](const auto& network) { return network->stop(std::chrono::milliseconds(0)); });
  if (now() < lead_again_at_) return;
  if (!access_ || obstacle_) {
    leadership_->resign();
    return;
  }
  const auto leads = leadership_->update();
  if (!leads) return lose_engine(leads.error());
  if (!*leads) return retire_engine();
  if (running_) return;
  if (const auto started = run_engine(); !started) lose_engine(started.error());
}

/// Writes down what this process is doing; the leader has the engine report everybody's.
void ClientSync::tell_presence() {
  if (const auto doing = options_.find_doing())
    if (const auto posted = sessions_.post(doing->presence, doing->active_at); !posted)
      log(LogLevel::debug, "others do not see this session: {}", posted.error().message);
  if (!running_) return;
  auto sessions = sessions_.list(now());
  if (running_->told == sessions) return;
  running_->told = sessions;
  const auto stepped = running_->engine->step(replica::PresenceNow{std::move(sessions)});
  if (!stepped) return lose_engine(stepped.error());
  running_->due = *stepped;
}

void ClientSync::read_settings() {
  std::string stamp = stamp_of(options_.settings_path);
  if (stamp == settings_stamp_) return;
  settings_stamp_ = std::move(stamp);
  auto found = options_.find_access();
  obstacle_.reset();
  std::optional<net::client::HubAccess> access;
  if (found) {
    access = *std::move(found);
  } else {
    obstacle_ = found.error();
    log(LogLevel::warning, "no sync: {}", obstacle_->message);
    const std::lock_guard lock(mutex_);
    report_.connection = replica::Offline{replica_.clock().now(), *obstacle_};
  }
  if (is_same(access, access_)) return;
  retire_engine();
  access_ = std::move(access);
  lead_again_at_ = {};
}

Result<> ClientSync::run_engine() {
  TRY(cli::bind_store(replica_, access_->endpoint.str()));
  Running running;
  running.inbox = std::make_shared<Inbox>(k_inbox);
  auto sink = [inbox = running.inbox, &loop = loop_](replica::EngineMessage message) {
    inbox->push(std::move(message));
    loop.wake();
  };
  TRY_ASSIGN(running.network, net::client::HttpHubClient::make(*access_, std::move(sink)));
  replica::Engine::Options options;
  options.generation = leadership_->generation();
  running.engine = std::make_unique<replica::Engine>(replica_, *running.network, options);
  {
    const std::lock_guard lock(mutex_);
    if (const auto bulletin = leadership_->bulletin()) answered_ = bulletin->answered;
    requests_taken_ = answered_;
  }
  running_ = std::move(running);
  log(LogLevel::debug, "this process syncs with {} now", access_->endpoint.str());
  return {};
}

void ClientSync::retire_engine() {
  if (!running_) return;
  running_->inbox->close(); // a network thread may be waiting for room in it
  running_->engine.reset();
  if (!running_->network->stop(std::chrono::milliseconds(0)))
    retired_.push_back(std::move(running_->network));
  running_.reset();
}

void ClientSync::lose_engine(const Error& error) {
  retire_engine();
  leadership_->resign();
  if (error.code == ErrorCode::stale) return; // another process leads: that is no failure
  log(LogLevel::error, "sync has stopped: {}", error.message);
  const auto pause = error.code == ErrorCode::permission ? std::chrono::milliseconds(k_refused_pause)
                                                         : std::chrono::milliseconds(k_failed_pause);
  lead_again_at_ = now() + pause;
  const std::lock_guard lock(mutex_);
  report_.connection = replica::Offline{replica_.clock().now() + pause, error};
  answered_ = std::max(answered_, own_request_);
}

Result<ClientSync::Stepped> ClientSync::step_engine(bool committed) {
  const Instant end = now() + k_engine_slice;
  Stepped stepped;
  const auto step = [&](replica::EngineMessage message) -> Result<> {
    TRY_ASSIGN(running_->due, running_->engine->step(std::move(message)));
    return {};
  };
  bool has_stepped = true;
  if (take_sync_requests()) {
    TRY(step(replica::SyncNow{}));
  } else if (committed || std::exchange(has_committed_, false)) {
    TRY(step(replica::LocalCommit{}));
  } else if (running_->due <= now()) {
    TRY(step(replica::Tick{}));
  } else {
    has_stepped = false;
  }
  has_committed_ = false;
  while (auto message = next_message()) {
    TRY(step(*std::move(message)));
    stepped.applied = true;
    if ((stepped.has_more = now() >= end)) break;
  }
  if (!has_stepped && !stepped.applied) return stepped;
  if (stepped.applied) note_unindexed();
  TRY(publish());
  // Other processes of the store learn of what was applied; not of a mere look, which they may have caused.
  if (stepped.applied) replica_.after_commit();
  return stepped;
}

/// The next message that waits, with as many of those behind it as one transaction can take.
std::optional<replica::EngineMessage> ClientSync::next_message() {
  auto message = std::exchange(running_->held, std::nullopt);
  if (!message) message = running_->inbox->pop_until({});
  if (!message) return message;
  while ((running_->held = running_->inbox->pop_until({})))
    if (!replica::join(*message, *running_->held)) break;
  return message;
}

/// True when somebody asked for a sync since the last call.
bool ClientSync::take_sync_requests() {
  const std::uint64_t count = requests_.count();
  if (count == requests_taken_) return false;
  const bool is_new = count > requests_taken_; // fewer: the file was deleted
  requests_taken_ = count;
  const std::lock_guard lock(mutex_);
  answered_ = std::min(answered_, count);
  return is_new;
}

Result<> ClientSync::publish() {
  Bulletin bulletin;
  bulletin.connection = running_->engine->connection();
  bulletin.counters = running_->engine->counters();
  bulletin.present = running_->engine->present();
  bulletin.knows_present = running_->engine->knows_present();
  TRY_ASSIGN(const auto rows,
             replica_.read([](replica::Reader& reader) -> Result<std::vector<replica::WorkspaceRow>> {
               return reader.workspaces();
             }));
  for (const replica::WorkspaceRow& row : rows)
    if (row.kind == model::WorkspaceKind::local || running_->engine->is_settled(row.id))
      bulletin.settled.insert(row.id);
  {
    const std::lock_guard lock(mutex_);
    if (running_->engine->has_synced()) answered_ = requests_taken_;
    bulletin.answered = answered_;
    report_.connection = bulletin.connection;
    report_.counters = bulletin.counters;
    report_.present = bulletin.present;
    report_.knows_present = bulletin.knows_present;
    settled_ = bulletin.settled;
  }
  leadership_->post(std::move(bulletin));
  return {};
}

// --- following

/// What the leader posted, as far as it says something about what this process knows.
void ClientSync::follow() {
  if (obstacle_) return;
  const auto bulletin = leadership_->bulletin();
  const bool is_current = bulletin && leadership_->is_current(*bulletin);
  std::set<model::WorkspaceId> clean;
  const auto read = replica_.read([&](replica::Reader& reader) -> Result<> {
    for (const replica::WorkspaceRow& row : reader.workspaces())
      if (reader.pending_count(row) == 0) clean.insert(row.id);
    return {};
  });
  if (!read) log(LogLevel::warning, "cannot read what is pending: {}", read.error().message);
  const std::lock_guard lock(mutex_);
  if (is_current) {
    report_.connection = bulletin->connection;
    report_.counters = bulletin->counters;
    report_.present = bulletin->present;
    report_.knows_present = bulletin->knows_present;
    answered_ = bulletin->answered;
  } else if (now() >= lead_again_at_) {
    report_.present.clear();
    report_.knows_present = false;
    report_.connection = replica::Connecting{}; // nobody syncs at this moment, so nobody knows
  }
  // A bulletin older than this process's last commit does not know of it, unless a sync was asked for since.
  const bool knows_commits = !has_committed_ || (asked_since_commit_ && answered_ >= own_request_);
  settled_.clear();
  if (!is_current) return;
  for (const model::WorkspaceId& id : bulletin->settled)
    if (knows_commits || clean.contains(id)) settled_.insert(id);
}

void ClientSync::look_for_commits(bool& committed) {
  if (now() < look_at_ && !committed) return;
  look_at_ = now() + k_look_period;
  const auto version = replica_.database().data_version();
  if (!version) return;
  committed = committed || *version != data_version_;
  data_version_ = *version;
}

/// Something was applied, which may not be indexed yet.
void ClientSync::note_unindexed() {
  if (!may_need_index_) index_by_ = now() + k_longest_unindexed;
  may_need_index_ = true;
  index_at_ = std::min(now() + k_index_pause, index_by_);
}

/// Indexes a slice if it is time; returns when to call again.
Instant ClientSync::index_slice() {
  // Without a hub nobody leads: whoever looks first indexes what a newer version wants indexed anew.
  if ((!running_ && access_) || !may_need_index_) return Instant::max();
  if (now() < index_at_) return index_at_;
  const auto left = replica_.index_some();
  if (!left) log(LogLevel::warning, "indexing waits: {}", left.error().message);
  may_need_index_ = left && *left;
  if (may_need_index_) return now();
  replica_.database().release_memory(); // what the catch-up had in the page cache
  return Instant::max();
}

// --- what tools ask

void ClientSync::local_commit() {
  has_committed_ = true;
  asked_since_commit_ = false;
  const std::lock_guard lock(mutex_);
  settled_.clear();
}

void ClientSync::request_sync() {
  if (!access_ || obstacle_) return;
  const std::uint64_t request = requests_.add();
  asked_since_commit_ = true;
  {
    const std::lock_guard lock(mutex_);
    own_request_ = request;
    settled_.clear();
  }
  if (!running_) replica_.after_commit(); // wakes the leader
  loop_.wake();
}

agent::SyncReport ClientSync::report() {
  const std::lock_guard lock(mutex_);
  agent::SyncReport report = report_;
  report.has_synced = answered_ >= own_request_;
  return report;
}

bool ClientSync::is_settled(const model::WorkspaceId& workspace) {
  const std::lock_guard lock(mutex_);
  return settled_.contains(workspace);
}

void ClientSync::when_settled(std::function<bool()> condition, std::function<Instant()> deadline,
                              std::function<void()> then) {
  const bool has_hub = access_ && !obstacle_;
  if (!has_hub || condition() || deadline() <= now()) return then();
  parked_.push_back({std::move(condition), std::move(deadline), std::move(then)});
  start_once(); // a command that waits leads if nobody else does
  loop_.wake();
}

/// Every process of the store reads from it what is wanted; the leader fetches it.
Result<> ClientSync::want_history(const model::WorkspaceId& workspace) {
  TRY(replica_.database().write([&](storage::WriteTxn& txn) -> Result<> {
    txn.run(
        "UPDATE workspace SET wants_history = 1 WHERE id = ?1 AND EXISTS (SELECT 1 FROM history_gap WHERE "
        "history_gap.workspace = workspace.key)",
        workspace);
    return {};
  }));
  replica_.after_commit();
  has_committed_ = true;
  return {};
}

bool ClientSync::has_whole_history(const model::WorkspaceId& workspace) {
  const auto missing = replica_.read([&](replica::Reader& reader) -> Result<std::uint64_t> {
    const auto row = reader.find_workspace(workspace);
    return row ? reader.missing_history(*row) : 0;
  });
  return missing && *missing == 0;
}

void ClientSync::when_history_is_whole(const model::WorkspaceId& workspace, std::function<Instant()> deadline,
                                       std::function<void()> then) {
  loop_.post([this, workspace, deadline = std::move(deadline), then = std::move(then)]() mutable {
    if (const auto wanted = want_history(workspace); !wanted) {
      log(LogLevel::warning, "history is not fetched: {}", wanted.error().message);
      return then();
    }
    const auto is_over = [this, workspace] {
      return agent::is_known_offline(report()) || has_whole_history(workspace);
    };
    when_settled(is_over, std::move(deadline), std::move(then));
  });
}

/// The account, and every workspace once.
bool ClientSync::has_met_hub() {
  const auto met = replica_.read([](replica::Reader& reader) -> Result<bool> {
    const auto rows = reader.workspaces();
    return !reader.account().user.is_empty() &&
           std::none_of(rows.begin(), rows.end(), [](const replica::WorkspaceRow& row) {
             return row.is_first_sync && row.is_known_to_hub;
           });
  });
  return !met || *met;
}

/// A small first sync is searchable within moments, which are worth waiting for.
bool ClientSync::is_indexed_soon() {
  if (!running_ || !may_need_index_) return false;
  const auto takes_long = replica_.has_unindexed_beyond(k_soon_indexed);
  return takes_long && !*takes_long;
}

void ClientSync::when_introduced(std::function<Instant()> deadline, std::function<void()> then) {
  loop_.post([this, deadline = std::move(deadline), then = std::move(then)]() mutable {
    const auto is_over = [this] {
      return is_introduced_ || agent::is_known_offline(report()) || (has_met_hub() && !is_indexed_soon());
    };
    when_settled(is_over, std::move(deadline), [this, then = std::move(then)] {
      is_introduced_ = true;
      then();
    });
  });
}

/// Calls those who have waited long enough; when the next one must be looked at.
Instant ClientSync::settle_parked() {
  Instant next = Instant::max();
  const bool has_hub = access_ && !obstacle_;
  std::list<Parked> ready;
  for (auto at = parked_.begin(); at != parked_.end();) {
    const auto current = at++;
    if (!has_hub || current->condition() || current->deadline() <= now()) {
      ready.splice(ready.end(), parked_, current);
    } else {
      next = std::min(next, current->deadline());
    }
  }
  for (Parked& each : ready) each.then();
  return ready.empty() ? next : now();
}

} // namespace memsync::app
