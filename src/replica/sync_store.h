#pragma once

#include <optional>
#include <span>
#include <vector>

#include "replica/replica.h"
#include "wire/history_codec.h"
#include "wire/hub_messages.h"

namespace memsync::replica {

/// What applying log entries did.
struct Applied {
  std::size_t entries = 0;
  std::size_t merged = 0, conflicts = 0, rejected = 0; // of own operations
  std::size_t own = 0;                                 // operations that left the outbox
  std::size_t queued = 0; // rejected before for want of a node that came with these: in the outbox again
  /// The next entry is another store's under this replica's id: what came before it is applied, so that
  /// nothing of the outbox that the hub has is renumbered and sent again.
  bool is_forked = false;
  bool is_gap = false; // the first new entry does not follow the cursor: pull
};

/// A range of the log whose history is not here: above `after`, up to `through`.
struct HistoryGap {
  model::Sequence after, through;
};

/// The durable half of sync: every function is one transaction of the store, refused with `stale` when
/// another process has become the leader. Effects, cursor and outbox deletions of a page always commit
/// together.
class SyncStore {
 public:
  SyncStore(Replica& replica, std::int64_t generation) : replica_(replica), generation_(generation) {}

  /// Workspaces that live on the hub.
  base::Result<std::vector<WorkspaceRow>> hub_workspaces();

  /// Takes over name, role and members of every workspace of the account, makes the new ones and marks
  /// those the hub no longer lists. `permission` when the account is not the one this store is bound to.
  base::Result<> adopt_account(const wire::Me& me);
  base::Result<> set_clock_offset(std::chrono::milliseconds hub_minus_local);
  base::Result<> mark_unknown_to_hub(const model::WorkspaceId& id);

  // --- push
  /// The next batch above `after`: consecutive numbers, within the limits, a tx never split. Marks its
  /// operations as sent, which fixes them. Empty when there is nothing to send.
  base::Result<wire::PushRequest> next_push(const model::WorkspaceId& id, std::uint64_t after,
                                            std::size_t max_operations);
  /// Takes note of the answer: the operations need no more sending. Those whose log entry was passed
  /// already (below a snapshot) leave the outbox.
  base::Result<> note_pushed(const model::WorkspaceId& id, const wire::PushAnswer& answer);

  // --- pull and stream
  /// Applies the entries that follow the cursor, skipping older ones. `epoch` when they are of another log,
  /// `resync` when they do not fit the stored state.
  base::Result<Applied> apply_entries(const model::WorkspaceId& id, model::Epoch epoch,
                                      std::span<const model::Entry> entries, model::Sequence head);
  base::Result<> note_head(const model::WorkspaceId& id, const model::Cursor& head);

  // --- snapshot: staged beside the visible state, swapped in with its tail in one transaction
  base::Result<wire::SnapshotRequest> snapshot_request(const model::WorkspaceId& id);
  base::Result<> begin_snapshot(const model::WorkspaceId& id, const wire::SnapshotOpened& opened);
  /// Where a snapshot under way continues; nothing when none is.
  struct Staging {
    std::string session, next_key;
    model::Epoch epoch;
    model::Sequence cursor;             // of the staged state, once all pages are there
    std::optional<model::Sequence> end; // set by the last page
  };
  base::Result<std::optional<Staging>> staging(const model::WorkspaceId& id);
  /// Pages of another session are ignored.
  base::Result<> stage_page(const model::WorkspaceId& id, const wire::SnapshotPage& page);
  base::Result<> stage_tail(const model::WorkspaceId& id, std::span<const model::Entry> entries);
  /// Makes the staged state visible, drops exactly the operations it contains and replays the rest.
  base::Result<> finish_snapshot(const model::WorkspaceId& id);
  base::Result<> abandon_snapshot(const model::WorkspaceId& id);

