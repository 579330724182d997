#include <atomic>
#include <thread>

#include "tests/unit/hub/stream_client.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

std::vector<std::uint64_t> count_up(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> numbers;
  for (; from <= to; ++from) numbers.push_back(from);
  return numbers;
}

model::Operation big(Writer& writer, std::size_t bytes) {
  auto op = writer.create("big");
  op.fields.content = model::TextChange{std::string(bytes, 'x'), {}};
  return Writer::sealed(op);
}

} // namespace

TEST_CASE("a stream begins with retry and hello before anything is read") {
  HubFixture f;
  Writer writer(f.random);
  f.add(f.olga, writer, "one");
  Client client(f, f.olga, ops(f));
  CHECK(client.take().substr(0, 7) == "retry: ");
  const auto hello = client.all<wire::StreamHello>();
  REQUIRE(hello.size() == 1);
  CHECK(hello[0].head.value == 1);
  CHECK(hello[0].replayed_from.value == 1);
  CHECK(hello[0].epoch == f.hub->epoch());
  CHECK(f.hub->streams().count() == 1);
  client.close();
  CHECK(f.hub->streams().count() == 0);
}

TEST_CASE("a stream replays from its cursor and goes on live, with the cursor as the id of each event") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "early");
  Client client(f, f.olga, ops(f, 1));
  client.settle();
  CHECK(client.sequences() == count_up(2, 3));
  f.add(f.olga, writer, "late");
  client.settle();
  CHECK(client.sequences() == count_up(2, 4));
  CHECK(client.events.back().id == model::Cursor{f.hub->epoch(), model::Sequence{4}}.str());
  CHECK(client.all<wire::StreamOps>().back().entries.at(0).nodes.at(0).node.title.value == "late");
}

