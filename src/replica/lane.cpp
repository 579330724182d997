#include "replica/lane.h"

#include <algorithm>

#include "base/log.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::log;
using base::LogLevel;
using base::Result;

namespace {

constexpr std::size_t k_smallest_piece = 16; // entries or operations asked for after failures
constexpr std::size_t k_smallest_page = std::size_t{16} << 10;

constexpr std::chrono::hours k_compare_period{1};
constexpr std::chrono::minutes k_history_again{1};
constexpr std::size_t k_history_rows = 500;              // one page is stored within some 20 ms
constexpr std::chrono::minutes k_compare_again{1};       // when the state moved on meanwhile
constexpr std::chrono::milliseconds k_compare_slice{10}; // of one step

} // namespace

Lane::Lane(LaneContext& context, const WorkspaceRow& row)
    : context_(context),
      id_(row.id),
      backoff_(k_first_delay, k_longest_delay),
      batch_(context.batch_operations) {
  // Counted by the machine's clock over the process's life: one that jumped compares sooner, not never.
  const auto since = context.replica.clock().now() - row.compared_at;
  if (since >= std::chrono::milliseconds(0) && since < k_compare_period)
    compare_at_ = now() + (k_compare_period - since);
}

Result<> Lane::resume(const WorkspaceRow& row) {
  wants_history_ = row.wants_history;
  TRY_ASSIGN(const auto staging, context_.store.staging(id_));
  if (staging)
    snapshot_ = staging->end ? Snapshot::tail : Snapshot::pages;
  else if (row.cursor.epoch.value == 0 || row.wants_resync)
    snapshot_ = Snapshot::wanted;
  return {};
}

void Lane::request_sync() {
  sync_requested_ = wants_pull_ = wants_push_ = looks_at_row_ = true;
  blocked_until_ = {};
}

bool Lane::is_settled() const {
  return push_request_ == 0 && pull_request_ == 0 && !wants_push_ && !wants_pull_ &&
         snapshot_ == Snapshot::none;
}

Result<std::optional<Lane::Position>> Lane::position() {
  if (snapshot_ != Snapshot::none) return std::optional<Position>();
  TRY_ASSIGN(const auto stored, row());
  if (stored.cursor.epoch.value == 0) return std::optional<Position>();
  return std::optional(Position{stored.cursor, stored.replica});
}

// --- what to do next ---

Result<> Lane::advance() {
  is_comparing_ = false;
  if (blocked_until_ > now()) return {};
  if (std::exchange(looks_at_row_, false) && snapshot_ == Snapshot::none) {
    TRY_ASSIGN(const auto stored, row());
    if (stored.wants_resync) TRY(restart_snapshot());
    wants_history_ = stored.wants_history;
  }
  if (snapshot_ != Snapshot::none) return advance_snapshot();
  if (wants_epoch_probe_ && push_request_ == 0) return send_probe();
  if (wants_pull_ && pull_request_ == 0 && !asks_about_fork_) {
    TRY_ASSIGN(const auto stored, row());
    pull_request_ = context_.send(PullFromWorkspace{id_, stored.cursor, page_, stored.replica});
  }
  if (wants_push_ && push_request_ == 0) {
    TRY_ASSIGN(auto push, context_.store.next_push(id_, pushed_through_, batch_));
    wants_push_ = false;
    if (!push.operations.empty()) send_push(std::move(push));
  }
  TRY(advance_history());
  return advance_comparison();
}

/// Fetches the history that a snapshot jumped over, a page at a time, when somebody wants it.
Result<> Lane::advance_history() {
  if (!wants_history_ || history_request_ != 0 || history_at_ > now()) return {};
  TRY_ASSIGN(const auto gap, context_.store.history_gap(id_));
  if (!gap) return wants_history_ = false, Result<>();
  history_gap_ = *gap;
  const model::Sequence before{gap->through.value + 1};
  history_request_ = context_.send(GetHistory{id_, before, gap->after, k_history_rows});
  return {};
}

