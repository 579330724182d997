#pragma once

#include <chrono>
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/session.h"
#include "replica/sync_store.h"
#include "tests/unit/model/memory_state.h"
#include "tests/unit/temporary_folder.h"

/// People with real replicas around a hub that applies operations in memory, one at a time.
namespace memsync::tests {

/// Time that moves only when told to.
class ManualClock final : public base::Clock {
 public:
  base::Timestamp now() override { return now_; }
  base::Instant instant() override { return instant_; }
  void advance(std::chrono::milliseconds by) {
    now_ += by;
    instant_ += by;
  }

 private:
  base::Timestamp now_ = *base::parse_time("2026-11-20T12:00:00Z", {});
  base::Instant instant_{std::chrono::hours(1)};
};

/// A team's log.
struct Hub {
  model::WorkspaceId workspace;
  std::vector<wire::MemberInfo> members, former;
  model::tests::MemoryState state;
  std::vector<model::Entry> log;

  void push(const std::vector<model::Operation>& operations, const model::ReplicaId& replica,
            const model::UserId& author, base::Timestamp at) {
    for (const auto& operation : operations) {
      const model::Sequence sequence{log.size() + 1};
      const auto outcome = model::apply(state, operation, {sequence, operation.clock, replica, author});
      state.note_wanted(operation, sequence);
      model::Entry entry;
      entry.sequence = sequence;
      entry.replica = replica;
      entry.n = operation.n;
      entry.hash = operation.hash;
      entry.kind = operation.kind;
      entry.target = operation.target;
      entry.by = {author, operation.client, operation.session, operation.project};
      entry.at = at;
      entry.clock = operation.clock;
      entry.tx = operation.tx;
      entry.status = outcome.status;
      if (outcome.rejection) entry.code = outcome.rejection->code;
      entry.nodes = outcome.nodes;
      entry.relationships = outcome.relationships;
      entry.comments = outcome.comments;
      entry.lost = outcome.lost;
      entry.conflicts = outcome.conflicts;
      log.push_back(std::move(entry));
    }
  }
};

/// Sync under the hands of a test: nothing happens until the test says so.
class HeldSync final : public agent::SyncControl {
 public:
  agent::SyncReport state{replica::Live{}, {}, true};
  bool settled = true;
  std::size_t requests = 0, commits = 0;

  void local_commit() override { ++commits; }
  void request_sync() override { ++requests; }
  agent::SyncReport report() override { return state; }
  bool is_settled(const model::WorkspaceId&) override { return settled; }
  void when_settled(std::function<bool()> condition, std::function<base::Instant()> deadline,
                    std::function<void()> then) override {
    if (condition()) return then();
    parked_.push_back({std::move(condition), std::move(deadline), std::move(then)});
  }
  std::vector<model::WorkspaceId> wanted_history;
  void when_history_is_whole(const model::WorkspaceId& workspace, std::function<base::Instant()> deadline,
                             std::function<void()> then) override {
    wanted_history.push_back(workspace);
    when_settled([this] { return !std::holds_alternative<replica::Live>(state.connection); },
                 std::move(deadline), std::move(then));
  }
  bool introduced = true;
  bool is_introduced() override { return introduced; }
  void when_introduced(std::function<base::Instant()> deadline, std::function<void()> then) override {
    when_settled([this] { return introduced; }, std::move(deadline), std::move(then));
  }
  /// Asks the conditions again, as after an engine step.
  void step(base::Instant now) {
    auto parked = std::move(parked_);
    parked_.clear();
    for (auto& each : parked) {
      if (each.condition() || each.deadline() <= now) {
        each.then();
      } else {
        parked_.push_back(std::move(each));
      }
    }
  }
  std::size_t parked() const { return parked_.size(); }

