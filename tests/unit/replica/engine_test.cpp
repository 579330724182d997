#include "tests/unit/replica/engine_fixture.h"

using namespace memsync;
using namespace memsync::replica;

TEST_CASE_FIXTURE(Synced, "an equal digest is noted, and the state is compared again after an hour") {
  answer<GetDigest>(true_digest());
  CHECK(engine->counters().mismatches == 0);
  CHECK(team().compared_at == clock.now());
  clock.advance(std::chrono::minutes(59));
  step(Tick{});
  CHECK(!hub.take<GetDigest>());
  clock.advance(std::chrono::minutes(1));
  step(Tick{});
  CHECK(hub.take<GetDigest>().has_value());
}

TEST_CASE_FIXTURE(Synced, "a register that differs leads to a resync that keeps the outbox, and is counted") {
  const auto digest = true_digest();
  const std::vector<model::Node> right{Store::node(team(), document).node, Store::node(team(), node).node};
  corrupt_register();
  CHECK(findings().empty());
  answer<GetDigest>(digest);
  CHECK(engine->counters().mismatches == 1);
  TeamStore::create(titled("Mine"));
  send_snapshot(right);

  CHECK(engine->counters().resyncs == 1);
  CHECK(Store::node(team(), node).node.title.value == "Step");
  CHECK(number("SELECT count(*) FROM outbox") == 1);
  CHECK(
      number("SELECT count(*) FROM node WHERE title = 'Mine' AND space = (SELECT space FROM workspace WHERE "
             "kind = 'team')") == 1);
  CHECK(findings().empty());
}

TEST_CASE_FIXTURE(Synced,
                  "what a snapshot replaced is gone once it is swapped in, and so is what a removal left") {
  const auto digest = true_digest();
  const std::vector<model::Node> right{Store::node(team(), document).node, Store::node(team(), node).node};
  corrupt_register();
  answer<GetDigest>(digest);
  send_snapshot(right);
  for (int i = 0; i < 3; ++i) step(Tick{});
  CHECK(number("SELECT count(*) FROM node WHERE space NOT IN (SELECT space FROM workspace)") == 0);
  step(ListenEvent{hub.listening->id, wire::StreamRevoked{id, ann, epoch}});
  for (int i = 0; i < 3; ++i) step(Tick{});
  CHECK(number("SELECT count(*) FROM node WHERE space NOT IN (SELECT space FROM workspace)") == 0);
}

TEST_CASE_FIXTURE(Synced,
                  "after a snapshot the state is compared, and a second difference does not fetch for ever") {
  wire::WorkspaceDigest other = true_digest();
  other.digest = std::string(32, '0');
  const std::vector<model::Node> right{Store::node(team(), document).node, Store::node(team(), node).node};
  answer<GetDigest>(other);
  send_snapshot(right);
  answer<GetDigest>(other);
  CHECK(engine->counters().mismatches == 2);
  CHECK(!hub.take<OpenSnapshot>());
}

TEST_CASE_FIXTURE(Synced,
                  "a digest of a later state waits for it, one with own changes on top is compared later") {
  const auto early = true_digest();
  wire::WorkspaceDigest later = early;
  later.head = model::Sequence{early.head.value + 1};
  answer<GetDigest>(later);
  CHECK(engine->counters().mismatches == 0);
  TeamStore::create(titled("Mine"));
  bob_creates("More", "text", document);
  step(Tick{});
  CHECK(engine->counters().mismatches == 0);
  CHECK(!hub.take<OpenSnapshot>());
  clock.advance(std::chrono::minutes(1));
}

TEST_CASE_FIXTURE(Synced, "a hub without digests is asked again an hour later and nothing else happens") {
  wire::Problem unknown;
  unknown.code = base::ErrorCode::not_found;
  answer<GetDigest>(unknown);
  CHECK(team().is_known_to_hub);
  clock.advance(std::chrono::minutes(30));
  step(Tick{});
  CHECK(!hub.take<GetDigest>());
}

