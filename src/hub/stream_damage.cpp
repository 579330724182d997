#include "base/log.h"
#include "hub/stream_round.h"

/// What the pump does where a log does not go on: that part of a stream ends by `resync`, the rest is fed.
namespace memsync::hub {

using base::Instant;
using model::Sequence;
using State = StreamState;

// Each range is read again in a transaction of its own, only to learn which ones are damaged: what is given
// out is read together with the rights, in the next round.
bool Streams::Implementation::pass_damage(Round& round) {
  for (Round::Channel& read : round.channels)
    read.lost = find_damage(*read.channel, read.published, read.head);
  std::map<std::pair<StreamChannel*, Sequence>, std::string> known;
  for (Round::Feed& feed : round.feeds) {
    const auto [at, is_new] = known.try_emplace({feed.channel.get(), feed.given});
    if (is_new) at->second = find_damage(*feed.channel, feed.given, feed.published);
    feed.lost = at->second;
  }
  const bool are_news_damaged = !round.skips_news && find_damaged_news(round);
  const std::lock_guard lock(mutex_);
  const Instant now = clock_.instant();
  bool found = skips_news_ = are_news_damaged;
  for (const Round::Channel& read : round.channels) {
    if (read.lost.empty()) continue;
    read.channel->head = std::max(read.channel->head, read.head);
    lose_channel(*read.channel, read.lost, now);
    found = true;
  }
  for (const Round::Feed& feed : round.feeds) found = found || !feed.lost.empty();
  lose_feeds(round, now);
  return found;
}

/// Why what a round reads above `after` cannot be given out; empty when it can.
std::string Streams::Implementation::find_damage(const StreamChannel& channel, Sequence after,
                                                 Sequence until) {
  const auto read = store_.read([&](StoreReader& reader) -> base::Result<> {
    for (int i = 0; i < Round::k_frames && after < until; ++i) {
      const auto frame = read_frame(reader, channel.workspace, channel.view, reader.epoch(), after, until);
      if (frame.to == after) break; // missing: the next round finds that by itself
      after = frame.to;
    }
    return {};
  });
  if (read || read.error().code != base::ErrorCode::corrupt) return {};
  base::log(base::LogLevel::error, "the log of workspace {} is damaged, its streams go on behind that: {}",
            channel.workspace.view(), read.error().message);
  return "an entry of the log is damaged";
}

bool Streams::Implementation::find_damaged_news(const Round& round) {
  Round again;
  again.notified_from = round.notified_from;
  const auto read = store_.read([&](StoreReader& reader) -> base::Result<> {
    read_notifications(reader, again);
    return {};
  });
  if (read || read.error().code != base::ErrorCode::corrupt) return false;
  base::log(base::LogLevel::error, "a notification is damaged, the streams do without it: {}",
            read.error().message);
  return true;
}

/// The streams at the channel's front are told to fetch the state; the channel goes on at its head.
void Streams::Implementation::lose_channel(StreamChannel& channel, const std::string& reason, Instant now) {
  const auto streams = channel.streams; // a lane that ends leaves them
  for (State* state : streams)
    for (std::size_t i = 0; i < state->lanes.size(); ++i)
      if (state->lanes[i].channel.get() == &channel && state->lanes[i].given == channel.published)
        lose_lane(*state, i, reason, now);
  channel.published = channel.head;
}

void Streams::Implementation::lose_feeds(const Round& round, Instant now) {
  for (const Round::Feed& feed : round.feeds) {
    if (feed.lost.empty() || states_.count(feed.state.get()) == 0) continue;
    const State::Lane& lane = feed.state->lanes[feed.lane];
    if (lane.channel == feed.channel && lane.given == feed.given)
      lose_lane(*feed.state, feed.lane, feed.lost, now);
  }
}

void Streams::Implementation::lose_lane(State& state, std::size_t index, const std::string& reason,
                                        Instant now) {
  if (state.is_closing) return;
  state.end_lane(index);
  state.push_event(encode_resync(state.view, {state.lanes[index].workspace, reason}), now);
  mark_ready(state);
}

} // namespace memsync::hub
