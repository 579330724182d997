#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "hub/stream.h"
#include "hub/stream_frame.h"

namespace memsync::hub {

struct StreamState;

/// The streams of one workspace in one view. `published` moves only on the pump thread.
struct StreamChannel {
  model::WorkspaceId workspace;
  StreamView view = StreamView::ops;
  model::Sequence published; // what streams at the front have been given
  model::Sequence head;      // the last one heard of
  std::set<StreamState*> streams;
};

/// One stream. Everything that changes is guarded by the mutex of Streams::Implementation.
struct StreamState : std::enable_shared_from_this<StreamState> {
  /// Its part in one workspace: the log up to `given` is in the queue or taken, up to `taken` it was handed
  /// to the transport. Behind its channel it is fed from the log, else by the pump's frames.
  struct Lane {
    std::shared_ptr<StreamChannel> channel; // none: this workspace's part is over
    model::WorkspaceId workspace;
    model::Sequence given, taken;
  };
  struct Item {
    static constexpr std::size_t k_no_lane = ~std::size_t{0};
    StreamPiece first, id, last; // sent in this order; without bytes: nothing
    std::size_t lane = k_no_lane;
    model::Sequence to;        // of its lane, once taken
    bool is_droppable = false; // can be made again from the log or the clock
    bool is_notification = false;
    std::size_t presence_of = k_no_lane; // the lane of whose workspace it says who is there
    std::size_t size() const { return first.size + id.size + last.size; }
  };

  const Principal principal;
  const StreamView view;
  const model::Epoch epoch;
  const std::shared_ptr<Streams::Implementation> owner;

  StreamSink* sink = nullptr; // none once the Subscription is gone
  std::vector<Lane> lanes;
  std::map<model::WorkspaceId, model::Role> memberships; // of the person, as last checked
  std::deque<Item> queue;
  std::size_t queued_bytes = 0;
  std::int64_t access_version = 0;   // up to which its rights are checked
  std::int64_t opened_at_access = 0; // the same when it was opened
  bool is_suspended = false;         // its rights are being checked
  bool is_closing = false;           // over once the queue is taken
  bool has_stalled = false;          // over now: its peer takes nothing
  bool is_ready = false;             // in the list of those to be told
  bool tells_presence = false;
  base::Instant waiting_since{}; // since when something is there to take
  base::Instant heartbeat_at{}, ends_at{};
  /// The range of the one notification event in the queue.
  struct NotificationRange {
    std::uint64_t after = 0, to = 0;
  };
  std::optional<NotificationRange> notified;

  StreamState(Principal who, StreamView what, model::Epoch log,
              std::shared_ptr<Streams::Implementation> streams)
      : principal(std::move(who)), view(what), epoch(log), owner(std::move(streams)) {}

  /// The cursors of all lanes as an event id.
  std::string position() const;
  void push_event(std::string bytes, base::Instant now, bool is_droppable = false);
  /// At most one event of notifications waits: with one that is still there, both become one without content,
  /// which the reader fetches.
  void push_notifications(wire::StreamNotifications event, base::Instant now);
  /// Who is in the lane's workspace now; takes the place of what still waits to be sent about it.
  void push_presence(std::size_t lane, std::string bytes, base::Instant now);
  void push_frame(std::size_t lane, const StreamFrame& frame, base::Instant now);
  /// Forgets everything that can be made again; the lanes go back to what was taken.
  void drop_frames();
  /// Ends the part of one workspace, with nothing of it left in the queue.
  void end_lane(std::size_t lane);
  bool has_lanes() const;
  /// Nothing is put into the queue any more.
  void close(base::Instant now);
  /// True when the stream carries that workspace.
  bool has_lane(const model::WorkspaceId& workspace) const;
  /// A lane that lags behind its channel while the queue has room for another frame.
  std::optional<std::size_t> find_lagging_lane() const;
};

} // namespace memsync::hub