/// Asks for the hub's digest when it is time and compares a slice.
Result<> Lane::advance_comparison() {
  if (comparison_) {
    TRY_ASSIGN(const auto outcome, comparison_->step(context_.replica, k_compare_slice));
    is_comparing_ = outcome == DigestCheck::Outcome::working;
    TRY(finish_comparison(outcome));
    return snapshot_ == Snapshot::none ? Result<>() : advance_snapshot();
  }
  if (digest_request_ != 0 || compare_at_ > now() || !is_settled()) return {};
  TRY_ASSIGN(const auto stored, row());
  if (stored.cursor.epoch.value == 0) return {};
  digest_request_ = context_.send(GetDigest{id_});
  return {};
}

Result<> Lane::finish_comparison(DigestCheck::Outcome outcome) {
  switch (outcome) {
    case DigestCheck::Outcome::working:
    case DigestCheck::Outcome::waiting: return {};
    case DigestCheck::Outcome::overtaken:
      comparison_.reset();
      compare_at_ = now() + k_compare_again;
      return {};
    case DigestCheck::Outcome::equal:
      comparison_.reset();
      compare_at_ = now() + k_compare_period;
      is_healing_ = false;
      return context_.store.note_compared(id_);
    case DigestCheck::Outcome::differs:
      comparison_.reset();
      compare_at_ = now() + k_compare_period;
      ++context_.counters.mismatches;
      return resync_damaged("its state is not what the hub says it is");
  }
  return {};
}

/// Fetches the state anew. Once: when the fresh one is wrong as well, fetching it for ever helps nobody.
Result<> Lane::resync_damaged(std::string_view why) {
  if (is_healing_) {
    log(LogLevel::error, "workspace {}: {}, also after it was fetched anew: report this", id_.view(), why);
    is_healing_ = false; // tried again at the next comparison
    return {};
  }
  log(LogLevel::warning, "workspace {}: {}; it is fetched anew, unsent changes stay", id_.view(), why);
  is_healing_ = true;
  return restart_snapshot();
}

Result<> Lane::advance_snapshot() {
  if (pull_request_ != 0 || push_request_ != 0) return {};
  if (!former_.empty()) return send_offer();
  if (snapshot_ == Snapshot::wanted) {
    TRY_ASSIGN(auto request, context_.store.snapshot_request(id_));
    pull_request_ = context_.send(OpenSnapshot{id_, std::move(request)});
    return {};
  }
  TRY_ASSIGN(const auto staging, context_.store.staging(id_));
  if (!staging) {
    snapshot_ = Snapshot::wanted;
    return advance_snapshot();
  }
  if (snapshot_ == Snapshot::pages) {
    pull_request_ = context_.send(NextSnapshotPage{id_, staging->session, staging->next_key, page_bytes_});
  } else if (staging->cursor < staging->end.value_or(model::Sequence{})) {
    const model::Cursor from{staging->epoch, staging->cursor};
    pull_request_ = context_.send(PullFromWorkspace{id_, from, page_});
  } else {
    return finish_snapshot();
  }
  return {};
}

Result<> Lane::finish_snapshot() {
  TRY(context_.store.finish_snapshot(id_));
  snapshot_ = Snapshot::none;
  compare_at_ = now();
  pushed_through_ = 0; // what the hub answered for but the snapshot lacks is asked for again
  wants_push_ = true;
  sync_requested_ = false;
  return advance();
}

Result<> Lane::restart_snapshot() {
  snapshot_ = Snapshot::wanted;
  comparison_.reset();
  return context_.store.abandon_snapshot(id_);
}

Result<> Lane::resync() { return snapshot_ == Snapshot::none ? restart_snapshot() : Result<>(); }

Result<> Lane::send_probe() {
  TRY_ASSIGN(const auto stored, row());
  send_push({stored.replica, stored.cursor.epoch, {}});
  return {};
}

/// Under the id that they were acknowledged under, so that a store that shares it and offers them as well
/// does not have them applied twice.
Result<> Lane::send_offer() {
  wire::PushRequest push{former_.front(), adopted_epoch_, {}};
  if (offered_through_) {
    TRY_ASSIGN(push, context_.store.next_offer(id_, former_.front(), *offered_through_, batch_));
    push.epoch = adopted_epoch_;
    if (push.operations.empty()) return end_offer(), advance_snapshot();
  }
  send_push(std::move(push)); // without operations its answer tells the last_n
  return {};
}

