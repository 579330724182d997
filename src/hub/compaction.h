#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "hub/answer.h"
#include "hub/store.h"

namespace memsync::hub {

/// What compaction leaves. The floor of a log moves to what is older than `log_kept` and below the cursor of
/// every replica seen in `replica_awaited`, never past an open snapshot. History stays. Tombstones go when
/// they are below the floor and older than `tombstone_kept`: until then a deleted node can be restored. A
/// round makes nothing older by more than two hours, whatever the clock says (StoreTxn::believe_clock).
struct CompactionRules {
  std::chrono::hours log_kept = std::chrono::days(30);
  std::chrono::hours replica_awaited = std::chrono::days(90);
  std::chrono::hours tombstone_kept = std::chrono::days(90);
  std::chrono::hours notifications_kept = std::chrono::days(90); // that were read
  std::chrono::hours unread_kept = std::chrono::days(365);       // that were not
};

struct Compacted {
  std::uint64_t entries = 0; // log entries dropped
  std::uint64_t nodes = 0;   // tombstones purged, with what was below them
};

/// Compacts every workspace, a short transaction at a time, so that writers wait little. Any thread.
base::Result<Compacted> compact_all(HubStore& store, base::Clock& clock, const CompactionRules& rules);

/// How far the replicas have read, gathered in memory and written now and then: a commit for every pull would
/// cost more than the pull. What a crash loses makes a cursor look older, which is safe. Thread-safe.
class CursorBook {
 public:
  void note(const model::WorkspaceId& workspace, const model::ReplicaId& replica, model::Sequence cursor,
            base::Timestamp now);
  /// Writes what was noted since the last call.
  base::Result<> write(HubStore& store);

 private:
  struct Seen {
    model::Sequence cursor;
    base::Timestamp at;
  };
  using Key = std::pair<model::WorkspaceId, model::ReplicaId>;
  std::mutex mutex_;
  std::map<Key, Seen> seen_; // guarded by mutex_
};

} // namespace memsync::hub
