#include <doctest/doctest.h>

#include "replica/lane.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::Sequence;

namespace {

/// A lane whose requests are caught; the log has an operation of another store under this replica's id.
struct ForkedLane {
  TeamStore store;
  SyncStore sync{*store.replica, 0};
  SyncCounters counters;
  std::vector<HubRequest> sent;
  LaneContext context{*store.replica,
                      sync,
                      counters,
                      100,
                      [this](HubRequest request) { return sent.push_back(std::move(request)), sent.size(); },
                      [] { return true; }};
  Lane lane{context, store.team()};

  void meet_operation(std::uint64_t n) {
    model::Entry entry;
    entry.sequence = Sequence{1};
    entry.replica = store.team().replica;
    entry.n = n;
    entry.hash = base::Hash128::of("written by the other store");
    must(lane.take_entries(store.epoch, std::vector{entry}, Sequence{1}));
    must(lane.advance());
  }
  const wire::PushRequest& push() { return std::get<PushToWorkspace>(sent.back()).push; }
};

} // namespace

TEST_CASE("a forked store asks the hub which operations it has before it sends any under a new id") {
  ForkedLane forked;
  forked.store.create(titled("Plan"));
  const model::ReplicaId before = forked.store.team().replica;
  forked.meet_operation(2);
  REQUIRE(forked.sent.size() == 1);
  REQUIRE(forked.push().operations.size() == 1);
  CHECK(forked.push().replica == before);

  wire::Problem problem;
  problem.code = base::ErrorCode::forked;
  problem.accepted = {{1, forked.push().operations.front().hash}};
  HubAnswer answer{1, problem, std::nullopt};
  must(forked.lane.take(answer));
  CHECK(forked.store.team().replica != before);
  CHECK(must(forked.sync.next_push(forked.store.id, 0, 100)).operations.empty());
}

TEST_CASE("a forked store with nothing to send takes a new id at once") {
  ForkedLane forked;
  const model::ReplicaId before = forked.store.team().replica;
  forked.meet_operation(1);
  CHECK(forked.store.team().replica != before);
}

TEST_CASE("a late answer about a replica id that the store gave up does not make it take another") {
  ForkedLane forked;
  forked.store.create(titled("Plan"));
  must(forked.lane.advance());
  must(forked.sync.renew_replica(forked.store.id, {}));
  const model::ReplicaId renewed = forked.store.team().replica;

  wire::Problem problem;
  problem.code = base::ErrorCode::forked;
  HubAnswer answer{1, problem, std::nullopt};
  must(forked.lane.take(answer));
  CHECK(forked.store.team().replica == renewed);
}

TEST_CASE("a hub that lacks operations it had is sent them again, and what it has not a second time") {
  ForkedLane lane;
  const auto write = [&](std::string_view title) {
    return lane.store.edit([&](Editor& editor) -> base::Result<> {
      TRY(editor.create(titled(title), {}));
      return {};
    });
  };
  const WriteReceipt first = write("first"), second = write("second"), third = write("third");
  must(lane.lane.advance());
  REQUIRE(lane.push().operations.size() == 3);
  const model::ReplicaId before = lane.store.team().replica;
  lane.store.sql("DELETE FROM touch WHERE n = 2");
  lane.store.sql("DELETE FROM outbox WHERE n = 2"); // as when it was rejected

  wire::Problem problem;
  problem.code = base::ErrorCode::gap;
  problem.epoch = lane.store.epoch;
  problem.last_n = 1;
  HubAnswer answer{1, problem, std::nullopt};
  must(lane.lane.take(answer));
  CHECK(lane.store.team().replica == before);
  const wire::PushRequest push = must(lane.sync.next_push(lane.store.id, 0, 100));
  REQUIRE(push.operations.size() == 2);
  CHECK(push.operations[0].hash == first.operations.front().hash);
  CHECK(push.operations[1].n == 2);
  CHECK(push.operations[1].target == third.operations.front().target);
}

