#include "hub/hub_implementation.h"
#include "hub/push.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::Role;
using model::Sequence;
using model::WorkspaceId;

namespace {

/// Pages are a fifth of this apart at most on a slow line; noting each would be a commit each.
constexpr std::chrono::minutes k_snapshot_noted{10};

} // namespace

void Hub::Implementation::push(const Principal& principal, const WorkspaceId& workspace,
                               wire::PushRequest request,
                               std::function<void(Answer<wire::PushAnswer>)> done) {
  const base::Instant began = clock.instant();
  const auto amount = static_cast<double>(request.operations.size());
  if (auto free = limit(push_requests, principal.key(), 1, began, "pushes"); !free) return done(free.error());
  if (auto free = limit(push_operations, principal.key(), amount, began, "operations"); !free)
    return done(free.error());
  auto prepared = prepare_push(std::move(request));
  if (!prepared) return done(std::move(prepared).error());

  struct State {
    Principal principal;
    WorkspaceId workspace;
    PreparedPush push;
    Answer<PushEffect> answer = base::Error{ErrorCode::internal, "the push was not carried out"};
    std::function<void(Answer<wire::PushAnswer>)> done;
  };
  auto state = std::make_shared<State>();
  state->principal = principal;
  state->workspace = workspace;
  state->push = *std::move(prepared);
  state->done = std::move(done);

  CommitQueue::Job job;
  job.weight = std::max<std::size_t>(1, state->push.request.operations.size());
  job.body = [this, state](StoreTxn& txn) {
    state->answer = apply_push(txn, state->principal, state->workspace, state->push, clock.now());
    return state->answer.has_value();
  };
  job.done = [this, state](const base::Result<>& committed) {
    if (!committed) return state->done(committed.error());
    if (!state->answer) {
      note_denial(state->principal, state->workspace, state->answer.error());
      return state->done(state->answer.error());
    }
    const PushEffect& effect = *state->answer;
    pushed.add(effect.accepted - effect.rejected);
    rejected.add(effect.rejected);
    skewed.add(effect.skewed);
    if (effect.accepted > 0) broker.publish(state->workspace, effect.answer.head);
    state->done(effect.answer);
  };
  if (has_threads()) {
    queue.submit(std::move(job));
  } else {
    queue.run(std::move(job));
  }
}

void Hub::push(const Principal& principal, const WorkspaceId& workspace, wire::PushRequest request,
               std::function<void(Answer<wire::PushAnswer>)> done) {
  implementation_->push(principal, workspace, std::move(request), std::move(done));
}

Answer<wire::PushAnswer> Hub::push(const Principal& principal, const WorkspaceId& workspace,
                                   wire::PushRequest request) {
  std::promise<Answer<wire::PushAnswer>> answered;
  push(principal, workspace, std::move(request),
       [&](Answer<wire::PushAnswer> answer) { answered.set_value(std::move(answer)); });
  return answered.get_future().get();
}

Answer<PulledPage> Hub::pull(const Principal& principal, const WorkspaceId& workspace,
                             const PullRequest& request) {
  Implementation& hub = *implementation_;
  auto page = hub.read(
      principal, Permission::memory_read, workspace, [&](StoreReader& reader, Role) -> Answer<PulledPage> {
        const LogRange log = reader.log_range(workspace);
        const model::Epoch epoch = reader.epoch();
        const Sequence after = request.after.sequence;
        if (request.after.epoch != epoch || after < log.floor || after > log.head) {
          wire::Problem problem;
          problem.code = ErrorCode::resync;
          problem.detail = "the log does not go on from that cursor: fetch a snapshot";
          problem.epoch = epoch;
          return problem;
        }
        PulledPage found;
        const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, model::limits::k_page_entries);
        Sequence to = after;
        for (LogEntry& entry : reader.read_log(workspace, after, limit, model::limits::k_page_bytes)) {
          to = entry.sequence;
          found.entries.push_back(std::move(entry.text));
        }
        found.range = {epoch, after, to, log.head, log.floor, {}, to < log.head};
        return found;
      });
  if (!page) return page;
  hub.pulled.add(page->entries.size());
  if (request.replica) hub.cursors.note(workspace, *request.replica, request.after.sequence, hub.clock.now());
  return page;
}

