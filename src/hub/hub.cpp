#include "hub/hub.h"

#include "base/log.h"
#include "hub/hub_implementation.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::Role;
using model::UserId;
using model::WorkspaceId;

namespace {

constexpr RateRule k_audited_denials{60, 60}; // per person: a loop must not fill the disk

} // namespace

Hub::Implementation::Implementation(base::Clock& clock_source, base::Random& random_source,
                                    HubStore& store_used, Broker& broker_used, HubOptions options_given)
    : clock(clock_source),
      random(random_source),
      store(store_used),
      broker(broker_used),
      options(std::move(options_given)),
      pushed(metrics.counter("memsync_push_operations_total", "Operations accepted into the log")),
      rejected(metrics.counter("memsync_push_rejected_total", "Operations rejected for good")),
      skewed(metrics.counter("memsync_clock_skew_total",
                             "Operations whose clock was more than two minutes ahead of the hub's")),
      denied(metrics.counter("memsync_denied_total", "Requests refused for lack of a right")),
      pulled(metrics.counter("memsync_pull_entries_total", "Log entries given out by pulls")),
      snapshots(metrics.counter("memsync_snapshots_total", "Snapshots opened")),
      compacted(metrics.counter("memsync_compacted_entries_total", "Log entries dropped by compaction")),
      purged(metrics.counter("memsync_purged_nodes_total", "Deleted nodes purged for good")),
      push_requests(options.push_requests),
      push_operations(options.push_operations),
      stream_opens(options.stream_opens),
      invitation_tries(options.invitation_tries),
      denials(k_audited_denials),
      socket_opens(options.socket_opens),
      socket_messages(options.socket_messages),
      presence_reports(options.presence_reports),
      streams(clock, random, store, broker, metrics, options.streams),
      queue(store, clock, metrics,
            [this](const std::vector<UserId>& touched) {
              for (const UserId& user : touched) streams.suspend(user);
            }),
      sign_in(workplace, options.sign_in),
      devices(workplace, options.devices) {}

Hub::Implementation::~Implementation() {
  {
    const std::lock_guard lock(keeper_mutex_);
    is_stopping_ = true;
  }
  keeper_wake_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  postbox.reset(); // what it did not send is still noted
  queue.close();
  streams.stop();
  if (writer_.joinable()) writer_.join();
  if (pump_.joinable()) pump_.join();
}

void Hub::Implementation::start_threads() {
  writer_ = std::thread([this] {
    while (queue.step()) {
    }
  });
  pump_ = std::thread([this] {
    while (streams.wait(streams.step())) {
    }
  });
  keeper_ = std::thread([this] { keep_house(); });
  if (options.mailer) postbox = std::make_unique<Postbox>(*options.mailer);
}

/// The keeper's thread: what nobody waits for.
void Hub::Implementation::keep_house() {
  constexpr std::chrono::minutes k_note_period{1};
  constexpr std::chrono::hours k_compaction_period{1};
  base::Instant compact_at = clock.instant() + k_compaction_period;
  std::unique_lock lock(keeper_mutex_);
  while (!keeper_wake_.wait_for(lock, k_note_period, [this] { return is_stopping_; })) {
    lock.unlock();
    if (const auto noted = cursors.write(store); !noted)
      base::log(base::LogLevel::warning, "how far replicas read is not noted: {}", noted.error().message);
    if (clock.instant() >= compact_at) {
      compact_at = clock.instant() + k_compaction_period;
      if (const auto done = compact(); !done)
        base::log(base::LogLevel::warning, "compaction waits: {}", done.error().message);
    }
    lock.lock();
  }
  lock.unlock();
  if (const auto noted = cursors.write(store); !noted)
    base::log(base::LogLevel::warning, "how far replicas read is not noted: {}", noted.error().message);
}

base::Result<Compacted> Hub::Implementation::compact() {
  // First, so that a replica that reads slowly holds the floor where it is now.
  TRY(cursors.write(store));
  TRY_ASSIGN(const Compacted done, compact_all(store, clock, options.compaction));
  compacted.add(done.entries);
  purged.add(done.nodes);
  if (done.entries + done.nodes > 0)
    base::log(base::LogLevel::info, "compacted: {} log entries dropped, {} deleted nodes purged",
              done.entries, done.nodes);
  return done;
}

Answer<> Hub::Implementation::limit(RateLimiter& limiter, std::string_view key, double amount,
                                    base::Instant now, std::string_view what) {
  return limiter.require(key, amount, now, what);
}

void Hub::Implementation::note_denial(const Principal& principal, const WorkspaceId& workspace,
                                      const wire::Problem& problem) {
  const bool is_denial = problem.code == ErrorCode::permission || problem.code == ErrorCode::removed ||
                         problem.code == ErrorCode::not_found;
  if (!is_denial) return;
  denied.add();
  if (denials.take(principal.user.view(), 1, clock.instant())) return;
  const AuditEvent event{0, clock.now(), AuditAction::denied, principal.user, workspace, {}, problem.detail};
  workplace.write_soon([event](StoreTxn& txn) { txn.add_audit(event); });
}

