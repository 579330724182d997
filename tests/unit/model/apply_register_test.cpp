#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

TEST_CASE("changes of different fields merge whoever comes first") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  Operation typed = make(OperationKind::update, node);
  typed.fields.type = "decision";
  CHECK(world.commit('B', titled(node, "renamed"), seen).status == Status::applied);
  CHECK(world.commit('C', typed, seen).status == Status::applied);
  CHECK(world.node(node).title.value == "renamed");
  CHECK(world.node(node).type.value == "decision");
}

TEST_CASE("of two concurrent writes of one field the later clock wins and the loser is kept") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "early"), at_clock(10'000)), seen);

  const Outcome later = world.commit('C', with(titled(node, "late"), at_clock(20'000)), seen);
  CHECK(later.status == Status::merged);
  CHECK(world.node(node).title.value == "late");
  REQUIRE(later.lost.size() == 1);
  CHECK(later.lost[0].value == R"("early")");
  CHECK(later.lost[0].stamp.author == user_of('B'));

  const Outcome earlier = world.commit('D', with(titled(node, "middle"), at_clock(15'000)), seen);
  CHECK(earlier.status == Status::superseded);
  CHECK(world.node(node).title.value == "late");
  REQUIRE(earlier.lost.size() == 1);
  CHECK(earlier.lost[0].value == R"("middle")");
  CHECK(earlier.lost[0].stamp.author == user_of('D'));
}

TEST_CASE("equal clocks are decided by the replica id, the same way in both orders") {
  for (const bool b_first : {true, false}) {
    World world;
    const NodeId node = world.add();
    const Sequence seen = world.head();
    for (const char person : {b_first ? 'B' : 'C', b_first ? 'C' : 'B'})
      world.commit(person, with(titled(node, std::string(1, person)), at_clock(9'000)), seen);
    CHECK(world.node(node).title.value == "C");
  }
}

TEST_CASE("a write that has seen a value beats it, however slow its clock") {
  World world;
  const NodeId node = world.add();
  world.commit('B', with(titled(node, "from a fast clock"), at_clock(1'000'000)));
  const Outcome outcome = world.commit('C', with(titled(node, "correction"), at_clock(1)));
  CHECK(outcome.status == Status::applied);
  CHECK(outcome.lost.empty());
  CHECK(world.node(node).title.value == "correction");
  CHECK(world.node(node).title.stamp.clock > at_clock(1'000'000));
}

TEST_CASE("a replica's later write beats its own earlier one, also when sent on one base with a slow clock") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "one"), at_clock(500)), seen);
  const Outcome outcome = world.commit('B', with(titled(node, "two"), at_clock(400)), seen);
  CHECK(outcome.status == Status::applied);
  CHECK(world.node(node).title.value == "two");
}

TEST_CASE("a third writer loses to the value that has seen, by its raised clock") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "b"), at_clock(8'000)), seen);
  world.commit('C', with(titled(node, "c saw b"), at_clock(10)));
  CHECK(world.commit('D', with(titled(node, "d"), at_clock(7'000)), seen).status == Status::superseded);
  CHECK(world.node(node).title.value == "c saw b");
}

TEST_CASE("identical concurrent edits agree and nothing is lost") {
  for (const Strategy strategy :
       {Strategy::merge, Strategy::client_wins, Strategy::server_wins, Strategy::manual}) {
    CAPTURE(name_of(strategy));
    World world;
    const NodeId node = world.add();
    const Sequence seen = world.head();
    world.commit('B', with(titled(node, "same"), at_clock(5'000)), seen);
    const Outcome outcome = world.commit('C', with(with(titled(node, "same"), at_clock(10)), strategy), seen);
    CHECK(outcome.status == Status::merged);
    CHECK(outcome.lost.empty());
    CHECK(outcome.conflicts.empty());
    CHECK(world.node(node).title.stamp.replica == replica_of('B'));
  }
}

TEST_CASE("of three concurrent writes the latest clock wins although two agree") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "x"), at_clock(10'000)), seen);
  world.commit('C', with(titled(node, "x"), at_clock(30'000)), seen);
  world.commit('D', with(titled(node, "y"), at_clock(20'000)), seen);
  CHECK(world.node(node).title.value == "x");
}

TEST_CASE("client_wins sets over a later clock and keeps what it replaced") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "theirs"), at_clock(90'000)), seen);
  const Outcome outcome =
      world.commit('C', with(with(titled(node, "mine"), at_clock(10)), Strategy::client_wins), seen);
  CHECK(outcome.status == Status::merged);
  CHECK(world.node(node).title.value == "mine");
  CHECK(world.node(node).title.stamp.clock > at_clock(90'000));
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].value == R"("theirs")");
}

TEST_CASE("server_wins keeps the hub's value against a later clock and records the arriving one") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "theirs"), at_clock(10)), seen);
  const Outcome outcome = world.commit('C', with(titled(node, "mine"), Strategy::server_wins), seen);
  CHECK(outcome.status == Status::superseded);
  CHECK(world.node(node).title.value == "theirs");
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].value == R"("mine")");
}

TEST_CASE("manual keeps the hub's value and opens a conflict with all four values") {
  World world;
  const NodeId node = world.add("base");
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "server"), at_clock(5'000)), seen);
  const Outcome outcome =
      world.commit('C', with(with(titled(node, "local"), at_clock(6'000)), Strategy::manual), seen);
  CHECK(outcome.status == Status::conflict);
  CHECK(world.node(node).title.value == "server");
  REQUIRE(outcome.conflicts.size() == 1);
  const Conflict& conflict = world.state.conflicts.at(outcome.conflicts[0].id);
  CHECK(conflict.kind == ConflictKind::field);
  CHECK(conflict.field == Field::title);
  CHECK(conflict.base == R"("base")");
  CHECK(conflict.local == R"("local")");
  CHECK(conflict.server == R"("server")");
  CHECK(conflict.proposed == R"("local")"); // what merge would have done
  CHECK(conflict.local_stamp.author == user_of('C'));
  CHECK(conflict.server_stamp.author == user_of('B'));
  CHECK(conflict.opened == world.head());
  CHECK_FALSE(conflict.resolved);
}

TEST_CASE("a strategy decides only between concurrent writes") {
  for (const Strategy strategy :
       {Strategy::merge, Strategy::client_wins, Strategy::server_wins, Strategy::manual}) {
    World world;
    const NodeId node = world.add();
    world.commit('B', titled(node, "seen"));
    CHECK(world.commit('C', with(titled(node, "next"), strategy)).status == Status::applied);
    CHECK(world.node(node).title.value == "next");
  }
}

TEST_CASE("one operation may set one field and lose another, which makes it merged") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(titled(node, "theirs"), at_clock(90'000)), seen);
  Operation both = titled(node, "mine");
  both.fields.type = "fix";
  const Outcome outcome = world.commit('C', with(both, at_clock(10)), seen);
  CHECK(outcome.status == Status::merged);
  CHECK(world.node(node).title.value == "theirs");
  CHECK(world.node(node).type.value == "fix");
  CHECK(outcome.lost.size() == 1);
}

TEST_CASE("every field can be set, and cleared") {
  World world;
  const NodeId node = world.add();
  Operation all = make(OperationKind::update, node);
  all.fields.kind = NodeKind::task;
  all.fields.type = "error";
  all.fields.importance = 0.9;
  all.fields.context = R"({"a":1})";
  all.fields.completed = true;
  all.fields.assignee = user_of('B');
  all.fields.strategy = Strategy::manual;
  CHECK(world.commit('B', all).status == Status::applied);
  const Node& set = world.node(node);
  CHECK(set.kind.value == NodeKind::task);
  CHECK(set.importance.value == 0.9);
  CHECK(set.context.value == R"({"a":1})");
  CHECK(set.completed.value);
  CHECK(set.assignee.value == user_of('B'));
  CHECK(set.strategy.value == Strategy::manual);

  Operation none = make(OperationKind::update, node);
  none.fields.context = "";
  none.fields.assignee = UserId{};
  none.fields.strategy = std::optional<Strategy>();
  CHECK(world.commit('B', none).status == Status::applied);
  CHECK(world.node(node).context.value.empty());
  CHECK(world.node(node).assignee.value.is_empty());
  CHECK_FALSE(world.node(node).strategy.value);
  CHECK(world.node(node).context.stamp.sequence == world.head()); // cleared, not absent
}

TEST_CASE("complete, reopen and assign set their field and keep who did it") {
  World world;
  const NodeId node = world.add();
  CHECK(world.commit('B', make(OperationKind::complete, node)).status == Status::applied);
  CHECK(world.node(node).completed.value);
  CHECK(world.node(node).completed.stamp.author == user_of('B'));
  CHECK(world.commit('C', make(OperationKind::reopen, node)).status == Status::applied);
  CHECK_FALSE(world.node(node).completed.value);
  Operation assign = make(OperationKind::assign, node);
  assign.fields.assignee = user_of('C');
  CHECK(world.commit('B', assign).status == Status::applied);
  CHECK(world.node(node).assignee.value == user_of('C'));
}

TEST_CASE("concurrent complete and reopen are decided like any field") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  world.commit('B', with(make(OperationKind::complete, node), at_clock(9'000)), seen);
  const Outcome outcome = world.commit('C', with(make(OperationKind::reopen, node), at_clock(8'000)), seen);
  CHECK(outcome.status == Status::superseded);
  CHECK(world.node(node).completed.value);
}

TEST_CASE("tags added and removed by several people all count") {
  World world;
  const NodeId node = world.add();
  world.commit('A', tagged(node, {{"old", "keep"}, {}}));
  const Sequence seen = world.head();
  CHECK(world.commit('B', tagged(node, {{"b"}, {"old"}}), seen).status == Status::applied);
  CHECK(world.commit('C', tagged(node, {{"c", "b"}, {}}), seen).status == Status::merged);
  CHECK(world.node(node).tags.value == std::vector<std::string>{"b", "c", "keep"});
  CHECK(world.commit('C', tagged(node, {{}, {"never there"}})).status == Status::applied);
  CHECK(world.node(node).tags.value.size() == 3);
}

TEST_CASE("a node's tags stay within the limit, except where two people met it together") {
  World world;
  const NodeId node = world.add();
  SetChange many;
  for (int i = 0; i < 50; ++i) many.add.push_back(fmt::format("t{}", i));
  world.commit('A', tagged(node, many));
  CHECK(world.commit('A', tagged(node, {{"one more"}, {}})).rejection->code == base::ErrorCode::too_large);
  CHECK(world.commit('A', tagged(node, {{"swapped"}, {"t0"}})).status == Status::applied);
  const Sequence before = Sequence{1};
  CHECK(world.commit('B', tagged(node, {{"b"}, {}}), before).status == Status::merged);
  CHECK(world.node(node).tags.value.size() == 51);
  CHECK(world.commit('B', tagged(node, {{"b too"}, {}}), before).status == Status::applied);
  CHECK(world.node(node).tags.value.size() == 52);
  CHECK(world.commit('B', tagged(node, {{}, {"t1"}})).status == Status::applied);
}

TEST_CASE("a counter is the sum of its increments") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  CHECK(world.commit('B', used(node, 3), seen).status == Status::applied);
  CHECK(world.commit('C', used(node, 4), seen).status == Status::merged);
  CHECK(world.commit('C', used(node, -1), seen).status == Status::applied);
  CHECK(world.node(node).use_count.value == 6);
}

TEST_CASE("if_base rejects as stale when another replica changed the node above base, and only then") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  Operation locked = titled(node, "mine");
  locked.if_base = true;
  CHECK(world.commit('B', locked, seen).status == Status::applied);
  CHECK(world.commit('B', locked, seen).status == Status::applied); // its own change is no change
  CHECK(world.commit('C', locked, seen).rejection->code == base::ErrorCode::stale);
  CHECK(world.commit('C', locked).status == Status::applied);

  const Sequence before_comment = world.head();
  world.commit('B', commented(node, 1));
  CHECK(world.commit('C', locked, before_comment).status == Status::applied); // no register changed

  const Sequence before_move = world.head();
  const NodeId other = world.add();
  world.commit('C', moved(node, other));
  CHECK(world.commit('B', locked, before_move).rejection->code == base::ErrorCode::stale);
}

TEST_CASE("an operation on a node the log does not have is rejected as not found") {
  World world;
  const auto nowhere = make_id<NodeId>(999);
  for (const OperationKind kind : {OperationKind::update, OperationKind::remove, OperationKind::restore,
                                   OperationKind::complete, OperationKind::reopen, OperationKind::assign})
    CHECK(world.commit('B', make(kind, nowhere)).rejection->code == base::ErrorCode::not_found);
  CHECK(world.commit('B', moved(nowhere, {})).rejection->code == base::ErrorCode::not_found);
  CHECK(world.commit('B', commented(nowhere, 5)).rejection->code == base::ErrorCode::not_found);
}

TEST_CASE("a node with registers of a newer version is read-only, and keeps them when it comes again") {
  World world;
  const NodeId node = world.add();
  world.state.nodes.at(node).unknown["mood"] = R"([["1","2","",""],"good"])";
  const Node before = world.node(node);
  for (const OperationKind kind : {OperationKind::update, OperationKind::complete, OperationKind::remove,
                                   OperationKind::restore, OperationKind::assign}) {
    Operation change = make(kind, node);
    if (kind == OperationKind::update) change.fields.title = "other";
    const Outcome refused = world.commit('B', change);
    CHECK(refused.status == Status::rejected);
    CHECK(refused.rejection->message.find("newer memsync") != std::string::npos);
  }
  CHECK(world.node(node) == before);
}