void Lane::end_offer() {
  former_.erase(former_.begin());
  offered_through_.reset();
}

Result<> Lane::take_offered(const wire::PushAnswer& answer) {
  TRY(offered_through_ ? context_.store.note_offered(id_, push_replica_, answer)
                       : context_.store.prepare_offer(id_, push_replica_, answer.last_n));
  offered_through_ = answer.last_n;
  return {};
}

void Lane::send_push(wire::PushRequest push) {
  push_replica_ = push.replica;
  push_request_ = context_.send(PushToWorkspace{id_, std::move(push)});
}

// --- answers ---

Result<std::optional<wire::Problem>> Lane::take(HubAnswer& answer) {
  if (answer.request == push_request_) asks_about_fork_ = false;
  if (answer.request == digest_request_) return take_digest(answer);
  if (answer.request == history_request_) return take_history(answer);
  const bool was_push = answer.request == push_request_;
  (was_push ? push_request_ : pull_request_) = 0;
  if (auto* problem = std::get_if<wire::Problem>(&answer.content)) {
    if (problem->code == ErrorCode::unauthenticated || problem->code == ErrorCode::removed)
      return std::optional(std::move(*problem));
    if (problem->code == ErrorCode::too_large && was_push && batch_ > 1) {
      batch_ /= 2;
      wants_push_ = true;
      return std::optional<wire::Problem>();
    }
  } else {
    note_success();
  }
  TRY(std::visit([&](auto& content) { return take_content(content); }, answer.content));
  return std::optional<wire::Problem>();
}

/// Without a digest (an older hub, a lost connection) nothing is wrong: it is asked for again later.
Result<std::optional<wire::Problem>> Lane::take_digest(HubAnswer& answer) {
  digest_request_ = 0;
  if (auto* problem = std::get_if<wire::Problem>(&answer.content)) {
    compare_at_ = now() + (problem->code == ErrorCode::not_found ? std::chrono::minutes(k_compare_period)
                                                                 : k_compare_again);
    if (problem->code == ErrorCode::unauthenticated || problem->code == ErrorCode::removed)
      return std::optional(std::move(*problem));
    return std::optional<wire::Problem>();
  }
  if (auto* digest = std::get_if<wire::WorkspaceDigest>(&answer.content)) TRY(take_content(*digest));
  return std::optional<wire::Problem>();
}

/// History is no reason to stop anything else: without an answer it is asked for again later.
Result<std::optional<wire::Problem>> Lane::take_history(HubAnswer& answer) {
  history_request_ = 0;
  if (auto* problem = std::get_if<wire::Problem>(&answer.content)) {
    history_at_ = now() + k_history_again;
    if (problem->code == ErrorCode::unauthenticated || problem->code == ErrorCode::removed)
      return std::optional(std::move(*problem));
  }
  if (auto* page = std::get_if<wire::HistoryPage>(&answer.content)) TRY(take_content(*page));
  return std::optional<wire::Problem>();
}

Result<> Lane::take_content(wire::HistoryPage& page) {
  return context_.store.take_history(id_, history_gap_, page);
}

Result<> Lane::take_content(wire::WorkspaceDigest& digest) {
  if (snapshot_ == Snapshot::none) comparison_.emplace(id_, std::move(digest));
  return {};
}

Result<> Lane::take_content(wire::PushAnswer& answer) {
  if (is_offering()) return take_offered(answer);
  wants_push_ = true; // what arrived meanwhile is the next batch
  TRY_ASSIGN(const auto stored, row());
  if (stored.replica != push_replica_) return {}; // about numbers of an id that this store gave up
  context_.counters.pushed += static_cast<std::uint64_t>(std::count_if(
      answer.results.begin(), answer.results.end(),
      [](const model::PushResult& result) { return result.status != model::Status::rejected; }));
  if (wants_epoch_probe_) {
    wants_epoch_probe_ = false; // not refused: the log is the one we know
    wants_pull_ = true;
  }
  for (const model::PushResult& result : answer.results)
    pushed_through_ = std::max(pushed_through_, result.n);
  batch_ = std::min(batch_ * 2, context_.batch_operations);
  if (!context_.is_live()) wants_pull_ = true;
  return context_.store.note_pushed(id_, answer);
}