TEST_CASE_FIXTURE(Synced,
                  "a damaged row met by a change from the hub leads to a resync instead of a standstill") {
  answer<GetDigest>(true_digest());
  sql("UPDATE node SET state = replace(state, 'Step', 'Stop') WHERE title = 'Step'");
  model::Entry entry = bobs_entry(model::OperationKind::update, node);
  model::Node changed;
  changed.id = node;
  changed.title = {"Steps", {entry.sequence, entry.clock, bobs_replica, bob}};
  entry.nodes.push_back({changed, {model::Field::title}, false});
  REQUIRE(hub.listening.has_value());
  step(ListenEvent{hub.listening->id, wire::StreamOps{id, epoch, entry.sequence, entry.sequence, {entry}}});
  CHECK(hub.take<OpenSnapshot>().has_value());
}

TEST_CASE_FIXTURE(
    Synced, "history that a snapshot jumped over is fetched when wanted, newest first, and stored once") {
  answer<GetDigest>(true_digest());
  const auto missing = [&] {
    return read([&](Reader& reader) { return reader.missing_history(reader.workspace(id)); });
  };
  sql("DELETE FROM log");
  sql("INSERT INTO history_gap (workspace, after, through) SELECT key, 0, 2 FROM workspace WHERE kind = "
      "'team'");
  step(LocalCommit{});
  CHECK(!hub.take<GetHistory>());
  sql("UPDATE workspace SET wants_history = 1 WHERE kind = 'team'");
  step(LocalCommit{});
  for (const std::uint64_t sequence : {2, 1}) {
    CHECK(missing() == sequence);
    wire::HistoryPage page;
    page.epoch = epoch;
    page.more = sequence > 1;
    wire::HistoryRow row;
    row.sequence = model::Sequence{sequence};
    row.replica = bobs_replica;
    row.n = sequence;
    row.kind = sequence == 1 ? "create" : "update";
    row.status = "applied";
    row.target = model::id_cast<model::ItemId>(document);
    row.node = row.document = document;
    row.by.author = bob;
    if (sequence == 2) row.changes.push_back({document, "title", false, R"("Draft")", R"("Plan")"});
    page.rows = {row};
    answer<GetHistory>(page);
  }
  CHECK(missing() == 0);
  CHECK(!team().wants_history);
  step(Tick{});
  CHECK(!hub.take<GetHistory>());
  Reader::HistoryQuery query;
  query.document = document;
  const auto rows =
      must(replica->read([&](Reader& reader) { return reader.history(reader.workspace(id), query); })).rows;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].old_value == R"("Draft")");
  CHECK(rows[0].author == "Bob");
}

TEST_CASE_FIXTURE(
    Synced, "a workspace that the hub no longer lists is asked about, and deleted only on the hub's proof") {
  answer<GetDigest>(true_digest());
  TeamStore::create(titled("Mine"));
  const auto lose = [&] {
    step(Reconnect{});
    wire::Me me = account();
    me.workspaces.clear();
    answer<MeRequest>(me);
  };
  lose();
  CHECK(!team().is_known_to_hub);
  wire::Problem problem;
  problem.code = base::ErrorCode::not_found;
  answer<PullFromWorkspace>(problem);
  CHECK(number("SELECT count(*) FROM outbox") == 1);
  clock.advance(std::chrono::minutes(10));
  step(Tick{});
  wire::Me me = account();
  me.workspaces.clear();
  answer<MeRequest>(me);
  problem.code = base::ErrorCode::removed;
  problem.workspace = id;
  problem.user = ann;
  problem.epoch = epoch;
  answer<PullFromWorkspace>(problem);
  CHECK(number("SELECT count(*) FROM workspace WHERE kind = 'team'") == 0);
  CHECK(number("SELECT count(*) FROM quarantine WHERE reason = 'removed'") == 1);
}

