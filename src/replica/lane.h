#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>

#include "base/backoff.h"
#include "model/limits.h"
#include "replica/digest_check.h"
#include "replica/engine.h"
#include "replica/sync_store.h"

namespace memsync::replica {

/// Of the back-off towards a hub that cannot be reached.
inline constexpr std::chrono::milliseconds k_first_delay{500}, k_longest_delay{30'000};
/// Before asking again with a token, or about a workspace, that the hub refused.
inline constexpr std::chrono::minutes k_refused_delay{10};

/// What the lanes of an engine share.
struct LaneContext {
  Replica& replica;
  SyncStore& store;
  SyncCounters& counters;
  std::size_t batch_operations = model::limits::k_batch_operations;
  std::function<std::uint64_t(HubRequest)> send; // returns the request's id
  std::function<bool()> is_live;                 // whether somebody brings log entries by themselves
};

/// The sync of one workspace: at most one push and one pull in flight, and the snapshot under way. Part of
/// the Engine's step function: no thread, no clock but the replica's, answers come as messages.
class Lane {
 public:
  Lane(LaneContext& context, const WorkspaceRow& row);

  /// Continues what an earlier process left: a snapshot half staged.
  base::Result<> resume(const WorkspaceRow& row);

  /// Sends what is due, unless blocked_until lies ahead.
  base::Result<> advance();
  base::Instant blocked_until() const { return blocked_until_; }

  /// When the state is to be compared with the hub's again.
  base::Instant compare_at() const { return compare_at_; }
  /// When history is asked for again; in the past when it is not wanted.
  base::Instant history_at() const { return wants_history_ ? history_at_ : base::Instant{}; }
  /// A comparison is under way and goes on at once.
  bool is_comparing() const { return is_comparing_; }

  bool owns(std::uint64_t request) const {
    return request == push_request_ || request == pull_request_ || request == digest_request_ ||
           request == history_request_;
  }
  /// The answer to one of its requests. Returns the problem when it concerns more than this workspace: the
  /// account (unauthenticated) or the membership (removed).
  base::Result<std::optional<wire::Problem>> take(HubAnswer& answer);

  /// Log entries from the stream or a long poll.
  base::Result<> take_entries(model::Epoch epoch, std::span<const model::Entry> entries,
                              model::Sequence head);
  /// There is something in the log that nobody brings: too large for the stream, or beyond what one is of.
  void pull() { wants_pull_ = true; }

  /// The hub's head as the stream told it. With `replay_follows` the entries up to it are on their way.
  enum class HeadNews { replay_follows, should_be_here };
  base::Result<> compare_head(const model::Cursor& head, HeadNews news);
  /// The cursor is too old for the hub's log.
  base::Result<> resync();

  void note_local_commit() { wants_push_ = looks_at_row_ = true; }
  /// Pull and push now, without waiting for back-off.
  void request_sync();
  void unblock() { blocked_until_ = {}; }
  void give_up_sync() { sync_requested_ = false; }

  bool is_sync_requested() const { return sync_requested_; }
  bool is_settled() const;
  /// Where to listen from; nothing while a snapshot replaces the state.
  struct Position {
    model::Cursor cursor;
    model::ReplicaId replica; // who reads
  };
  base::Result<std::optional<Position>> position();

 private:
  enum class Snapshot { none, wanted, pages, tail };

  /// What belongs to the account.
  template <class Other>
  base::Result<> take_content(Other&) {
    return base::Error{base::ErrorCode::internal, "an answer nobody asked for"};
  }
  base::Result<> take_content(wire::PushAnswer& answer);
  base::Result<> take_content(wire::PullAnswer& answer);
  base::Result<> take_content(wire::SnapshotOpened& opened);
  base::Result<> take_content(wire::SnapshotPage& page);
  base::Result<> take_content(wire::WorkspaceDigest& digest);
  base::Result<> take_content(wire::HistoryPage& page);
  base::Result<> take_content(wire::Problem& problem);
  base::Result<> take_tail(const wire::PullAnswer& answer);
  base::Result<> take_staged(base::Result<> staged);

  base::Result<> advance_snapshot();
  base::Result<> finish_snapshot();
  base::Result<> restart_snapshot();
  base::Result<> send_probe();
  base::Result<> send_offer();
  bool is_offering() const { return !former_.empty() && push_replica_ == former_.front(); }
  base::Result<> take_offered(const wire::PushAnswer& answer);
  void end_offer();
  base::Result<std::optional<wire::Problem>> take_digest(HubAnswer& answer);
  base::Result<std::optional<wire::Problem>> take_history(HubAnswer& answer);
  base::Result<> advance_history();
  base::Result<> advance_comparison();
  base::Result<> finish_comparison(DigestCheck::Outcome outcome);
  base::Result<> resync_damaged(std::string_view why);
  void send_push(wire::PushRequest push);
  base::Result<> adopt_log(const wire::Problem& problem);
  base::Result<> ask_about_fork();
  base::Result<> renew(const std::optional<std::vector<wire::OperationMark>>& accepted);
  base::Result<> refuse(const base::Error& error);
  void block(const base::Error& error);
  void note_success();
  base::Result<WorkspaceRow> row();
  base::Instant now() { return context_.replica.clock().instant(); }

  LaneContext& context_;
  const model::WorkspaceId id_;
  base::Backoff backoff_;
  base::Instant blocked_until_{};
  Snapshot snapshot_ = Snapshot::none;
  bool wants_push_ = true, wants_pull_ = false;
  bool looks_at_row_ = false;      // somebody may have asked for the state to be fetched anew
  bool wants_epoch_probe_ = false; // an empty push, whose refusal tells the hub's last_n
  bool asks_about_fork_ = false;   // nothing more of the log until the hub answered a push
  model::Epoch adopted_epoch_;     // the new log whose last_n was taken note of; the snapshot is to follow
  // Ids that this store gave up: before its snapshot, a new log is offered what was acknowledged under them.
  std::vector<model::ReplicaId> former_;
  std::optional<std::uint64_t> offered_through_; // the log has those of the first of them up to this n
  bool sync_requested_ = false;
  std::uint64_t push_request_ = 0, pull_request_ = 0;    // in flight; 0: none
  model::ReplicaId push_replica_;                        // whose operations are in flight
  std::uint64_t pushed_through_ = 0;                     // the hub answered for all operations up to this n
  std::size_t batch_;                                    // operations of a push
  std::size_t page_ = model::limits::k_page_entries;     // entries of a pull
  std::size_t page_bytes_ = model::limits::k_page_bytes; // of a snapshot

  std::uint64_t digest_request_ = 0; // in flight; 0: none
  std::optional<DigestCheck> comparison_;
  base::Instant compare_at_{};
  bool is_comparing_ = false;
  std::uint64_t history_request_ = 0; // in flight; 0: none
  HistoryGap history_gap_;            // that it is about
  base::Instant history_at_{};
  bool wants_history_ = false;

  bool is_healing_ = false; // a snapshot was taken because the state was wrong, and not compared since
};

} // namespace memsync::replica
