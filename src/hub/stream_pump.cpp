#include <algorithm>

#include "base/log.h"
#include "hub/authorize.h"
#include "hub/stream_round.h"
#include "model/limits.h"

/// The pump: reads what was committed, once for all streams, and the log for the streams that lag behind.
///
/// A round is: note under the lock what is wanted; read all of it in one transaction, without the lock;
/// hand it out under the lock. Only the pump moves `published` and only the pump puts frames into queues, so
/// what was noted still holds, except that streams may have ended, and taken or dropped frames meanwhile:
/// a frame is given to a lane only when it goes on exactly where the lane is.
namespace memsync::hub {

using base::Instant;
using model::Sequence;
using model::UserId;
using model::WorkspaceId;
using State = StreamState;

namespace {

/// A round that cannot be read is tried four times a second.
constexpr std::chrono::minutes k_complaint_period{1};
constexpr const char* k_missing = "an entry of the log is missing";
constexpr const char* k_compacted = "the log no longer goes back so far";

} // namespace

Instant Streams::Implementation::step() {
  const Instant now = clock_.instant();
  bool checks_heads = false;
  {
    const std::lock_guard lock(mutex_);
    checks_heads = now >= heads_at_;
    if (checks_heads) heads_at_ = now + options_.head_poll;
  }
  while (run_round(checks_heads)) checks_heads = false;
  tell_presence();
  {
    // Looking at every stream after every commit would cost more than the commit.
    const std::lock_guard lock(mutex_);
    if (now >= tick_at_) {
      tick_at_ = now + options_.poll;
      for (State* state : states_) tick(*state, now);
    }
  }
  wake_network();
  return now + options_.poll;
}

/// True when there is more to do at once.
bool Streams::Implementation::run_round(bool checks_heads) {
  Round round = plan(checks_heads);
  if (auto done = read(round); !done) {
    put_back(round);
    if (done.error().code == base::ErrorCode::corrupt && pass_damage(round)) return true;
    if (const Instant now = clock_.instant(); now >= complain_at_) {
      complain_at_ = now + k_complaint_period;
      base::log(base::LogLevel::error, "the stream pump cannot read the log: {}", done.error().message);
    }
    return false;
  }
  const bool has_more = apply(round);
  wake_network();
  return has_more;
}

void Streams::Implementation::put_back(Round& round) {
  const std::lock_guard lock(mutex_);
  for (const auto& feed : round.feeds)
    if (states_.count(feed.state.get()) != 0) feed_.insert(feed.state.get());
  suspended_users_.merge(round.users);
}

Streams::Implementation::Round Streams::Implementation::plan(bool checks_heads) {
  Round round;
  const std::lock_guard lock(mutex_);
  round.checks_heads = checks_heads;
  round.access_version = access_version_;
  round.notified_from = round.notified_to = notified_version_;
  for (const auto& [key, channel] : channels_)
    if (checks_heads || channel->published < channel->head)
      round.channels.push_back({channel, channel->published, channel->head, {}, {}});
  for (State* state : feed_)
    if (const auto lane = state->find_lagging_lane()) {
      const State::Lane& behind = state->lanes[*lane];
      round.feeds.push_back({state->shared_from_this(),
                             *lane,
                             behind.channel,
                             behind.given,
                             behind.channel->published,
                             nullptr,
                             {}});
    }
  feed_.clear();
  round.skips_news = std::exchange(skips_news_, false);
  round.users = std::exchange(suspended_users_, {});
  return round;
}

// Rights first, entries after, in one transaction: an entry committed after a removal is only ever seen
// together with the removal.
base::Result<> Streams::Implementation::read(Round& round) {
  return store_.read([&](StoreReader& reader) -> base::Result<> {
    round.epoch = reader.epoch();
    read_rights(reader, round);
    read_notifications(reader, round);
    read_channels(reader, round);
    read_feeds(reader, round);
    return {};
  });
}

void Streams::Implementation::read_rights(StoreReader& reader, Round& round) {
  const std::int64_t version = reader.access_version();
  if (version != round.access_version) {
    for (const UserId& user : reader.users_changed_after(round.access_version)) round.users.insert(user);
    round.members = reader.members_changed_after(round.access_version);
  }
  round.access_version = version;
  if (round.users.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (State* state : states_) {
      if (round.users.count(state->principal.user) == 0) continue;
      state->is_suspended = true;
      Round::Check check{state->shared_from_this(), state->principal, {}, {}};
      for (const State::Lane& lane : state->lanes)
        if (lane.channel) check.workspaces.push_back(lane.workspace);
      round.checks.push_back(std::move(check));
    }
  }
  for (Round::Check& check : round.checks) {
    for (const auto& [workspace, role] : reader.list_workspaces_of(check.principal.user))
      check.rights.memberships[workspace.id] = role;
    for (const WorkspaceId& workspace : check.workspaces) {
      const auto role =
          authorize(reader, check.principal, model::Permission::memory_read, workspace, clock_.now());
      if (role) continue;
      if (role.error().code == base::ErrorCode::unauthenticated) check.rights.is_valid = false;
      check.rights.refused[workspace] = role.error().code;
    }
  }
}

// --- who is here ---

wire::StreamPresence Streams::Implementation::present_in(StoreReader& reader, const WorkspaceId& workspace,
                                                         std::vector<model::PresentMember> present) {
  keep_members(reader, workspace, present);
  return {workspace, std::move(present)};
}

void Streams::Implementation::tell_presence() {
  const auto changed = presence.take_changed(clock_.now());
  if (changed.empty()) return;
  using Key = std::pair<WorkspaceId, StreamView>;
  const auto events = store_.read([&](StoreReader& reader) -> base::Result<std::map<Key, std::string>> {
    std::map<Key, std::string> encoded;
    for (const WorkspaceId& workspace : changed) {
      const auto event = present_in(reader, workspace, presence.list(workspace, clock_.now()));
      for (const StreamView view : {StreamView::memories, StreamView::ops})
        encoded[{workspace, view}] = encode_presence(view, event);
    }
    return encoded;
  });
  if (!events) return presence.put_back(changed);
  const std::lock_guard lock(mutex_);
  const Instant now = clock_.instant();
  for (const auto& [key, bytes] : *events) {
    const auto channel = channels_.find(key);
    if (channel == channels_.end()) continue;
    for (State* state : channel->second->streams) {
      if (state->is_closing || !state->tells_presence) continue;
      for (std::size_t i = 0; i < state->lanes.size(); ++i)
        if (state->lanes[i].channel == channel->second) state->push_presence(i, bytes, now);
      mark_ready(*state);
    }
  }
}

// --- notifications ---

void Streams::Implementation::read_notifications(StoreReader& reader, Round& round) {
  constexpr std::size_t k_most = 100;
  if (round.notified_from < 0) return; // nobody listened when the round was planned
  round.notified_to = reader.notification_version();
  if (round.notified_to == round.notified_from) return;
  const auto notified = reader.users_notified_after(round.notified_from);
  std::set<UserId> listeners;
  {
    const std::lock_guard lock(mutex_);
    for (const State* state : states_)
      if (state->view == StreamView::ops) listeners.insert(state->principal.user);
  }
  for (const UserId& user : notified) {
    if (listeners.count(user) == 0) continue;
    if (round.skips_news) {
      round.news.emplace(user, Round::News{{}, false});
      continue;
    }
    auto range = reader.list_changed_notifications(user, round.notified_from, k_most,
                                                   model::limits::k_stream_event_bytes / 2);
    round.news.emplace(user, Round::News{std::move(range.rows), !range.more});
  }
}

/// The rows are given only to a stream that carries all of their workspaces; another one is told to fetch
/// them, and what it may see is decided there.
void Streams::Implementation::apply_notifications(Round& round, Instant now) {
  if (round.notified_from < 0) return;
  notified_version_ = round.notified_to;
  for (State* state : states_) {
    const auto news = round.news.find(state->principal.user);
    if (news == round.news.end() || state->view != StreamView::ops || state->is_closing) continue;
    wire::StreamNotifications event{round.epoch,
                                    static_cast<std::uint64_t>(round.notified_from),
                                    static_cast<std::uint64_t>(round.notified_to),
                                    {}};
    const auto& rows = news->second.rows;
    const bool is_all_here = std::all_of(rows.begin(), rows.end(), [&](const model::Notification& each) {
      return state->has_lane(each.workspace);
    });
    if (news->second.is_whole && is_all_here) event.notifications = rows;
    state->push_notifications(std::move(event), now);
    mark_ready(*state);
  }
}

void Streams::Implementation::read_channels(StoreReader& reader, Round& round) {
  for (Round::Channel& read : round.channels) {
    const StreamChannel& channel = *read.channel;
    const LogRange log = reader.log_range(channel.workspace);
    if (round.checks_heads) read.head = std::max(read.head, log.head);
    Sequence at = read.published;
    if (at < read.head && at < log.floor) read.lost = k_compacted;
    for (int i = 0; i < Round::k_frames && at < read.head && read.lost.empty(); ++i) {
      StreamFrame frame = read_frame(reader, channel.workspace, channel.view, round.epoch, at, read.head);
      if (frame.to == at) {
        read.lost = k_missing;
      } else {
        at = frame.to;
        read.frames.push_back(std::move(frame));
      }
    }
  }
}

void Streams::Implementation::read_feeds(StoreReader& reader, Round& round) {
  // Streams that came back together lag by the same entries: each range is read once.
  std::map<std::pair<StreamChannel*, Sequence>, std::shared_ptr<StreamFrame>> known;
  for (Round::Feed& feed : round.feeds) {
    const WorkspaceId& workspace = feed.channel->workspace;
    auto& frame = known[{feed.channel.get(), feed.given}];
    if (!frame && feed.given < reader.log_range(workspace).floor) {
      feed.lost = k_compacted;
      continue;
    }
    if (!frame)
      frame = std::make_shared<StreamFrame>(
          read_frame(reader, workspace, feed.channel->view, round.epoch, feed.given, feed.published));
    if (frame->to == feed.given)
      feed.lost = k_missing;
    else
      feed.frame = frame;
  }
}

bool Streams::Implementation::apply(Round& round) {
  const std::lock_guard lock(mutex_);
  const Instant now = clock_.instant();
  access_version_ = std::max(access_version_, round.access_version);
  apply_rights(round, now);
  tell_members(round, now);
  apply_frames(round, now);
  apply_notifications(round, now);
  const bool has_backlog = std::any_of(channels_.begin(), channels_.end(), [](const auto& entry) {
    return entry.second->published < entry.second->head;
  });
  return has_backlog || !feed_.empty() || !suspended_users_.empty();
}

void Streams::Implementation::apply_rights(Round& round, Instant now) {
  for (Round::Check& check : round.checks) {
    if (states_.count(check.state.get()) == 0) continue;
    State& state = *check.state;
    state.access_version = round.access_version;
    Round::Rights& rights = check.rights;
    mark_ready(state);
    // Asked for again since the read: what was read may be older than the change.
    state.is_suspended = suspended_users_.count(state.principal.user) != 0;
    bool closes = !rights.is_valid;
    for (const auto& [workspace, role] : rights.memberships) {
      const auto before = state.memberships.find(workspace);
      if (before != state.memberships.end() && before->second == role) continue;
      state.push_event(encode_member(state.view, {workspace}), now);
      closes = closes || before != state.memberships.end(); // another role: everything is to be asked again
    }
    for (std::size_t i = 0; i < state.lanes.size(); ++i) {
      const WorkspaceId workspace = state.lanes[i].workspace;
      const auto refused = rights.refused.find(workspace);
      if (refused == rights.refused.end()) continue;
      state.end_lane(i);
      if (refused->second == base::ErrorCode::removed)
        state.push_event(encode_revoked(state.view, {workspace, state.principal.user, round.epoch}), now);
      else if (rights.is_valid)
        state.push_event(encode_member(state.view, {workspace}), now);
    }
    std::set<WorkspaceId> still;
    for (const auto& [workspace, role] : rights.memberships) still.insert(workspace);
    presence.keep_only(state.principal.user, still);
    state.memberships = std::move(rights.memberships);
    if (closes || (!rights.refused.empty() && !state.has_lanes())) {
      state.drop_frames();
      state.close(now);
    }
    if (!state.is_suspended) feed_.insert(&state);
  }
  // A stream that was registered since the read, with rights older than what was read.
  if (round.users.empty()) return;
  for (State* state : states_)
    if (state->access_version < round.access_version && round.users.count(state->principal.user) != 0)
      suspend_state(*state);
}

/// Those who changed hear it when their rights are checked.
void Streams::Implementation::tell_members(const Round& round, Instant now) {
  for (const MembershipChange& change : round.members)
    for (State* state : states_) {
      const bool is_news = change.access_version > state->opened_at_access;
      if (!is_news || state->is_closing || state->principal.user == change.user) continue;
      if (!state->has_lane(change.workspace)) continue;
      state->push_event(encode_member(state->view, {change.workspace}), now);
      mark_ready(*state);
    }
}

void Streams::Implementation::apply_frames(Round& round, Instant now) {
  const auto give = [&](State& state, std::size_t lane, const StreamFrame& frame) {
    state.push_frame(lane, frame, now);
    state.heartbeat_at = now + options_.heartbeat;
    frames_.add();
    mark_ready(state);
  };
  for (Round::Channel& read : round.channels) {
    StreamChannel& channel = *read.channel;
    channel.head = std::max(channel.head, read.head);
    for (const StreamFrame& frame : read.frames) {
      for (State* state : channel.streams) {
        if (state->is_closing) continue;
        for (std::size_t i = 0; i < state->lanes.size(); ++i)
          if (state->lanes[i].channel == read.channel && state->lanes[i].given == channel.published)
            give(*state, i, frame);
      }
      channel.published = frame.to;
    }
    if (!read.lost.empty()) lose_channel(channel, read.lost, now);
    for (State* state : channel.streams) {
      if (state->queued_bytes > options_.live_bytes) {
        state->drop_frames();
        lagged_.add();
      }
      // Empty queues are filled from the log; a full one asks again when it is taken from.
      if (state->find_lagging_lane()) feed_.insert(state);
    }
  }
  lose_feeds(round, now);
  for (const Round::Feed& feed : round.feeds) {
    if (!feed.frame || states_.count(feed.state.get()) == 0 || feed.state->is_closing) continue;
    State& state = *feed.state;
    const State::Lane& lane = state.lanes[feed.lane];
    if (lane.channel == feed.channel && lane.given == feed.given) give(state, feed.lane, *feed.frame);
    if (state.find_lagging_lane()) feed_.insert(&state);
  }
}

void Streams::Implementation::tick(State& state, Instant now) {
  const bool waits = state.is_closing || !state.queue.empty();
  if (waits && !state.is_suspended && now - state.waiting_since > options_.stall) return cut(state, now);
  if (state.is_closing) return;
  if (now >= state.ends_at) return send_away(state, std::chrono::milliseconds(random_.below(1000)), now);
  if (now < state.heartbeat_at) return;
  state.heartbeat_at = now + options_.heartbeat;
  if (!state.queue.empty()) return;
  wire::StreamHeartbeat heartbeat;
  for (const State::Lane& lane : state.lanes)
    if (lane.channel)
      heartbeat.heads.emplace_back(lane.workspace, model::Cursor{state.epoch, lane.channel->head});
  state.push_event(encode_heartbeat(state.view, heartbeat, state.position()), now, true);
  mark_ready(state);
}

void Streams::Implementation::cut(State& state, Instant now) {
  if (std::exchange(state.has_stalled, true)) return;
  state.queue.clear();
  state.queued_bytes = 0;
  state.close(now);
  stalled_.add();
  mark_ready(state);
}

} // namespace memsync::hub