Answer<wire::SnapshotOpened> Hub::open_snapshot(const Principal& principal, const WorkspaceId& workspace,
                                                const wire::SnapshotRequest& request) {
  Implementation& hub = *implementation_;
  if (request.outstanding.size() > 100'000)
    return refuse(ErrorCode::too_large, "more than 100,000 operations outstanding: push first");
  hub.snapshots.add();
  return hub.change(
      principal, Permission::memory_read, workspace, [&](Work& work, Role) -> Answer<wire::SnapshotOpened> {
        work.txn.drop_snapshots(work.now - k_snapshot_lifetime);
        wire::SnapshotOpened opened;
        opened.session = model::TxId::random(work.random).str();
        opened.epoch = work.txn.epoch();
        opened.at = work.txn.lock_head(workspace);
        opened.nodes = static_cast<std::uint64_t>(work.txn.count_nodes(workspace));
        const auto replica = work.txn.find_replica(workspace, request.replica);
        const bool is_own = replica && replica->user == principal.user;
        for (const wire::OperationMark& mark : request.outstanding) {
          const auto known = is_own ? work.txn.find_result(*replica, mark.n) : std::nullopt;
          // A rejected operation left nothing that the snapshot could hold: it stays in the
          // outbox, so that pushing it again tells its author.
          if (known && known->hash == mark.hash && known->result.status != model::Status::rejected)
            opened.contains.push_back(mark.n);
        }
        work.txn.put_snapshot(workspace, {opened.session, principal.user, opened.at, work.now});
        return opened;
      });
}

Answer<wire::SnapshotPageTexts> Hub::snapshot_page(const Principal& principal, const WorkspaceId& workspace,
                                                   const std::string& session, const std::string& after_key,
                                                   std::size_t max_bytes) {
  Implementation& hub = *implementation_;
  const base::Timestamp now = hub.clock.now();
  std::optional<SnapshotSession> known;
  auto page =
      hub.read(principal, Permission::memory_read, workspace,
               [&](StoreReader& reader, Role) -> Answer<wire::SnapshotPageTexts> {
                 known = reader.find_snapshot(workspace, session);
                 if (!known || known->user != principal.user || known->used_at + k_snapshot_lifetime <= now)
                   return refuse(ErrorCode::resync, "this snapshot is over: open another one");
                 auto texts = reader.read_snapshot(workspace, after_key, max_bytes);
                 texts.session = session;
                 return texts;
               });
  if (!page || known->used_at + k_snapshot_noted > now) return page;
  known->used_at = now;
  TRY(hub.change(principal, Permission::memory_read, workspace, [&](Work& work, Role) -> Answer<> {
    work.txn.put_snapshot(workspace, *known);
    return {};
  }));
  return page;
}

Answer<wire::WorkspaceDigest> Hub::digest(const Principal& principal, const WorkspaceId& workspace) {
  Implementation& hub = *implementation_;
  return hub.read(principal, Permission::memory_read, workspace,
                  [&](StoreReader& reader, Role) -> Answer<wire::WorkspaceDigest> {
                    wire::WorkspaceDigest answer;
                    answer.epoch = reader.epoch();
                    answer.head = reader.log_range(workspace).head;
                    {
                      const std::lock_guard lock(hub.digests_mutex);
                      const auto known = hub.digests.find(workspace);
                      if (known != hub.digests.end() && known->second.head == answer.head &&
                          known->second.epoch == answer.epoch)
                        return known->second;
                    }
                    const model::StateDigest digest = reader.digest(workspace);
                    answer.items = digest.items();
                    answer.digest = digest.hex();
                    const std::lock_guard lock(hub.digests_mutex);
                    return hub.digests[workspace] = answer;
                  });
}

Answer<std::unique_ptr<Subscription>> Hub::open_stream(const Principal& principal,
                                                       const StreamRequest& request, StreamSink& sink) {
  Implementation& hub = *implementation_;
  const std::string key =
      principal.user.str() + (request.replicas.empty() ? std::string() : request.replicas.front().str());
  TRY(Implementation::limit(hub.stream_opens, key, 1, hub.clock.instant(), "streams opened"));
  auto opened = hub.streams.open(principal, request, sink);
  if (!opened)
    hub.note_denial(principal, request.workspaces.empty() ? WorkspaceId{} : request.workspaces.front(),
                    opened.error());
  const std::size_t told = std::min(request.replicas.size(), request.after.size());
  for (std::size_t i = 0; opened && i < std::min(told, request.workspaces.size()); ++i)
    if (request.after[i].epoch == hub.epoch)
      hub.cursors.note(request.workspaces[i], request.replicas[i], request.after[i].sequence,
                       hub.clock.now());
  return opened;
}

} // namespace memsync::hub
