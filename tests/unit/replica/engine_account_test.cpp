#include "tests/unit/replica/engine_fixture.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

/// Somebody whose only workspace comes and goes while the engine runs.
struct Invited : Synced {
  void hello() {
    REQUIRE(hub.listening.has_value());
    const model::Sequence head = team().cursor.sequence;
    step(ListenEvent{hub.listening->id, wire::StreamHello{id, epoch, head, {}, head}});
  }
  void lose_stream() {
    step(ListenEnded{hub.listening->id, ListenEnded::Reason::closed, {}, std::nullopt});
    hub.listening.reset();
    clock.advance(std::chrono::seconds(30));
    step(Tick{});
  }
  wire::StreamRevoked proof() { return {id, ann, epoch}; }
  std::int64_t teams() { return number("SELECT count(*) FROM workspace WHERE kind = 'team'"); }
  wire::Me nobody() {
    wire::Me me = account();
    me.workspaces.clear();
    return me;
  }
};

} // namespace

TEST_CASE_FIXTURE(Invited, "what is missing before a range of the stream is pulled at once") {
  hello();
  model::Entry entry = bobs_entry(model::OperationKind::update, node);
  entry.sequence.value += 1;
  step(ListenEvent{hub.listening->id, wire::StreamOps{id, epoch, entry.sequence, entry.sequence, {entry}}});
  CHECK(hub.take<PullFromWorkspace>().has_value());
}

TEST_CASE_FIXTURE(
    Invited, "a hub whose stream ends is away, one that accepts connections and says nothing is offline") {
  hello();
  lose_stream();
  CHECK(std::holds_alternative<Connecting>(engine->connection()));
  step(ListenEnded{hub.listening->id, ListenEnded::Reason::closed, {}, std::nullopt});
  CHECK(std::holds_alternative<Offline>(engine->connection()));
}

TEST_CASE_FIXTURE(Invited,
                  "an invitation that came while the stream was down is learned of when it is back") {
  hello();
  answer<MeRequest>(account());
  hello();
  CHECK(!hub.take<MeRequest>()); // once for each time that it opened
  lose_stream();
  hello();
  wire::Me me = account();
  me.workspaces.push_back(me.workspaces.front());
  me.workspaces.back().id = model::WorkspaceId::random(random);
  answer<MeRequest>(me);
  CHECK(teams() == 2);
}

TEST_CASE_FIXTURE(Invited,
                  "a proof of removal that comes late does not hide that its user was invited again") {
  hello();
  answer<MeRequest>(account());
  step(ListenEvent{hub.listening->id, proof()});
  CHECK(teams() == 0);
  answer<MeRequest>(account());
  CHECK(teams() == 1);
}

TEST_CASE_FIXTURE(
    Invited, "a removal from a hub that was restored from a backup counts once the account tells of it") {
  wire::StreamRevoked removal = proof();
  removal.epoch = model::Epoch{epoch.value + 1};
  step(ListenEvent{hub.listening->id, removal});
  CHECK(teams() == 1); // a hub of which nobody heard: any proof of the past would do otherwise
  clock.advance(std::chrono::minutes(1));
  step(Tick{});
  wire::Me me = nobody();
  me.epoch = removal.epoch;
  answer<MeRequest>(me);
  wire::Problem problem;
  problem.code = base::ErrorCode::removed;
  problem.workspace = id;
  problem.user = ann;
  problem.epoch = removal.epoch;
  answer<PullFromWorkspace>(problem);
  CHECK(teams() == 0);
}

TEST_CASE_FIXTURE(Invited, "whoever has no workspace to listen to asks for news every minute") {
  step(ListenEvent{hub.listening->id, proof()});
  answer<MeRequest>(nobody());
  CHECK(!hub.listening);
  clock.advance(std::chrono::seconds(59));
  step(Tick{});
  CHECK(!hub.take<MeRequest>());
  clock.advance(std::chrono::seconds(1));
  step(Tick{});
  answer<MeRequest>(account());
  CHECK(teams() == 1);
}

TEST_CASE_FIXTURE(Invited,
                  "a workspace that was not listed and is served again is looked up in the account") {
  step(Reconnect{});
  answer<MeRequest>(nobody());
  wire::PullAnswer nothing;
  nothing.epoch = epoch;
  answer<PullFromWorkspace>(nothing);
  answer<MeRequest>(account());
  CHECK(team().is_known_to_hub);
}

TEST_CASE_FIXTURE(Invited, "a question about a workspace that is not listed is repeated when it was lost") {
  step(Reconnect{});
  answer<MeRequest>(nobody());
  wire::Problem lost;
  lost.code = base::ErrorCode::offline;
  answer<PullFromWorkspace>(lost);
  clock.advance(std::chrono::minutes(1));
  step(Tick{});
  answer<MeRequest>(nobody());
  CHECK(hub.take<PullFromWorkspace>().has_value());
}

TEST_CASE_FIXTURE(Invited, "an answer about the account that is lost does not end a stream that works") {
  hello();
  wire::Problem lost;
  lost.code = base::ErrorCode::offline;
  answer<MeRequest>(lost);
  CHECK(std::holds_alternative<Live>(engine->connection()));
  clock.advance(std::chrono::seconds(1));
  step(Tick{});
  CHECK(hub.take<MeRequest>().has_value());
}
