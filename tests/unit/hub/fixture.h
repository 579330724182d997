#pragma once

#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include "hub/admin.h"
#include "hub/backends/local_broker.h"
#include "hub/backends/sqlite_store.h"
#include "hub/hub.h"
#include "tests/unit/storage/fixture.h"
#include "wire/effect_codec.h"
#include "wire/operation_codec.h"
#include "wire/sse.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Role;
using model::Status;

/// Time that stands still until a test moves it.
class ManualClock final : public base::Clock {
 public:
  base::Timestamp now() override { return now_; }
  base::Instant instant() override { return instant_; }
  void advance(std::chrono::milliseconds time) {
    now_ += time;
    instant_ += time;
  }

 private:
  base::Timestamp now_{std::chrono::milliseconds(1'790'000'000'000)};
  base::Instant instant_{std::chrono::hours(1)};
};

template <class T>
T must(Answer<T> answer) {
  if (!answer) FAIL(answer.error().detail);
  return *std::move(answer);
}
inline void must(const Answer<>& answer) {
  if (!answer) FAIL(answer.error().detail);
}
template <class T>
T must(base::Result<T> result) {
  if (!result) FAIL(result.error().message);
  return *std::move(result);
}
/// The code of a failure; `internal` and a failed test for a success.
template <class T>
ErrorCode code_of(const Answer<T>& answer) {
  CHECK_FALSE(answer.has_value());
  return answer ? ErrorCode::internal : answer.error().code;
}

struct Person {
  model::UserId id;
  std::string token;
  Principal principal;
};

/// A replica reduced to what the hub sees of it: its id and its numbered operations.
class Writer {
 public:
  explicit Writer(base::Random& random) : id(model::ReplicaId::random(random)), random_(random) {}

  model::Operation start(model::OperationKind kind, const model::NodeId& target) {
    model::Operation op;
    op.n = ++n;
    op.kind = kind;
    op.target = model::id_cast<model::ItemId>(target);
    op.base = base;
    op.clock = clock;
    return op;
  }
  /// A new node below `parent`; without one a document.
  model::Operation create(const std::string& title, const model::NodeId& parent = {}) {
    auto op = start(model::OperationKind::create, model::NodeId::random(random_));
    op.fields.title = title;
    op.place = model::Place{parent, "V"};
    return sealed(op);
  }
  model::Operation retitle(const model::NodeId& node, const std::string& title) {
    auto op = start(model::OperationKind::update, node);
    op.fields.title = title;
    return sealed(op);
  }
  model::Operation remove(const model::NodeId& node) {
    return sealed(start(model::OperationKind::remove, node));
  }
  static model::Operation sealed(model::Operation op) {
    wire::seal(op);
    return op;
  }
  wire::PushRequest request(std::vector<model::Operation> operations) const {
    return {id, epoch, std::move(operations)};
  }

  model::ReplicaId id;
  model::Epoch epoch;
  model::Sequence base;
  model::Hlc clock{1'790'000'000'000ull << 16u};
  std::uint64_t n = 0;

 private:
  base::Random& random_;
};

/// A hub on a real file, with one team owned by Olga; driven by hand unless it has its own threads.
class HubFixture {
 public:
  explicit HubFixture(HubOptions::Threads threads = HubOptions::Threads::none) {
    options.threads = threads;
    const RateRule unlimited{1e9, 1e9};
    options.push_requests = options.push_operations = options.stream_opens = options.invitation_tries =
        unlimited;
    store = must(SqliteStore::open({folder.file("hub.db"), "", "", 4, std::chrono::seconds(10)}, random));
    const auto begun = must(Admin(clock, random, *store).init("olga@example.org", "Olga", "Team"));
    team = begun.workspace;
    open();
    olga = {begun.user, begun.token, must(hub->authenticate(begun.token))};
  }

  void open() {
    // Threads sleep until a time of the hub's clock: one that stands still would keep them awake.
    base::Clock& used = options.threads == HubOptions::Threads::own ? static_cast<base::Clock&>(real) : clock;
    hub = must(Hub::open(used, random, *store, broker, options));
  }
  /// Starts the hub again with what `options` say now.
  void reopen() {
    hub.reset();
    open();
  }

  Admin admin() { return {clock, random, *store}; }
  /// Somebody with an account and no team.
  Person stranger(const std::string& name) {
    const auto made = must(admin().create_user(name + "@example.org", name));
    return {made.user.id, made.token, must(hub->authenticate(made.token))};
  }
  /// Somebody who accepted an invitation to the team.
  Person member(const std::string& name, Role role = Role::member) {
    const auto invited = must(hub->invite(olga.principal, team, name + "@example.org", role));
    const auto joined = must(hub->accept_invitation(invited.token, name, std::nullopt, "address"));
    return {joined.user, joined.token, must(hub->authenticate(joined.token))};
  }

  wire::PushAnswer push(const Person& person, const Writer& writer,
                        std::vector<model::Operation> operations) {
    return must(hub->push(person.principal, team, writer.request(std::move(operations))));
  }
  /// A new document in the team's log.
  model::NodeId add(const Person& person, Writer& writer, const std::string& title,
                    const model::NodeId& parent = {}) {
    const auto op = writer.create(title, parent);
    const auto answer = push(person, writer, {op});
    CHECK(answer.results.at(0).status == Status::applied);
    return op.target_node();
  }

  PulledPage pull(const Person& person, std::uint64_t after, std::size_t limit = 1000) {
    return must(hub->pull(person.principal, team, {{hub->epoch(), model::Sequence{after}}, limit}));
  }
  std::vector<model::Entry> entries(const Person& person, std::uint64_t after = 0) {
    std::vector<model::Entry> found;
    for (;;) {
      const auto page = pull(person, after);
      for (const std::string& text : page.entries)
        found.push_back(must(wire::decode_entry(must(base::parse_json(text)))));
      after = page.range.to.value;
      if (!page.range.more) return found;
    }
  }
  /// Runs SQL on the file behind the hub's back.
  void execute(const std::string& sql) {
    constexpr storage::Migration k_current[] = {{4, ""}};
    storage::OpenOptions file;
    file.path = folder.file("hub.db");
    file.migrations = k_current;
    file.application_id = storage::k_hub_file;
    auto database = storage::open_database(file);
    must(database->write([&](storage::WriteTxn& txn) -> base::Result<bool> {
      txn.run(sql);
      return true;
    }));
  }
  /// Fails with everything that `check` finds wrong.
  void check_sound() {
    const auto report = must(store->check());
    for (const std::string& problem : report.problems) FAIL_CHECK(problem);
  }

  storage::TemporaryFolder folder;
  ManualClock clock;
  base::SystemClock real;
  base::SystemRandom random;
  std::unique_ptr<HubStore> store;
  LocalBroker broker;
  HubOptions options;
  std::unique_ptr<Hub> hub;
  model::WorkspaceId team;
  Person olga;
};

} // namespace memsync::hub
