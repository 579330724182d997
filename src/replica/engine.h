#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "model/limits.h"
#include "replica/hub_client.h"
#include "replica/replica.h"

namespace memsync::replica {

/// Somebody committed to this store: there may be operations to push.
struct LocalCommit {};
/// Time passed, or the caller just wants the engine to look.
struct Tick {};
/// A person or agent asked to sync now: pull and push without waiting for back-off.
struct SyncNow {};
/// What the processes of this store are doing now.
struct PresenceNow {
  std::vector<model::Presence> sessions;
};
/// The configuration (hub, token) or the network changed: connect again at once.
struct Reconnect {};
using EngineMessage = std::variant<Tick, LocalCommit, SyncNow, Reconnect, PresenceNow, HubAnswer, ListenEvent,
                                   ListenPolled, ListenEnded>;

/// Whether `next` continues the same range of the stream as `first`: then `first` holds both and they cost
/// one transaction. Up to 250 entries, so that a tool's call waits for no longer than it takes to apply
/// those.
bool join(EngineMessage& first, EngineMessage& next);

// The state of the connection; `since` and `retry_at` for people.
struct Offline {
  base::Timestamp retry_at;
  base::Error reason;
};
struct Connecting {};
struct Live {
  ListenMode mode = ListenMode::stream;
};
using Connection = std::variant<Offline, Connecting, Live>;

/// What one `sync_changes` reports. Counters since the engine started.
struct SyncCounters {
  std::uint64_t pushed = 0; // operations the hub accepted
  std::uint64_t pulled = 0; // log entries applied
  std::uint64_t merged = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t rejected = 0;
  std::uint64_t resyncs = 0;
  std::uint64_t mismatches = 0; // states that differed from the hub's digest, and were fetched anew
};

/// The sync engine of the one process that leads its store: keeps the replica's workspaces equal to
/// the hub's. All logic is in `step`; it owns no thread and no socket and never blocks except on the
/// store's disk.
///
/// Push: at once when idle, one batch per workspace in flight, what arrives meanwhile is the next batch.
/// Pull: from the stream, page by page when it skipped something. Each page is one transaction with its
/// cursor. A replica without a common past with the hub's log takes a snapshot.
class Engine {
 public:
  struct Options {
    std::int64_t generation = 0; // of this leader: checked in every transaction
    std::size_t batch_operations = model::limits::k_batch_operations;
  };
  Engine(Replica& replica, HubClient& hub, Options options);
  ~Engine();

  /// Handles one message. Returns the latest time for the next call (a Tick if nothing else happens).
  /// An error means the store failed or this process no longer leads (`stale`): stop using this engine.
  base::Result<base::Instant> step(EngineMessage message);

  const Connection& connection() const;
  const SyncCounters& counters() const;
  /// Who is in each workspace, this store's own sessions among them; nobody while there is no live stream.
  std::vector<model::PresentMember> present() const;
  /// True once it is known of every workspace; never while changes are polled for.
  bool knows_present() const;
  /// True when the workspace has nothing in flight, its cursor is at the last heard head and its outbox
  /// is empty or known to be blocked.
  bool is_settled(const model::WorkspaceId& workspace) const;
  /// True when every SyncNow asked for so far was answered (successfully or not).
  bool has_synced() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

} // namespace memsync::replica