Result<> Lane::take_content(wire::PullAnswer& answer) {
  page_ = std::min(page_ * 2, model::limits::k_page_entries);
  if (snapshot_ == Snapshot::tail) return take_tail(answer);
  if (!answer.more) sync_requested_ = false;
  wants_pull_ = answer.more;
  return take_entries(answer.epoch, answer.entries, answer.head);
}

Result<> Lane::take_content(wire::SnapshotOpened& opened) {
  TRY_ASSIGN(const auto stored, row());
  const model::Epoch known = stored.cursor.epoch;
  if (known.value != 0 && opened.epoch != known && opened.epoch != adopted_epoch_) {
    // Another log: before its state replaces ours, what it lacks of our operations must be queued again.
    snapshot_ = Snapshot::none;
    wants_epoch_probe_ = true;
    return {};
  }
  ++context_.counters.resyncs;
  snapshot_ = Snapshot::pages;
  return context_.store.begin_snapshot(id_, opened);
}

Result<> Lane::take_content(wire::SnapshotPage& page) {
  page_bytes_ = std::min(page_bytes_ * 2, model::limits::k_page_bytes);
  if (snapshot_ != Snapshot::pages) return {}; // of one that was given up meanwhile
  if (page.end)
    snapshot_ = Snapshot::tail;
  else // asked for before this page is stored, so that the hub and the network work meanwhile
    pull_request_ = context_.send(NextSnapshotPage{id_, page.session, page.next_key, page_bytes_});
  return take_staged(context_.store.stage_page(id_, page));
}

/// What is staged of a snapshot may be damaged: another one is fetched then, once.
Result<> Lane::take_staged(Result<> staged) {
  if (staged || is_healing_) return staged;
  switch (staged.error().code) {
    case ErrorCode::corrupt:
    case ErrorCode::gap:
    case ErrorCode::resync: return resync_damaged(staged.error().message);
    default: return staged;
  }
}

Result<> Lane::take_tail(const wire::PullAnswer& answer) {
  TRY_ASSIGN(const auto staging, context_.store.staging(id_));
  if (!staging || staging->epoch != answer.epoch) return restart_snapshot();
  return take_staged(context_.store.stage_tail(id_, answer.entries));
}

Result<> Lane::take_content(wire::Problem& problem) {
  const Error error = wire::to_error(problem);
  if (is_offering()) {
    const bool is_refused = error.code == ErrorCode::forked || error.code == ErrorCode::gap ||
                            error.code == ErrorCode::permission || error.code == ErrorCode::not_found;
    if (is_refused) return end_offer(), Result<>(); // another store went on under that id
    if (error.code == ErrorCode::epoch) former_.clear();
  }
  switch (error.code) {
    case ErrorCode::epoch:
      if (!problem.last_n) return wants_epoch_probe_ = true, Result<>();
      return adopt_log(problem);
    case ErrorCode::resync: return restart_snapshot();
    case ErrorCode::forked: return renew(problem.accepted);
    case ErrorCode::gap:
      if (!problem.last_n) break;
      return adopt_log(problem);
    case ErrorCode::permission:
    case ErrorCode::not_found: return refuse(error);
    default: break;
  }
  // A network that drops connections early never carries a large piece, however often it is repeated.
  if (error.code == ErrorCode::offline) {
    page_ = std::max(page_ / 2, k_smallest_piece);
    page_bytes_ = std::max(page_bytes_ / 2, k_smallest_page);
    batch_ = std::max(batch_ / 2, std::min(batch_, k_smallest_piece));
  }
  if (problem.retry_after_s) backoff_.set_floor(std::chrono::seconds(*problem.retry_after_s));
  block(error);
  return {};
}

/// The hub does not know this workspace (any more), without proof of a removal: the replica stays readable
/// and the outbox intact, and we ask again now and then.
Result<> Lane::refuse(const Error& error) {
  log(LogLevel::warning, "the hub no longer knows workspace {}: {}", id_.view(), error.message);
  blocked_until_ = now() + k_refused_delay;
  sync_requested_ = false;
  wants_push_ = true;
  return context_.store.mark_unknown_to_hub(id_);
}