TEST_CASE("how much of a replica id that was given up a new log holds says nothing about the present one") {
  ForkedLane forked;
  forked.store.create(titled("Plan"));
  must(forked.lane.advance());
  must(forked.sync.renew_replica(forked.store.id, {}));

  wire::Problem problem;
  problem.code = base::ErrorCode::epoch;
  problem.epoch = model::Epoch{78};
  problem.last_n = 1;
  HubAnswer answer{1, problem, std::nullopt};
  must(forked.lane.take(answer));
  CHECK(must(forked.sync.next_push(forked.store.id, 0, 100)).operations.size() == 1);
  must(forked.lane.advance());
  CHECK(forked.push().replica == forked.store.team().replica);
  CHECK(forked.push().operations.empty());
}

namespace {

/// A store with one operation that was acknowledged under an id that it gave up, and one that waits.
struct RenewedLane : ForkedLane {
  model::ReplicaId former = store.team().replica;

  RenewedLane() {
    store.confirm(store.edit([&](Editor& editor) -> base::Result<> {
      TRY(editor.create(titled("of the former id"), {}));
      return {};
    }));
    must(sync.renew_replica(store.id, {}));
    store.create(titled("of the present one"));
    must(lane.advance());
  }
  void answer(decltype(HubAnswer::content) content) {
    HubAnswer answer{sent.size(), std::move(content), std::nullopt};
    must(lane.take(answer));
    must(lane.advance());
  }
  void refuse(base::ErrorCode code, std::uint64_t last_n) {
    wire::Problem problem;
    problem.code = code;
    problem.epoch = model::Epoch{78};
    problem.last_n = last_n;
    answer(problem);
  }
  static wire::PushAnswer accepted(std::uint64_t last_n, std::vector<model::PushResult> results = {}) {
    return {model::Epoch{78}, Sequence{1}, last_n, std::move(results)};
  }
};

} // namespace

TEST_CASE("a new log is offered what was acknowledged under an id that was given up, before its snapshot") {
  RenewedLane renewed;
  renewed.refuse(base::ErrorCode::epoch, 0);
  CHECK(renewed.push().replica == renewed.former);
  CHECK(renewed.push().epoch == model::Epoch{78});
  CHECK(renewed.push().operations.empty());

  renewed.answer(RenewedLane::accepted(0));
  CHECK(renewed.push().replica == renewed.former);
  REQUIRE(renewed.push().operations.size() == 1);
  CHECK(renewed.push().operations.front().n == 1);

  const model::PushResult rejected{1, model::Status::rejected, Sequence{1}, base::ErrorCode::permission,
                                   std::nullopt};
  renewed.answer(RenewedLane::accepted(1, {rejected}));
  CHECK(std::holds_alternative<OpenSnapshot>(renewed.sent.back()));
  CHECK(renewed.store.number("SELECT count(*) FROM rejected") == 1);
}

TEST_CASE("a new log that has what was acknowledged under an earlier id is offered nothing of it") {
  RenewedLane renewed;
  renewed.refuse(base::ErrorCode::epoch, 0);
  renewed.answer(RenewedLane::accepted(1));
  CHECK(std::holds_alternative<OpenSnapshot>(renewed.sent.back()));
}

TEST_CASE("nothing more is offered under an earlier id that another store went on under") {
  RenewedLane renewed;
  renewed.refuse(base::ErrorCode::epoch, 0);
  renewed.answer(RenewedLane::accepted(0));
  renewed.refuse(base::ErrorCode::forked, 1);
  CHECK(std::holds_alternative<OpenSnapshot>(renewed.sent.back()));
}

TEST_CASE("a log that replaces the new one while it is offered something is asked about anew") {
  RenewedLane renewed;
  renewed.refuse(base::ErrorCode::epoch, 0);
  renewed.refuse(base::ErrorCode::epoch, 5); // of the former id
  REQUIRE(std::holds_alternative<OpenSnapshot>(renewed.sent.back()));
  renewed.answer(wire::SnapshotOpened{"session", model::Epoch{79}, Sequence{9}, {}, 0});
  CHECK(renewed.push().replica == renewed.store.team().replica);
  CHECK(renewed.push().operations.empty());
  CHECK(must(renewed.sync.next_push(renewed.store.id, 0, 100)).operations.size() == 1);
}