 private:
  struct Parked {
    std::function<bool()> condition;
    std::function<base::Instant()> deadline;
    std::function<void()> then;
  };
  std::vector<Parked> parked_;
};

/// One person's machine.
class Person {
 public:
  explicit Person(std::string name, agent::Session::Options options = {})
      : name_(std::move(name)),
        random_(std::hash<std::string>()(name_)),
        user_(model::UserId::random(random_)) {
    replica = open();
    if (options.client.empty()) options.client = "tester/1";
    session = std::make_unique<agent::Session>(
        *replica, [this] { return replica::Replica::open(read_only(), clock, random_); }, sync,
        std::move(options));
  }

  /// Makes this person a member of the hub's team, which is called "Crew".
  void join(Hub& hub, model::Role role = model::Role::member) {
    if (hub.workspace.is_empty()) hub.workspace = model::WorkspaceId::random(random_);
    hub_ = &hub;
    hub.members.push_back({user_, name_, name_ + "@example.org", role});
    hear_of_members();
    check(replica->database().write([](storage::WriteTxn& txn) -> base::Result<> {
      txn.run("UPDATE store SET hub = 'https://hub.example.org'");
      return {};
    }));
  }
  /// Learns who has joined since.
  void hear_of_members() {
    wire::Me me;
    for (const auto& member : hub_->members) {
      if (member.id != user_) continue;
      me.id = user_;
      me.name = member.name;
      me.email = member.email;
      me.workspaces.push_back({hub_->workspace, model::WorkspaceKind::team, "Crew", member.role,
                               model::Strategy::merge, hub_->members, hub_->former});
    }
    check(replica::SyncStore(*replica, 0).adopt_account(me));
  }

  /// Pushes what is pending, then pulls what is new.
  void exchange() {
    push();
    pull();
  }
  void push() {
    replica::SyncStore store(*replica, 0);
    const auto request = value(store.next_push(hub_->workspace, 0, 1'000));
    hub_->push(request.operations, request.replica, user_, clock.now());
  }
  void pull() {
    const auto row = value(replica->read([&](replica::Reader& reader) -> base::Result<replica::WorkspaceRow> {
      return reader.workspace(hub_->workspace);
    }));
    const auto first = static_cast<std::ptrdiff_t>(row.cursor.sequence.value);
    const std::vector<model::Entry> news(hub_->log.begin() + first, hub_->log.end());
    value(replica::SyncStore(*replica, 0)
              .apply_entries(hub_->workspace, row.cursor.epoch, news, model::Sequence{hub_->log.size()}));
  }

  template <class T>
  static T value(base::Result<T> result) {
    if (!result) FAIL(result.error().message);
    return *std::move(result);
  }
  static void check(const base::Result<>& result) {
    if (!result) FAIL(result.error().message);
  }

  /// Writes one memory below a document that is made if needed; its id.
  model::NodeId write(const model::WorkspaceId& workspace, const std::string& document,
                      const std::string& title, const std::string& content) {
    return value(session->edit(workspace, std::nullopt, std::nullopt,
                               [&](replica::Editor& editor) -> base::Result<model::NodeId> {
                                 TRY_ASSIGN(const auto root, editor.ensure_document(document));
                                 model::FieldChanges fields;
                                 fields.title = title;
                                 fields.content = model::TextChange{content, {}};
                                 return editor.create(fields, {root, std::nullopt});
                               }));
  }
  model::WorkspaceId local() {
    return value(replica->read([](replica::Reader& reader) -> base::Result<model::WorkspaceId> {
      TRY_ASSIGN(const auto row, reader.resolve_workspace("local"));
      return row.id;
    }));
  }

  const std::string& name() const { return name_; }
  const model::UserId& user() const { return user_; }

  TemporaryFolder folder;
  ManualClock clock;
  HeldSync sync;
  std::unique_ptr<replica::Replica> replica;
  std::unique_ptr<agent::Session> session;

 private:
  replica::ReplicaOptions read_only() const { return {folder.path(), storage::Access::read_only, ""}; }
  std::unique_ptr<replica::Replica> open() {
    return value(replica::Replica::open({folder.path(), storage::Access::read_write, ""}, clock, random_));
  }

  std::string name_;
  base::SeededRandom random_;
  model::UserId user_;
  Hub* hub_ = nullptr;
};

} // namespace memsync::tests