void Lane::block(const Error& error) {
  log(LogLevel::info, "sync of {}: {}", id_.view(), error.message);
  blocked_until_ = now() + backoff_.next(context_.replica.random());
  sync_requested_ = false;
  wants_push_ = true;
}

void Lane::note_success() {
  backoff_ = base::Backoff(k_first_delay, k_longest_delay);
  blocked_until_ = {};
}

/// The log of the hub is not the one that was sent to: it has another epoch, or lacks operations that it once
/// had. What it lacks is queued again before its state replaces ours.
Result<> Lane::adopt_log(const wire::Problem& problem) {
  TRY_ASSIGN(const auto stored, row());
  // About the numbers of an id that this store gave up: asked again for those of the present one.
  if (stored.replica != push_replica_) return wants_epoch_probe_ = true, Result<>();
  wants_epoch_probe_ = false;
  TRY(context_.store.adopt_log(id_, *problem.last_n, problem.accepted));
  adopted_epoch_ = problem.epoch.value_or(model::Epoch{});
  TRY_ASSIGN(former_, context_.store.former_replicas(id_));
  offered_through_.reset();
  return restart_snapshot();
}

/// Another store works under this replica's id. An answer about operations that were sent under an
/// earlier id of this store must not renew it again.
Result<> Lane::renew(const std::optional<std::vector<wire::OperationMark>>& accepted) {
  TRY_ASSIGN(const auto stored, row());
  if (stored.replica != push_replica_) return {};
  log(LogLevel::warning, "workspace {}: this store is a copy of another; it goes on under a new replica id",
      id_.view());
  pushed_through_ = 0;
  wants_push_ = true;
  return context_.store.renew_replica(id_, accepted);
}

// --- the log ---

Result<> Lane::take_entries(model::Epoch epoch, std::span<const model::Entry> entries, model::Sequence head) {
  if (snapshot_ != Snapshot::none) return {};
  const auto applied = context_.store.apply_entries(id_, epoch, entries, head);
  if (!applied) {
    switch (applied.error().code) {
      case ErrorCode::epoch: return wants_epoch_probe_ = true, Result<>();
      case ErrorCode::resync: return restart_snapshot();
      case ErrorCode::corrupt:
        if (is_healing_) return applied.error();
        return resync_damaged(applied.error().message);
      default: return applied.error();
    }
  }
  context_.counters.pulled += applied->entries;
  context_.counters.merged += applied->merged;
  context_.counters.conflicts += applied->conflicts;
  context_.counters.rejected += applied->rejected;
  if (applied->queued > 0) wants_push_ = true;
  if (applied->is_gap || applied->is_forked) wants_pull_ = true;
  return applied->is_forked ? ask_about_fork() : Result<>();
}

/// The log has an operation of another store under this replica's id. Which operations of the outbox the hub
/// has besides (below a snapshot, say), only its answer to a push tells: sent again under a new id they would
/// be applied twice.
Result<> Lane::ask_about_fork() {
  TRY_ASSIGN(const auto outbox, context_.store.next_push(id_, 0, 1));
  if (outbox.operations.empty()) {
    TRY_ASSIGN(const auto stored, row());
    push_replica_ = stored.replica;
    return renew(std::nullopt);
  }
  asks_about_fork_ = true;
  pushed_through_ = 0;
  wants_push_ = true;
  return {};
}

Result<> Lane::compare_head(const model::Cursor& head, HeadNews news) {
  if (snapshot_ != Snapshot::none) return {};
  TRY_ASSIGN(const auto stored, row());
  if (stored.cursor.epoch != head.epoch) return wants_epoch_probe_ = true, Result<>();
  if (news == HeadNews::replay_follows) wants_push_ = true;
  if (news == HeadNews::should_be_here && stored.cursor.sequence < head.sequence) wants_pull_ = true;
  if (stored.head >= head.sequence) return {};
  return context_.store.note_head(id_, head);
}

Result<WorkspaceRow> Lane::row() {
  return context_.replica.read([&](Reader& reader) -> Result<WorkspaceRow> { return reader.workspace(id_); });
}

} // namespace memsync::replica