  // --- when the common past ended
  /// The hub's log was replaced: own operations above its `last_n` are queued again, the acknowledged
  /// ones included, so that clients refill a hub restored from a backup. They are numbered anew, since the
  /// hub takes no holes. What was sent and is not above `last_n` stays for the snapshot, which must follow,
  /// or the next push to tell what became of it.
  base::Result<> adopt_log(const model::WorkspaceId& id, std::uint64_t last_n,
                           const std::vector<wire::OperationMark>& accepted = {});
  /// The ids that this store gave up and still keeps acknowledged operations of, the eldest first. What they
  /// sent was there before anything that was sent under the present id.
  base::Result<std::vector<model::ReplicaId>> former_replicas(const model::WorkspaceId& id);
  /// What was acknowledged under a former id and is above the new log's `last_n` of it is numbered for being
  /// offered again.
  base::Result<> prepare_offer(const model::WorkspaceId& id, const model::ReplicaId& former,
                               std::uint64_t last_n);
  /// The next batch of it, above `after`; without operations when there is none.
  base::Result<wire::PushRequest> next_offer(const model::WorkspaceId& id, const model::ReplicaId& former,
                                             std::uint64_t after, std::size_t max_operations);
  /// Those that the new log rejects are kept as rejected.
  base::Result<> note_offered(const model::WorkspaceId& id, const model::ReplicaId& former,
                              const wire::PushAnswer& answer);
  /// This store is a copy of another, or was restored: a new replica id; what the hub has of the outbox
  /// (`accepted`) is dropped, the rest renumbered from 1, behind what an earlier log had acknowledged and the
  /// hub has not. Nothing for `accepted`: the hub was not asked, for want of an outbox.
  base::Result<> renew_replica(const model::WorkspaceId& id,
                               const std::optional<std::vector<wire::OperationMark>>& accepted);
  /// The hub of that log proved that this person was removed: deletes the replica of the workspace without
  /// writing any operation. What was unsent moves to the quarantine; so does, when the replica knows only an
  /// earlier log, what that one acknowledged.
  base::Result<> drop_workspace(const model::WorkspaceId& id, model::Epoch log);

  // --- history that a snapshot jumped over
  /// The newest gap; nothing when the history is whole.
  base::Result<std::optional<HistoryGap>> history_gap(const model::WorkspaceId& id);
  /// Stores a page of it, from the top of the gap down, and narrows the gap. Doing it twice changes nothing.
  base::Result<> take_history(const model::WorkspaceId& id, const HistoryGap& gap,
                              const wire::HistoryPage& page);

  // --- this person's notifications (notifications.cpp)
  /// Up to which version they are here, and of which epoch.
  base::Result<model::Cursor> notification_cursor();
  /// Stores a range of them; doing it twice changes nothing. False when something between the stored version
  /// and `after` is missing: fetch it.
  base::Result<bool> take_notifications(model::Epoch epoch, std::uint64_t after, std::uint64_t to,
                                        const std::vector<model::Notification>& rows);
  /// What was read here and not yet told.
  base::Result<std::vector<model::NotificationId>> unsent_marks(std::size_t limit);
  base::Result<> note_marked(const std::vector<model::NotificationId>& ids);

  /// The state was compared with the hub's and is the same.
  base::Result<> note_compared(const model::WorkspaceId& id);

  /// Whether a space may be left that no workspace uses: a snapshot or a removal replaced it, or an earlier
  /// process died before it was empty.
  bool has_leftovers() const { return has_leftovers_; }
  /// Empties such spaces, a slice at a time; false when nothing is left to do.
  base::Result<bool> purge_some();

 private:
  template <class F>
  auto write(F&& f) -> std::invoke_result_t<F, storage::WriteTxn&>;
  template <class F>
  base::Result<> write_workspace(const model::WorkspaceId& id, F&& f);

  Replica& replica_;
  const std::int64_t generation_;
  bool has_leftovers_ = true;
};

} // namespace memsync::replica