TEST_CASE("what is committed at any moment of opening and replaying comes once and in order") {
  // Commits are put between every two steps that a stream goes through until it is live.
  for (int pause = 0; pause < 6; ++pause) {
    CAPTURE(pause);
    HubFixture f;
    Writer writer(f.random);
    int added = 0;
    const auto add = [&](int count) {
      std::vector<model::Operation> operations;
      for (int i = 0; i < count; ++i) operations.push_back(big(writer, 20'000));
      f.push(f.olga, writer, std::move(operations));
      added += count;
    };
    add(10);
    Client warm(f, f.olga, ops(f)); // keeps the channel alive
    warm.settle();
    if (pause == 0) add(5);
    Client client(f, f.olga, ops(f, 0));
    if (pause == 1) add(5);
    client.take(1);
    if (pause == 2) add(5);
    f.hub->streams().step();
    if (pause == 3) add(5);
    client.take(1);
    f.hub->streams().step();
    if (pause == 4) add(5);
    client.take(1);
    client.take(1);
    f.hub->streams().step();
    if (pause == 5) add(5);
    client.settle();
    add(1);
    client.settle();
    warm.settle();
    CHECK(client.sequences() == count_up(1, static_cast<std::uint64_t>(added)));
    CHECK(warm.sequences() == count_up(11, static_cast<std::uint64_t>(added)));
  }
}

TEST_CASE("streams of threads that push, open and take at once see every entry once and in order") {
  HubFixture f(HubOptions::Threads::own);
  constexpr std::uint64_t k_entries = 400;
  std::thread pusher([&] {
    Writer writer(f.random);
    for (std::uint64_t i = 0; i < k_entries; ++i) f.add(f.olga, writer, "node");
  });
  for (int round = 0; round < 5; ++round) {
    Client client(f, f.olga, ops(f, 0));
    while (client.sequences().size() < (static_cast<std::size_t>(round) + 1) * k_entries / 5) {
      f.hub->streams().dispatch();
      client.take(10'000);
      std::this_thread::yield();
    }
    const auto seen = client.sequences();
    CHECK(seen == count_up(1, seen.size()));
  }
  pusher.join();
}

TEST_CASE("an event holds at most 64 KiB, and a larger entry is announced to be pulled") {
  HubFixture f;
  Writer writer(f.random);
  Client client(f, f.olga, ops(f));
  client.settle();
  for (int i = 0; i < 10; ++i) f.push(f.olga, writer, {big(writer, 20'000)});
  f.push(f.olga, writer, {big(writer, 100'000)});
  f.push(f.olga, writer, {big(writer, 10)});
  client.settle();
  CHECK(client.sequences() == count_up(1, 12));
  for (const auto& event : client.events) CHECK(event.data.size() <= model::limits::k_stream_event_bytes);
  const auto ranges = client.all<wire::StreamOps>();
  const auto large =
      std::find_if(ranges.begin(), ranges.end(), [](const auto& r) { return r.entries.empty(); });
  REQUIRE(large != ranges.end());
  CHECK(large->from.value == 11);
  CHECK(large->to.value == 11);
}

TEST_CASE("a reader that takes nothing holds little, loses nothing and holds nobody up") {
  HubFixture f;
  Writer writer(f.random);
  Client slow(f, f.olga, ops(f)), quick(f, f.olga, ops(f));
  for (int i = 0; i < 60; ++i) {
    f.push(f.olga, writer, {big(writer, 20'000)});
    quick.settle();
  }
  CHECK(quick.sequences() == count_up(1, 60));
  CHECK(slow.take(std::size_t{16} << 20).size() <= (std::size_t{256} << 10) + 70'000);
  slow.settle();
  CHECK(slow.sequences() == count_up(1, 60));
  CHECK(f.hub->metrics().render().find("memsync_stream_lagged_total 0") == std::string::npos);
}

TEST_CASE("a stream that takes nothing for a minute is over") {
  HubFixture f;
  Writer writer(f.random);
  Client client(f, f.olga, ops(f));
  f.hub->streams().step();
  f.clock.advance(std::chrono::seconds(59));
  f.hub->streams().step();
  CHECK_FALSE(client.is_over());
  f.clock.advance(std::chrono::seconds(2));
  f.hub->streams().step();
  CHECK(client.is_over());
}

TEST_CASE("all streams of a view send the same bytes") {
  HubFixture f;
  Writer writer(f.random);
  Client one(f, f.olga, ops(f)), two(f, f.olga, ops(f));
  one.settle();
  two.settle();
  f.add(f.olga, writer, "node");
  f.hub->streams().step();
  CHECK(one.take() == two.take());
}

TEST_CASE("a heartbeat every 15 seconds of silence carries the head") {
  HubFixture f;
  Writer writer(f.random);
  f.add(f.olga, writer, "one");
  Client client(f, f.olga, ops(f));
  client.settle();
  f.clock.advance(std::chrono::seconds(14));
  client.settle();
  CHECK(client.all<wire::StreamHeartbeat>().empty());
  f.clock.advance(std::chrono::seconds(1));
  client.settle();
  const auto heartbeats = client.all<wire::StreamHeartbeat>();
  REQUIRE(heartbeats.size() == 1);
  CHECK(heartbeats[0].heads.at(0).second == model::Cursor{f.hub->epoch(), model::Sequence{1}});
}

TEST_CASE("a commit that nobody announced is noticed within a second") {
  HubFixture f;
  Writer writer(f.random);
  Client client(f, f.olga, ops(f));
  client.settle();
  LocalBroker deaf;
  auto other = must(Hub::open(f.clock, f.random, *f.store, deaf, f.options));
  must(other->push(f.olga.principal, f.team, writer.request({writer.create("elsewhere")})));
  f.clock.advance(std::chrono::seconds(1));
  client.settle();
  CHECK(client.sequences() == count_up(1, 1));
}

TEST_CASE("a cursor that the log does not go on from is answered by resync and the stream stays open") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "node");
  must(f.store->write(
      [&](StoreTxn& txn) -> Answer<model::Sequence> { return txn.compact(f.team, model::Sequence{2}); }));
  auto foreign = ops(f, 3);
  foreign.after[0].epoch.value += 1;
  for (const auto& request : {ops(f, 1), ops(f, 4), foreign}) {
    Client client(f, f.olga, request);
    client.settle();
    CHECK(client.all<wire::StreamHello>().size() == 1);
    CHECK(client.all<wire::StreamResync>().size() == 1);
    CHECK(client.sequences().empty());
    CHECK_FALSE(client.is_over());
  }
}

TEST_CASE("a damaged entry of one log ends the streams' part in it by resync, and holds up no other") {
  HubFixture f;
  Writer writer(f.random), elsewhere(f.random);
  const auto other = must(f.hub->create_workspace(f.olga.principal, "Other")).id;
  f.add(f.olga, writer, "one");
  Client late(f, f.olga, ops(f, 0)), live(f, f.olga, {{f.team, other}, {}, StreamView::ops, {}});
  live.settle();
  f.add(f.olga, writer, "two");
  f.execute("UPDATE log SET entry = replace(entry, 'one', 'eno')");
  f.execute("UPDATE log SET entry = replace(entry, 'two', 'owt')");
  must(f.hub->push(f.olga.principal, other, elsewhere.request({elsewhere.create("x")})));
  const Person mia = f.member("mia");
  for (Client* client : {&late, &live}) {
    client->settle();
    const auto resync = client->all<wire::StreamResync>();
    REQUIRE(resync.size() == 1);
    CHECK(resync[0].workspace == f.team);
    CHECK_FALSE(client->is_over());
  }
  CHECK(late.sequences().empty());
  REQUIRE(live.all<wire::StreamOps>().size() == 1);
  CHECK(live.all<wire::StreamOps>()[0].workspace == other);

  Client again(f, mia, ops(f));
  f.add(f.olga, writer, "three");
  again.settle();
  CHECK(again.sequences() == count_up(3, 3));
}

TEST_CASE("a stream whose next entries are compacted before it has them is told to resync") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "node");
  Client client(f, f.olga, ops(f, 1));
  must(f.store->write(
      [&](StoreTxn& txn) -> Answer<model::Sequence> { return txn.compact(f.team, model::Sequence{2}); }));
  client.settle();
  CHECK(client.all<wire::StreamResync>().size() == 1);
  CHECK(client.sequences().empty());
}

TEST_CASE("one stream carries several workspaces, each event with all cursors as its id") {
  HubFixture f;
  Writer writer(f.random), elsewhere(f.random);
  const auto other = must(f.hub->create_workspace(f.olga.principal, "Other")).id;
  const auto push_other = [&] {
    must(f.hub->push(f.olga.principal, other, elsewhere.request({elsewhere.create("x")})));
  };
  f.add(f.olga, writer, "one");
  push_other();
  StreamRequest request{{f.team, other}, {}, StreamView::ops, {}};
  const auto at = [&](std::uint64_t sequence) {
    return model::Cursor{f.hub->epoch(), model::Sequence{sequence}};
  };
  request.after = {at(0), at(1)};
  Client client(f, f.olga, request);
  client.settle();
  CHECK(client.all<wire::StreamHello>().size() == 2);
  CHECK(client.events.back().id == at(1).str() + "," + at(1).str());
  push_other();
  client.settle();
  CHECK(client.events.back().id == at(1).str() + "," + at(2).str());
  CHECK(client.all<wire::StreamOps>().back().workspace == other);
}

TEST_CASE("nothing committed after a removal reaches the removed person, whose stream ends with the proof") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer writer(f.random);
  Client client(f, mia, ops(f)), olgas(f, f.olga, ops(f));
  client.settle();
  f.add(f.olga, writer, "before");
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  f.add(f.olga, writer, "after");
  CHECK(client.take().empty()); // not even what was committed before and not yet taken
  client.settle();
  olgas.settle();
  CHECK(client.sequences().empty());
  const auto proof = client.all<wire::StreamRevoked>();
  REQUIRE(proof.size() == 1);
  CHECK(proof[0].user == mia.id);
  CHECK(proof[0].epoch == f.hub->epoch());
  CHECK(client.is_over());
  CHECK(olgas.sequences() == count_up(1, 2));
}

TEST_CASE("a removal by another process is noticed before anything committed after it is given out") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer writer(f.random);
  Client client(f, mia, ops(f));
  client.settle();
  must(f.admin().remove_member("Team", "mia@example.org")); // this hub is not told
  f.add(f.olga, writer, "after");
  client.settle();
  CHECK(client.sequences().empty());
  CHECK(client.all<wire::StreamRevoked>().size() == 1);
}

TEST_CASE("what another process does to members is announced to the streams of the others, once") {
  HubFixture f;
  const Person mia = f.member("mia");
  Client client(f, f.olga, ops(f));
  client.settle();
  const auto heard = [&] {
    client.settle();
    return client.all<wire::StreamMember>().size();
  };
  CHECK(heard() == 0);
  must(f.admin().remove_member("Team", "mia@example.org"));
  CHECK(heard() == 1);
  must(f.admin().create_user("max@example.org", "max")); // concerns no member of the team
  CHECK(heard() == 1);
  const auto invited = must(f.admin().invite("Team", "mia@example.org", Role::viewer));
  CHECK(heard() == 1);
  must(f.hub->accept_invitation(invited.token, "mia", mia.principal, "address"));
  REQUIRE(heard() == 2);
  CHECK(client.all<wire::StreamMember>().back().workspace == f.team);
  Client late(f, f.olga, ops(f));
  late.settle();
  CHECK(late.all<wire::StreamMember>().empty());
}

TEST_CASE("rights that change while a stream is being opened are seen before it gives anything out") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer writer(f.random);
  f.hub->streams().step();
  Client client(f, mia, ops(f)); // opened with the old rights, its first bytes not yet taken
  must(f.admin().remove_member("Team", "mia@example.org"));
  f.hub->streams().step();
  client.settle();
  CHECK(client.all<wire::StreamHello>().size() == 1);
  CHECK(client.all<wire::StreamRevoked>().size() == 1);
  CHECK(client.is_over());
}

TEST_CASE("removal from one workspace leaves the stream of the others alone") {
  HubFixture f;
  const Person mia = f.member("mia");
  const auto own = must(f.hub->me(mia.principal)).workspaces[0].id;
  Writer writer(f.random), team(f.random);
  Client client(f, mia, {{own, f.team}, {}, StreamView::ops, {}});
  client.settle();
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  must(f.hub->push(mia.principal, own, writer.request({writer.create("mine")})));
  f.add(f.olga, team, "theirs");
  client.settle();
  CHECK_FALSE(client.is_over());
  const auto ranges = client.all<wire::StreamOps>();
  REQUIRE(ranges.size() == 1);
  CHECK(ranges[0].workspace == own);
}

TEST_CASE("everybody in a workspace hears who joins, leaves or has another role") {
  HubFixture f;
  const Person stranger = f.stranger("eve");
  const auto elsewhere = must(f.hub->create_workspace(stranger.principal, "Elsewhere")).id;
  Client client(f, f.olga, ops(f)), other(f, stranger, {{elsewhere}, {}, StreamView::ops, {}});
  const auto heard = [&] {
    client.settle();
    other.settle();
    return client.all<wire::StreamMember>().size();
  };
  CHECK(heard() == 0);
  const Person mia = f.member("mia");
  CHECK(heard() == 1);
  CHECK(client.all<wire::StreamMember>()[0].workspace == f.team);
  must(f.hub->change_role(f.olga.principal, f.team, mia.id, Role::admin));
  CHECK(heard() == 2);
  CHECK(code_of(f.hub->remove_member(f.olga.principal, f.team, f.olga.id)) == ErrorCode::validation);
  CHECK(heard() == 2);
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  CHECK(heard() == 3);
  const auto max = f.member("max");
  CHECK(heard() == 4);
  must(f.hub->leave(max.principal, f.team));
  CHECK(heard() == 5);
  const auto nia = f.member("nia");
  must(f.hub->leave(nia.principal, f.team));
  CHECK(heard() == 6); // the event says that something changed: both at once are one
  CHECK(other.all<wire::StreamMember>().empty());
  CHECK_FALSE(client.is_over());
}

TEST_CASE("a changed role ends the stream, a new membership is announced, a revoked token ends it at once") {
  HubFixture f;
  const Person mia = f.member("mia");
  Client client(f, mia, ops(f));
  client.settle();
  must(f.hub->change_role(f.olga.principal, f.team, mia.id, Role::viewer));
  client.settle();
  CHECK(client.all<wire::StreamMember>().size() == 1);
  CHECK(client.is_over());

  Client second(f, mia, ops(f));
  second.settle();
  const auto made = must(f.hub->create_workspace(mia.principal, "New")).id;
  second.settle();
  REQUIRE(second.all<wire::StreamMember>().size() == 1);
  CHECK(second.all<wire::StreamMember>()[0].workspace == made);
  CHECK_FALSE(second.is_over());

  must(f.hub->revoke_token(mia.principal, mia.principal.token));
  second.settle();
  CHECK(second.is_over());
}

TEST_CASE("a stream ends with its token's time and with its own, asking to come back") {
  HubFixture f;
  TokenRequest request;
  request.name = "short";
  request.expires_at = f.clock.now() + std::chrono::minutes(1);
  const auto token = must(f.hub->create_token(f.olga.principal, request));
  Client brief(f, {f.olga.id, token.secret, must(f.hub->authenticate(token.secret))}, ops(f));
  Client lasting(f, f.olga, ops(f));
  for (int minute = 1; minute <= 12; ++minute) {
    f.clock.advance(std::chrono::minutes(1));
    brief.settle();
    lasting.settle();
    CHECK(brief.is_over());
    if (minute < 8) CHECK_FALSE(lasting.is_over());
  }
  CHECK(lasting.is_over());
  CHECK(lasting.all<wire::StreamGoaway>().size() == 1);
}

TEST_CASE("at shutdown every stream is told to come back within the spread") {
  HubFixture f;
  Client client(f, f.olga, ops(f));
  client.settle();
  f.hub->streams().go_away(std::chrono::seconds(10));
  client.take();
  const auto away = client.all<wire::StreamGoaway>();
  REQUIRE(away.size() == 1);
  CHECK(away[0].retry_ms <= 10'000);
  CHECK(client.is_over());
}

TEST_CASE("the network thread is woken once for everything that is ready") {
  HubFixture f;
  Writer writer(f.random);
  int woken = 0;
  f.hub->streams().set_wake([&] { ++woken; });
  Client one(f, f.olga, ops(f)), two(f, f.olga, ops(f));
  CHECK(woken == 1);
  f.hub->streams().dispatch();
  CHECK(one.told == 1);
  CHECK(two.told == 1);
  f.add(f.olga, writer, "node");
  f.hub->streams().step();
  f.hub->streams().step();
  CHECK(woken == 2);
  two.close();
  f.hub->streams().dispatch();
  CHECK(one.told == 2);
}

TEST_CASE("view memories sends an unnamed event per changed node, whole, and moves past what changed none") {
  HubFixture f;
  Writer writer(f.random);
  Client client(f, f.olga, {{f.team}, {}, StreamView::memories, {}});
  client.settle();
  writer.base = model::Sequence{1'000'000};
  const auto document = f.add(f.olga, writer, "Notes \"quoted\"");
  const auto node = f.add(f.olga, writer, "node", document);
  f.push(f.olga, writer, {writer.retitle(node, "renamed")});
  f.push(f.olga, writer, {writer.remove(node)});
  auto forged = writer.create("rejected");
  forged.hash = {};
  f.push(f.olga, writer, {forged});
  client.settle();
  f.clock.advance(std::chrono::seconds(15));
  client.settle();
  std::vector<std::string> types;
  for (const auto& event : client.events) {
    CHECK(event.event == "message");
    types.push_back(must(base::parse_json(event.data))["type"].get<std::string>());
  }
  // The node was deleted before it was read: what happened to it earlier needs no telling.
  CHECK(types == std::vector<std::string>{"connected", "memory_created", "memory_deleted", "heartbeat"});
  const auto created = must(base::parse_json(client.events[1].data));
  CHECK(created["workspace_id"] == f.team.view());
  CHECK(created["author"]["name"] == "Olga");
  CHECK(created["memory"]["title"] == "Notes \"quoted\"");
  CHECK(created["memory"]["document_id"] == document.view());
  CHECK(must(base::parse_json(client.events[2].data))["memory_id"] == node.view());
  CHECK(client.events[2].id == model::Cursor{f.hub->epoch(), model::Sequence{5}}.str());
  CHECK(client.events[3].id == model::Cursor{f.hub->epoch(), model::Sequence{5}}.str());
}

TEST_CASE("opening a stream fails for strangers, twice the same workspace and too few cursors") {
  HubFixture f;
  const Person stefan = f.stranger("stefan");
  struct Deaf final : StreamSink {
    void on_ready() override {}
  } sink;
  const auto refused = f.hub->open_stream(stefan.principal, ops(f), sink);
  CHECK(code_of(refused) == ErrorCode::not_found);
  CHECK(refused.error().workspace == f.team);
  CHECK(code_of(f.hub->open_stream(f.olga.principal, {{}, {}, StreamView::ops, {}}, sink)) ==
        ErrorCode::validation);
  CHECK(code_of(f.hub->open_stream(f.olga.principal, {{f.team, f.team}, {}, StreamView::ops, {}}, sink)) ==
        ErrorCode::validation);
  f.options.stream_opens = {1, 1};
  f.reopen();
  Client first(f, f.olga, ops(f));
  CHECK(code_of(f.hub->open_stream(f.olga.principal, ops(f), sink)) == ErrorCode::rate_limited);
}

TEST_CASE("in races between removing somebody and publishing nothing published after the removal arrives") {
  HubFixture f(HubOptions::Threads::own);
  Writer writer(f.random);
  for (int round = 0; round < 30; ++round) {
    const Person person = f.member("guest" + std::to_string(round));
    Client client(f, person, ops(f));
    std::atomic<bool> is_removed{false};
    std::thread remover([&] {
      must(f.hub->remove_member(f.olga.principal, f.team, person.id));
      is_removed = true;
    });
    std::uint64_t first_after = 0;
    for (int late = 0; late < 3;) {
      const bool after = is_removed;
      const auto answer = f.push(f.olga, writer, {writer.create("node")});
      if (after && first_after == 0) first_after = answer.head.value;
      if (after) ++late;
    }
    remover.join();
    while (!client.is_over()) {
      f.hub->streams().dispatch();
      client.take();
      std::this_thread::yield();
    }
    for (const std::uint64_t sequence : client.sequences()) CHECK(sequence < first_after);
    CHECK(client.all<wire::StreamRevoked>().size() == 1);
  }
}
