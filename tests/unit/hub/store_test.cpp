#include <filesystem>

#include "hub/rate_limit.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

/// A hub with something of everything in it.
void fill(HubFixture& f) {
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  const auto node = f.add(f.olga, writer, "node", document);
  f.push(f.olga, writer, {writer.retitle(node, "renamed")});
  auto comment = writer.start(model::OperationKind::comment, model::NodeId::random(f.random));
  comment.node = node;
  comment.text = "a remark";
  auto relate = writer.start(model::OperationKind::relate, model::NodeId::random(f.random));
  relate.relationship_type = "PART_OF";
  relate.from = node;
  relate.to = document;
  const auto answer = f.push(f.olga, writer, {Writer::sealed(comment), Writer::sealed(relate)});
  CHECK(answer.results.at(1).status == Status::applied);
}

} // namespace

TEST_CASE("check finds nothing wrong with a sound store") {
  HubFixture f;
  fill(f);
  const auto report = must(f.store->check());
  CHECK(report.problems.empty());
  CHECK(report.workspaces == 2);
  CHECK(report.entries == 5);
  CHECK(report.nodes == 2);
}

TEST_CASE("check finds a changed row, a hole in the log, a wrong head, a lost result and a lost owner") {
  for (const char* damage :
       {"UPDATE node SET state = replace(state, 'renamed', 'remaned')", "UPDATE node SET deleted = 1",
        "UPDATE comment SET state = replace(state, 'remark', 'remork')",
        "UPDATE relationship SET hash = zeroblob(16)",
        "UPDATE log SET entry = replace(entry, 'renamed', 'x')", "DELETE FROM log WHERE sequence = 2",
        "UPDATE workspace SET head = head + 1 WHERE kind = 'team'", "DELETE FROM op_result WHERE n = 3",
        "DELETE FROM node WHERE parent IS NOT NULL", "UPDATE member SET role = 'member'"}) {
    CAPTURE(damage);
    HubFixture f;
    fill(f);
    f.execute(damage);
    CHECK_FALSE(must(f.store->check()).problems.empty());
  }
}

TEST_CASE("a damaged entry or node is refused and never given out") {
  HubFixture f;
  fill(f);
  f.execute("UPDATE log SET entry = replace(entry, 'renamed', 'remaned')");
  f.execute("UPDATE node SET state = replace(state, 'renamed', 'remaned')");
  CHECK(code_of(f.hub->pull(f.olga.principal, f.team, {{f.hub->epoch(), {}}, 10})) == ErrorCode::corrupt);
  const auto session = must(f.hub->open_snapshot(f.olga.principal, f.team, {})).session;
  CHECK(code_of(f.hub->snapshot_page(f.olga.principal, f.team, session, "")) == ErrorCode::corrupt);
}

TEST_CASE("a backup is a whole hub with the same epoch") {
  HubFixture f;
  fill(f);
  const std::string path = f.folder.file("copy.db");
  CHECK(f.store->backup(path).has_value());
  CHECK(f.store->backup(path).error().code == ErrorCode::validation);
  auto copy = must(SqliteStore::open({path, "", "", 2, std::chrono::seconds(1)}, f.random));
  CHECK(must(copy->check()).problems.empty());
  auto hub = must(Hub::open(f.clock, f.random, *copy, f.broker, f.options));
  CHECK(hub->epoch() == f.hub->epoch());
  CHECK(must(hub->pull(f.olga.principal, f.team, {{hub->epoch(), {}}, 10})).entries.size() == 5);
}

TEST_CASE("a hub keeps its epoch and its log over a restart") {
  HubFixture f;
  fill(f);
  const auto epoch = f.hub->epoch();
  f.hub.reset();
  f.store = must(SqliteStore::open({f.folder.file("hub.db"), "", "", 4, std::chrono::seconds(1)}, f.random));
  f.open();
  CHECK(f.hub->epoch() == epoch);
  CHECK(f.entries(f.olga).size() == 5);
}

TEST_CASE("a token bucket allows its burst, then its rate, and an amount above the burst when it is full") {
  ManualClock clock;
  RateLimiter limiter({10, 60});
  for (int i = 0; i < 10; ++i) CHECK_FALSE(limiter.take("a", 1, clock.instant()).has_value());
  CHECK(limiter.take("a", 1, clock.instant()) == std::chrono::milliseconds(1000));
  CHECK_FALSE(limiter.take("b", 1, clock.instant()).has_value());
  clock.advance(std::chrono::seconds(1));
  CHECK_FALSE(limiter.take("a", 1, clock.instant()).has_value());
  clock.advance(std::chrono::minutes(1));
  CHECK_FALSE(limiter.take("a", 25, clock.instant()).has_value());
  CHECK(limiter.take("a", 1, clock.instant()) == std::chrono::milliseconds(16'000));
}

TEST_CASE("pushes are limited by token, in requests and in operations") {
  HubFixture f;
  f.options.push_requests = {2, 60};
  f.options.push_operations = {3, 60};
  f.reopen();
  Writer writer(f.random);
  f.push(f.olga, writer, {writer.create("one"), writer.create("two"), writer.create("three")});
  const auto too_many = f.hub->push(f.olga.principal, f.team, writer.request({writer.create("four")}));
  CHECK(code_of(too_many) == ErrorCode::rate_limited);
  CHECK(too_many.error().retry_after_s == 1);
  const auto too_often = f.hub->push(f.olga.principal, f.team, writer.request({}));
  CHECK(code_of(too_often) == ErrorCode::rate_limited);
}

TEST_CASE("metrics are rendered as Prometheus reads them") {
  Metrics metrics;
  metrics.counter("a_total", "Things", "kind=\"x\"").add(3);
  metrics.counter("a_total", "Things", "kind=\"y\"").add();
  metrics.gauge("b", "Level").set(-2);
  static constexpr std::array k_bounds{0.5, 1.0};
  Histogram& histogram = metrics.histogram("c_seconds", "Time", k_bounds);
  histogram.observe(0.25);
  histogram.observe(0.75);
  histogram.observe(2);
  CHECK(&metrics.histogram("c_seconds", "Time", k_bounds) == &histogram);
  CHECK(metrics.render() ==
        "# HELP a_total Things\n# TYPE a_total counter\na_total{kind=\"x\"} 3\na_total{kind=\"y\"} 1\n"
        "# HELP b Level\n# TYPE b gauge\nb -2\n"
        "# HELP c_seconds Time\n# TYPE c_seconds histogram\n"
        "c_seconds_bucket{le=\"0.5\"} 1\nc_seconds_bucket{le=\"1\"} 2\nc_seconds_bucket{le=\"+Inf\"} 3\n"
        "c_seconds_sum 3\nc_seconds_count 3\n");
}
