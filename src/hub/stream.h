#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "hub/answer.h"
#include "hub/broker.h"
#include "hub/metrics.h"
#include "hub/presence.h"
#include "hub/principal.h"
#include "hub/store.h"

namespace memsync::hub {

/// What a stream carries. `ops` is for replicas: contiguous ranges of log entries, every event named.
/// `memories` is for browsers, scripts and curl: one unnamed event per changed node.
enum class StreamView { memories, ops };

struct StreamRequest {
  std::vector<model::WorkspaceId> workspaces; // at least one, no duplicates
  /// Where to go on, in the order of `workspaces` (the `after` parameter or Last-Event-ID, both
  /// "E.S1,E.S2"); empty: from the head on.
  std::vector<model::Cursor> after;
  StreamView view = StreamView::memories;
  std::vector<model::ReplicaId> replicas; // who reads, in the order of workspaces; or none
  bool tells_presence = false;            // also who is here; view ops always does
};

/// Bytes to send, shared by all streams that send them.
struct StreamPiece {
  std::shared_ptr<const std::string> bytes;
  std::size_t offset = 0, size = 0; // the part of them that this stream sends
  std::string_view view() const { return std::string_view(*bytes).substr(offset, size); }
};

/// The transport's side of one stream.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  /// There is something to take, or the stream is over. Called by Streams::dispatch on its thread.
  virtual void on_ready() = 0;
};

class Streams;
struct StreamState;

/// One open stream. Owned by the transport, used on its network thread; destroying it ends the stream.
/// Must be destroyed before the hub.
class Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  /// The next pieces to send in order, about `max_bytes` of them (at least one when there is any); to be
  /// called when the socket accepts more. An empty answer means: wait for on_ready. Never blocks on the
  /// database.
  std::vector<StreamPiece> take(std::size_t max_bytes);

  /// True when nothing will follow what was taken: close the connection once that is sent.
  bool is_over() const;

  /// True when the peer has taken nothing for `stall` although something waits: close the connection at
  /// once, whatever is still to be sent. The reader goes on from its cursor.
  bool has_stalled() const;

 private:
  friend class Streams;
  explicit Subscription(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  std::shared_ptr<StreamState> state_;
};

/// All open streams of this hub, without sockets.
///
/// The log is read after the commit, by one pump for all streams of a workspace; whoever committed only
/// wakes it. A new stream is registered at its cursor and is fed from the log until, under the one lock, it
/// has reached what the pump has sent; from then on it gets the pump's frames, each encoded once and shared.
/// A stream that does not take its frames keeps at most 256 KiB of them: beyond that they are dropped and
/// it is fed from the log again, at its own pace. So there is no gap, no duplicate and bounded memory.
///
/// Rights are read in the same transaction as the entries, and checked for every stream whose person's
/// rights changed before anything more is given out: what was committed after a removal never leaves. The
/// other streams of a workspace are told who joined, left or has another role, whoever made it so.
///
/// Threads: `open` blocks on the database (pool threads). `Subscription` and `dispatch` belong to the
/// network thread and never block. `step` belongs to the pump thread. The lock is never held across I/O.
class Streams {
 public:
  struct Options {
    std::chrono::seconds heartbeat{15};
    std::chrono::seconds lifetime{600};        // give or take 20 %, so that streams do not end together
    std::chrono::seconds stall{60};            // a stream with data that takes none for so long is over
    std::chrono::milliseconds poll{250};       // how soon a change of rights is noticed that nobody announced
    std::chrono::milliseconds head_poll{1000}; // the same for a commit
    std::size_t live_bytes = std::size_t{256} << 10;
  };
  Streams(base::Clock& clock, base::Random& random, HubStore& store, Broker& broker, Metrics& metrics,
          const Options& options);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// `wake` is called from any thread, at most once until `dispatch` runs: it must have the network
  /// thread call `dispatch` soon. To be set before the first stream opens.
  void set_wake(std::function<void()> wake);
  /// Calls on_ready of every sink that has news.
  void dispatch();

  /// Opens a stream for somebody who may read all of these workspaces; its first bytes (`retry:`, then
  /// `hello` or `connected` for each workspace) are ready at once. A cursor of another epoch or below the
  /// floor is answered inside the stream by `resync`. Fails with not_found, removed or permission as
  /// authorize does, `validation` for a bad request. `sink` must live as long as the Subscription.
  Answer<std::unique_ptr<Subscription>> open(const Principal& principal, const StreamRequest& request,
                                             StreamSink& sink);

  /// Reads what was committed and hands it out, feeds the streams that replay, checks rights, sends
  /// heartbeats, ends streams whose time is over. Returns when the next call is due at the latest.
  base::Instant step();
  /// Waits until there is something for `step` to do, or `until`. False once stop was called.
  bool wait(base::Instant until);
  /// Ends `wait` for good; from any thread.
  void stop();

  /// Gives out nothing more to this person's streams until the pump has checked their rights; called after
  /// the commit that changed them, before it is acknowledged. What other processes changed, the pump sees by
  /// itself.
  void suspend(const model::UserId& user);

  /// Tells every stream to come back after a random time up to `spread`, and ends it.
  void go_away(std::chrono::milliseconds spread);

  std::size_t count() const;

  /// Who is here, as the pump tells it to the streams that want to hear it.
  PresenceBook& presence();

 private:
  friend class Subscription;
  friend struct StreamState;
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

} // namespace memsync::hub