TEST_CASE_FIXTURE(Synced,
                  "a silent stream leads to long polls, one that greets beside them back to the stream") {
  const auto listening = [&] {
    REQUIRE(hub.listening.has_value());
    return *hub.listening;
  };
  CHECK(listening().mode == ListenMode::stream);
  step(ListenEnded{listening().id, ListenEnded::Reason::silent, {}, std::nullopt});
  clock.advance(std::chrono::seconds(1));
  step(Tick{});
  REQUIRE(listening().mode == ListenMode::long_poll);
  wire::PullAnswer nothing;
  nothing.epoch = epoch;
  nothing.from = nothing.to = nothing.head = team().cursor.sequence;
  step(ListenPolled{listening().id, id, std::move(nothing)});
  CHECK(std::get<Live>(engine->connection()).mode == ListenMode::long_poll);
  step(ListenEnded{listening().id, ListenEnded::Reason::greeted, {}, std::nullopt});
  CHECK(listening().mode == ListenMode::stream);
  // It did not last: one more silence is enough to poll again.
  step(ListenEnded{listening().id, ListenEnded::Reason::silent, {}, std::nullopt});
  clock.advance(std::chrono::seconds(1));
  step(Tick{});
  CHECK(listening().mode == ListenMode::long_poll);
}

TEST_CASE_FIXTURE(Synced,
                  "a page or a batch whose connection breaks is tried in smaller pieces, then whole again") {
  answer<GetDigest>(true_digest());
  wire::Problem broke;
  broke.code = base::ErrorCode::offline;
  wire::PullAnswer nothing;
  nothing.epoch = epoch;
  nothing.from = nothing.to = nothing.head = team().cursor.sequence;
  const auto next_page = [&] {
    step(SyncNow{});
    for (const auto& [number, request] : hub.requests)
      if (const auto* pull = std::get_if<PullFromWorkspace>(&request)) return pull->limit;
    return std::size_t{0};
  };
  CHECK(next_page() == 1000);
  for (const std::size_t expected : {500, 250, 125, 62, 31, 16, 16}) {
    answer<PullFromWorkspace>(broke);
    CHECK(next_page() == expected);
  }
  for (const std::size_t expected : {32, 64, 128, 256, 512, 1000, 1000}) {
    answer<PullFromWorkspace>(nothing);
    CHECK(next_page() == expected);
  }
  answer<PullFromWorkspace>(nothing);

  for (int n = 0; n < 40; ++n) TeamStore::create(titled("Mine " + std::to_string(n)));
  const auto next_batch = [&] {
    step(SyncNow{});
    for (const auto& [number, request] : hub.requests)
      if (const auto* push = std::get_if<PushToWorkspace>(&request)) return push->push.operations.size();
    return std::size_t{0};
  };
  CHECK(next_batch() == 16); // it is the same network
  answer<PushToWorkspace>(broke);
  CHECK(next_batch() == 16);
}

TEST_CASE_FIXTURE(Synced, "a push that waits for its answer keeps no pull waiting") {
  TeamStore::create(titled("Mine"));
  step(LocalCommit{});
  REQUIRE(hub.take<PushToWorkspace>().has_value());
  const model::Cursor head{epoch, model::Sequence{team().cursor.sequence.value + 1}};
  step(ListenEvent{hub.listening->id, wire::StreamHeartbeat{{{id, head}}}});
  CHECK(hub.take<PullFromWorkspace>().has_value());
}

TEST_CASE_FIXTURE(Synced, "a batch that is too large for the hub is halved until it is not") {
  for (int i = 0; i < 8; ++i) TeamStore::create(titled("Mine"));
  step(LocalCommit{});
  const auto refuse = [&] {
    const auto sent = std::find_if(hub.requests.begin(), hub.requests.end(), [](const auto& each) {
      return std::holds_alternative<PushToWorkspace>(each.second);
    });
    REQUIRE(sent != hub.requests.end());
    const std::size_t size = std::get<PushToWorkspace>(sent->second).push.operations.size();
    wire::Problem problem;
    problem.code = base::ErrorCode::too_large;
    answer<PushToWorkspace>(problem);
    return size;
  };
  std::size_t size = refuse();
  CHECK(size == 8);
  for (int i = 0; i < 10 && size > 1; ++i) size = refuse();
  CHECK(size == 1);
}

TEST_CASE_FIXTURE(Synced, "what is too large even alone waits before it is sent again") {
  engine = std::make_unique<Engine>(*replica, hub, Engine::Options{.batch_operations = 1});
  step(Tick{});
  answer<MeRequest>(account());
  settle();
  TeamStore::create(titled("Mine"));
  step(LocalCommit{});
  wire::Problem problem;
  problem.code = base::ErrorCode::too_large;
  answer<PushToWorkspace>(problem);
  CHECK(!hub.take<PushToWorkspace>());
  clock.advance(std::chrono::minutes(1));
  step(Tick{});
  CHECK(hub.take<PushToWorkspace>().has_value());
}

