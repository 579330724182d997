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
