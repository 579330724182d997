#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "model/limits.h"
#include "wire/history_codec.h"
#include "wire/hub_messages.h"

namespace memsync::replica {

// What a replica asks of its hub.
struct MeRequest {};
struct PushToWorkspace {
  model::WorkspaceId workspace;
  wire::PushRequest push;
};
struct PullFromWorkspace {
  model::WorkspaceId workspace;
  model::Cursor after;
  std::size_t limit = model::limits::k_page_entries;
  model::ReplicaId replica = {}; // who reads
};
struct OpenSnapshot {
  model::WorkspaceId workspace;
  wire::SnapshotRequest snapshot;
};
struct NextSnapshotPage {
  model::WorkspaceId workspace;
  std::string session, after_key;
  std::size_t max_bytes = model::limits::k_page_bytes;
};
struct GetDigest {
  model::WorkspaceId workspace;
};
struct GetHistory {
  model::WorkspaceId workspace;
  model::Sequence before, after; // exclusive
  std::size_t limit = 500;
};
struct GetNotifications {
  model::Cursor after; // of their versions
  std::size_t limit = 200;
};
struct MarkNotificationsRead {
  std::vector<model::NotificationId> ids;
};
struct ReportPresence {
  wire::PresenceReport report;
};
using HubRequest =
    std::variant<MeRequest, PushToWorkspace, PullFromWorkspace, OpenSnapshot, NextSnapshotPage, GetDigest,
                 GetHistory, GetNotifications, MarkNotificationsRead, ReportPresence>;

/// The answer to one request, or why there is none: `offline` when nothing was heard.
struct HubAnswer {
  std::uint64_t request = 0;
  std::variant<wire::Problem, wire::Me, wire::PushAnswer, wire::PullAnswer, wire::SnapshotOpened,
               wire::SnapshotPage, wire::WorkspaceDigest, wire::HistoryPage, wire::NotificationChanges,
               wire::NotificationsMarked, wire::PresenceReported>
      content;
  std::optional<base::Timestamp> hub_time; // of the Date header, for the measured clock offset
};

/// Live changes: over one SSE stream, or by long polls where a proxy breaks streaming.
enum class ListenMode { stream, long_poll };
struct ListenRequest {
  std::uint64_t id = 0; // every attempt has its own
  ListenMode mode = ListenMode::stream;
  std::vector<std::pair<model::WorkspaceId, model::Cursor>> positions;
  std::vector<model::ReplicaId> replicas = {}; // who reads, in the same order
};

// What listening reports, in order; all carry the id of the attempt, so that late ones are told apart.
struct ListenEvent {
  std::uint64_t id = 0;
  wire::StreamEvent event;
};
/// One answer of a long poll; polling goes on from its `to`.
struct ListenPolled {
  std::uint64_t id = 0;
  model::WorkspaceId workspace;
  wire::PullAnswer answer;
};
struct ListenEnded {
  enum class Reason {
    refused,     // an HTTP error: see problem
    unreachable, // no connection
    closed,      // the hub closed it
    silent,      // no hello within 5 s, or the watchdog saw no byte for 40 s
    broken,      // an event could not be read
    greeted,     // long polls only: a stream opened beside them works again
  };
  std::uint64_t id = 0;
  Reason reason = Reason::closed;
  wire::Problem problem;
  std::optional<std::chrono::milliseconds> retry; // the stream's `retry:`
};

/// The network as the sync engine sees it. Real: cpp-httplib in net/client; simulated in tests.
/// Calls return at once; results come back as messages to Engine::step, on the engine's thread.
class HubClient {
 public:
  virtual ~HubClient() = default;
  /// Answered exactly once with that request id. Requests are carried out in order.
  virtual void send(std::uint64_t request, HubRequest content) = 0;
  /// Starts listening, ending an earlier attempt. Reports until ListenEnded.
  virtual void listen(ListenRequest request) = 0;
  /// Ends listening; nothing more is reported for that attempt.
  virtual void stop_listening() = 0;
};

} // namespace memsync::replica