Hub::Hub(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Hub::~Hub() = default;

base::Result<std::unique_ptr<Hub>> Hub::open(base::Clock& clock, base::Random& random, HubStore& store,
                                             Broker& broker, HubOptions options) {
  auto implementation = std::make_unique<Implementation>(clock, random, store, broker, std::move(options));
  TRY_ASSIGN(implementation->epoch,
             store.read([](StoreReader& reader) -> base::Result<model::Epoch> { return reader.epoch(); }));
  if (implementation->has_threads()) implementation->start_threads();
  return std::unique_ptr<Hub>(new Hub(std::move(implementation)));
}

// --- who asks ---

Answer<Principal> Hub::authenticate(std::string_view secret) {
  Implementation& hub = *implementation_;
  const base::Timestamp now = hub.clock.now();
  TRY_ASSIGN(auto found,
             hub.store.read([&](StoreReader& reader) { return hub::authenticate(reader, secret, now); }));
  if (found.is_use_due)
    hub.workplace.write_soon([who = found.principal, now](StoreTxn& txn) {
      if (who.session.is_empty())
        txn.touch_token(who.token, now);
      else
        txn.touch_session(who.session, now);
    });
  return std::move(found.principal);
}

Answer<Role> Hub::authorize(const Principal& principal, Permission permission, const WorkspaceId& workspace) {
  return implementation_->read(principal, permission, workspace,
                               [](StoreReader&, Role role) -> Answer<Role> { return role; });
}

namespace {

/// The person's workspaces, as far as the token covers them.
std::vector<WorkspaceDetails> list_visible(StoreReader& reader, const Principal& principal) {
  std::vector<WorkspaceDetails> visible;
  const auto& limits = principal.workspaces;
  for (const auto& [workspace, role] : reader.list_workspaces_of(principal.user))
    if (limits.empty() || std::find(limits.begin(), limits.end(), workspace.id) != limits.end())
      visible.push_back(describe(reader, workspace, role));
  return visible;
}

} // namespace

Answer<wire::Me> Hub::me(const Principal& principal) {
  return implementation_->store.read([&](StoreReader& reader) -> Answer<wire::Me> {
    const auto user = reader.find_user(principal.user);
    if (!user) return refuse(ErrorCode::unauthenticated, "the account is gone: sign in again");
    wire::Me me{user->id, user->name, user->email, reader.epoch(), {}};
    for (WorkspaceDetails& workspace : list_visible(reader, principal))
      me.workspaces.push_back(std::move(workspace));
    return me;
  });
}

// --- workspaces and members ---

Answer<std::vector<WorkspaceDetails>> Hub::workspaces(const Principal& principal) {
  return implementation_->store.read([&](StoreReader& reader) -> Answer<std::vector<WorkspaceDetails>> {
    return list_visible(reader, principal);
  });
}

Answer<WorkspaceDetails> Hub::workspace(const Principal& principal, const WorkspaceId& id) {
  return implementation_->read(principal, Permission::team_read, id,
                               [&](StoreReader& reader, Role role) -> Answer<WorkspaceDetails> {
                                 return describe(reader, *reader.find_workspace(id), role);
                               });
}

Answer<WorkspaceDetails> Hub::create_workspace(const Principal& principal, std::string name,
                                               const std::optional<std::string>& slug) {
  Implementation& hub = *implementation_;
  auto answer = hub.workplace.write([&](StoreTxn& txn) -> Answer<WorkspaceDetails> {
    Work work{txn, hub.random, hub.clock.now(), principal.user};
    if (!principal.workspaces.empty() || !principal.scopes.has(Permission::team_write))
      return refuse(ErrorCode::permission,
                    "this token is limited: creating a workspace needs team.write everywhere");
    TRY_ASSIGN(auto created,
               hub::create_workspace(work, principal.user, model::WorkspaceKind::team, name, slug));
    return describe(txn, created, Role::owner);
  });
  if (!answer) hub.note_denial(principal, {}, answer.error());
  return answer;
}

Answer<WorkspaceDetails> Hub::change_workspace(const Principal& principal, const WorkspaceId& id,
                                               const WorkspaceChange& change) {
  return implementation_->change(principal, Permission::team_write, id,
                                 [&](Work& work, Role role) -> Answer<WorkspaceDetails> {
                                   TRY(hub::change_workspace(work, id, change));
                                   return describe(work.txn, *work.txn.find_workspace(id), role);
                                 });
}

Answer<> Hub::delete_workspace(const Principal& principal, const WorkspaceId& id,
                               std::string_view confirmed_name) {
  return implementation_->change(principal, Permission::team_delete, id, [&](Work& work, Role) {
    return hub::delete_workspace(work, id, confirmed_name);
  });
}

Answer<std::vector<wire::MemberInfo>> Hub::members(const Principal& principal, const WorkspaceId& id) {
  return implementation_->read(principal, Permission::team_read, id,
                               [&](StoreReader& reader, Role) -> Answer<std::vector<wire::MemberInfo>> {
                                 return reader.list_members(id);
                               });
}

Answer<> Hub::change_role(const Principal& principal, const WorkspaceId& id, const UserId& user, Role role) {
  return implementation_->change(principal, Permission::member_change_role, id,
                                 [&](Work& work, Role) { return set_role(work, id, user, role); });
}

Answer<> Hub::remove_member(const Principal& principal, const WorkspaceId& id, const UserId& user) {
  return implementation_->change(
      principal, Permission::member_remove, id, [&](Work& work, Role own) -> Answer<> {
        const auto member = work.txn.find_member(id, user);
        if (member && !member->removed && member->role == Role::owner && own != Role::owner)
          return missing(Permission::member_change_role);
        return end_membership(work, id, user, AuditAction::member_removed);
      });
}

Answer<> Hub::leave(const Principal& principal, const WorkspaceId& id) {
  return implementation_->change(principal, Permission::team_read, id, [&](Work& work, Role) {
    return end_membership(work, id, principal.user, AuditAction::member_left);
  });
}

// --- tokens ---

namespace {

/// True when the request asks for nothing the principal's own token could not do.
bool is_within(const TokenRequest& request, const Principal& principal) {
  if (!request.scopes.is_within(principal.scopes)) return false;
  // Whoever is signed in makes tokens that outlive the session: its end is no limit of the person.
  const bool is_by_token = principal.session.is_empty();
  if (is_by_token && principal.expires_at &&
      (!request.expires_at || *request.expires_at > *principal.expires_at))
    return false;
  if (principal.workspaces.empty()) return true;
  if (request.workspaces.empty()) return false;
  return std::all_of(request.workspaces.begin(), request.workspaces.end(), [&](const WorkspaceId& id) {
    return std::find(principal.workspaces.begin(), principal.workspaces.end(), id) !=
           principal.workspaces.end();
  });
}

} // namespace

Answer<IssuedToken> Hub::create_token(const Principal& principal, const TokenRequest& request) {
  Implementation& hub = *implementation_;
  auto answer = hub.workplace.write([&](StoreTxn& txn) -> Answer<IssuedToken> {
    Work work{txn, hub.random, hub.clock.now(), principal.user};
    if (!is_within(request, principal))
      return refuse(ErrorCode::permission,
                    "a token cannot be wider or live longer than the one it is made with");
    for (const WorkspaceId& id : request.workspaces)
      TRY(hub::authorize(txn, principal, Permission::memory_read, id, work.now));
    return issue_token(work, principal.user, request);
  });
  if (!answer) hub.note_denial(principal, {}, answer.error());
  return answer;
}

Answer<std::vector<Token>> Hub::tokens(const Principal& principal) {
  return implementation_->store.read(
      [&](StoreReader& reader) -> Answer<std::vector<Token>> { return reader.list_tokens(principal.user); });
}

Answer<> Hub::revoke_token(const Principal& principal, const TokenId& id) {
  Implementation& hub = *implementation_;
  auto answer = hub.workplace.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, hub.random, hub.clock.now(), principal.user};
    const auto token = txn.find_token(id);
    if (!token || token->user != principal.user) return refuse(ErrorCode::not_found, "no such token");
    const TokenRequest as_request{token->name, token->scopes, token->workspaces, token->expires_at};
    if (id != principal.token && !is_within(as_request, principal))
      return refuse(ErrorCode::permission, "this token is narrower than that one: use a wider one");
    if (token->revoked_at) return {};
    txn.revoke_token(id, work.now);
    note(work, AuditAction::token_revoked, {}, principal.user, token->name);
    return {};
  });
  if (!answer && answer.error().code != ErrorCode::not_found) hub.note_denial(principal, {}, answer.error());
  return answer;
}

// --- the program around it ---

Streams& Hub::streams() { return implementation_->streams; }
SignIn& Hub::sign_in() { return implementation_->sign_in; }
DeviceFlow& Hub::devices() { return implementation_->devices; }
Broker& Hub::broker() { return implementation_->broker; }
Metrics& Hub::metrics() { return implementation_->metrics; }
base::Clock& Hub::clock() { return implementation_->clock; }
model::Epoch Hub::epoch() const { return implementation_->epoch; }

base::Result<> Hub::check_ready() {
  return implementation_->store.read([](StoreReader& reader) -> base::Result<> {
    if (reader.epoch().value == 0)
      return base::Error{ErrorCode::internal, "the store has no epoch: restore a backup"};
    return {};
  });
}

base::Result<> Hub::note_cursors() { return implementation_->cursors.write(implementation_->store); }
base::Result<Compacted> Hub::compact() { return implementation_->compact(); }

} // namespace memsync::hub
