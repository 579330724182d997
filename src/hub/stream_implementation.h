#pragma once

#include <unordered_set>

#include "hub/stream_state.h"

namespace memsync::hub {

/// The registry of streams (stream.cpp) and the pump that feeds them (stream_pump.cpp).
class Streams::Implementation : public std::enable_shared_from_this<Streams::Implementation> {
 public:
  Implementation(base::Clock& clock, base::Random& random, HubStore& store, Metrics& metrics,
                 const Options& options);

  void set_wake(std::function<void()> wake);
  void dispatch();
  Answer<std::shared_ptr<StreamState>> open(const Principal& principal, const StreamRequest& request,
                                            StreamSink& sink);
  std::vector<StreamPiece> take(StreamState& state, std::size_t max_bytes);
  bool is_over(const StreamState& state) const;
  bool has_stalled(const StreamState& state) const;
  void forget(StreamState& state);

  void on_head(const model::WorkspaceId& workspace, model::Sequence head);
  void suspend(const model::UserId& user);
  void go_away(std::chrono::milliseconds spread);

  base::Instant step();
  bool wait(base::Instant until);
  void stop();
  std::size_t count() const;

  std::unique_ptr<Broker::Listening> listening;
  PresenceBook presence;

 private:
  struct Opening;
  struct Round; // stream_round.h

  Answer<Opening> read_opening(const Principal& principal, const StreamRequest& request);
  base::Instant end_of(const Principal& principal, base::Instant now);

  // The following are called under mutex_.
  void add_lane(StreamState& state, const StreamRequest& request, std::size_t index, const LogRange& log,
                base::Instant now);
  void mark_ready(StreamState& state);
  void suspend_state(StreamState& state);
  void send_away(StreamState& state, std::chrono::milliseconds retry, base::Instant now);
  void tick(StreamState& state, base::Instant now);
  void cut(StreamState& state, base::Instant now);

  // The pump; see stream_pump.cpp.
  bool run_round(bool checks_heads);
  Round plan(bool checks_heads);
  base::Result<> read(Round& round);
  void read_rights(StoreReader& reader, Round& round);
  static void read_channels(StoreReader& reader, Round& round);
  static void read_feeds(StoreReader& reader, Round& round);
  /// What a round that failed was about is still to be done.
  void put_back(Round& round);
  // See stream_damage.cpp.
  /// Has the streams of what is damaged go on behind it. False when none of the round's logs is: the round
  /// failed for another reason.
  bool pass_damage(Round& round);
  bool find_damaged_news(const Round& round);
  std::string find_damage(const StreamChannel& channel, model::Sequence after, model::Sequence until);
  void tell_presence();
  static wire::StreamPresence present_in(StoreReader& reader, const model::WorkspaceId& workspace,
                                         std::vector<model::PresentMember> present);
  void read_notifications(StoreReader& reader, Round& round);
  bool apply(Round& round);
  void apply_rights(Round& round, base::Instant now);
  void tell_members(const Round& round, base::Instant now);
  void apply_frames(Round& round, base::Instant now);
  void apply_notifications(Round& round, base::Instant now);
  // See stream_damage.cpp.
  void lose_feeds(const Round& round, base::Instant now);
  void lose_channel(StreamChannel& channel, const std::string& reason, base::Instant now);
  void lose_lane(StreamState& state, std::size_t lane, const std::string& reason, base::Instant now);

  void wake_network();
  void wake_pump();

  base::Clock& clock_;
  base::Random& random_;
  HubStore& store_;
  const Options options_;
  Gauge& open_;
  Counter &opened_, &frames_, &lagged_, &stalled_;

  /// Guards everything below and every StreamState. Never held while the store, the broker or a
  /// sink is called.
  mutable std::mutex mutex_;
  std::map<std::pair<model::WorkspaceId, StreamView>, std::shared_ptr<StreamChannel>> channels_;
  std::unordered_set<StreamState*> states_;
  std::unordered_set<StreamState*> feed_;   // may lag behind their channels
  std::set<model::UserId> suspended_users_; // whose rights the pump has yet to check
  std::int64_t access_version_ = 0;         // up to which changes of rights were looked for
  std::int64_t notified_version_ =
      -1;                   // up to which notifications were given out; -1: there was no stream yet
  bool skips_news_ = false; // in the next round
  std::vector<StreamState*> ready_;
  std::vector<StreamState*>* dispatching_ = nullptr; // the list `dispatch` goes through
  bool is_woken_ = false;
  std::function<void()> wake_;
  base::Instant heads_at_{}; // when the heads are to be read unasked
  base::Instant tick_at_{};  // when the streams' own times are to be looked at
  /// Of the pump's thread: until then a round that fails is not logged again.
  base::Instant complain_at_{};

  std::mutex pump_mutex_;
  std::condition_variable work_;
  bool has_work_ = false; // guarded by pump_mutex_
  bool stopped_ = false;  // guarded by pump_mutex_
};

} // namespace memsync::hub