TEST_CASE_FIXTURE(Synced, "what a hub without this workspace did not take is sent when it is asked again") {
  TeamStore::create(titled("Mine"));
  step(LocalCommit{});
  wire::Problem problem;
  problem.code = base::ErrorCode::not_found;
  answer<PushToWorkspace>(problem);
  CHECK(!team().is_known_to_hub);
  CHECK(!hub.take<PushToWorkspace>());
  clock.advance(std::chrono::minutes(11));
  step(Tick{});
  CHECK(hub.take<PushToWorkspace>().has_value());
}

TEST_CASE_FIXTURE(Synced, "a long poll below the log's floor leads to a resync") {
  REQUIRE(hub.listening.has_value());
  wire::Problem gone;
  gone.code = base::ErrorCode::resync;
  step(ListenEnded{hub.listening->id, ListenEnded::Reason::refused, gone, std::nullopt});
  answer<PullFromWorkspace>(gone);
  CHECK(hub.take<OpenSnapshot>().has_value());
}

TEST_CASE_FIXTURE(Synced, "a snapshot whose staged rows are damaged is fetched anew") {
  sql("UPDATE workspace SET wants_resync = 1 WHERE kind = 'team'");
  step(LocalCommit{});
  const std::vector<model::Node> nodes{Store::node(team(), document).node, Store::node(team(), node).node};
  const wire::SnapshotPage page = open_snapshot(nodes);
  answer<NextSnapshotPage>(page);
  sql("UPDATE node SET state = replace(state, 'Step', 'Stop') WHERE space = (SELECT staging FROM workspace "
      "WHERE kind = 'team')");
  answer<NextSnapshotPage>(page);
  answer<NextSnapshotPage>(page); // of the one that was given up
  send_snapshot(nodes);
  CHECK(Store::node(team(), node).node.title.value == "Step");
}

TEST_CASE_FIXTURE(Synced, "a page of a snapshot whose connection breaks is asked for in half the size") {
  sql("UPDATE workspace SET wants_resync = 1 WHERE kind = 'team'");
  step(LocalCommit{});
  const std::vector<model::Node> nodes{Store::node(team(), document).node, Store::node(team(), node).node};
  const wire::SnapshotPage page = open_snapshot(nodes);
  const auto asked_kib = [&] {
    for (const auto& [number, request] : hub.requests)
      if (const auto* next = std::get_if<NextSnapshotPage>(&request)) return next->max_bytes >> 10u;
    return std::size_t{0};
  };
  CHECK(asked_kib() == 1024);
  wire::Problem broke;
  broke.code = base::ErrorCode::offline;
  for (const std::size_t expected : {512, 256, 128, 64, 32, 16, 16}) {
    answer<NextSnapshotPage>(broke);
    step(SyncNow{});
    CHECK(asked_kib() == expected);
  }
  answer<NextSnapshotPage>(page);
  CHECK(asked_kib() == 32);
}

TEST_CASE_FIXTURE(Synced, "workspaces that one stream has no room for are pulled every minute") {
  wire::Me me = account();
  for (std::size_t i = 0; i < model::limits::k_stream_workspaces; ++i) {
    me.workspaces.push_back(me.workspaces.front());
    me.workspaces.back().id = model::WorkspaceId::random(random);
  }
  must(SyncStore(*replica, 0).adopt_account(me));
  sql("UPDATE workspace SET epoch = 77 WHERE kind = 'team'");
  engine = std::make_unique<Engine>(*replica, hub, Engine::Options{});
  step(Tick{});
  answer<MeRequest>(me);
  settle();
  REQUIRE(hub.listening.has_value());
  CHECK(hub.listening->positions.size() == model::limits::k_stream_workspaces);
  clock.advance(std::chrono::minutes(1));
  step(Tick{});
  CHECK(hub.take<PullFromWorkspace>().has_value());
  CHECK(!hub.take<PullFromWorkspace>());
}
