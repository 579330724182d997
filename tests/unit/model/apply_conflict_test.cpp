#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

/// A node with an open conflict over its title: server "theirs", local "mine".
struct Disputed {
  World world;
  NodeId node = world.add("base");
  Sequence seen = world.head();
  ConflictId conflict = open();

  ConflictId open() {
    world.commit('B', titled(node, "theirs"), seen);
    return world.commit('C', with(titled(node, "mine"), Strategy::manual), seen).conflicts.at(0).id;
  }
  const Conflict& record() { return world.state.conflicts.at(conflict); }
  std::string title() { return world.node(node).title.value; }
};

/// A node whose delete by C became a conflict with an edit by B.
struct Undeleted {
  World world;
  NodeId node = world.add();
  Sequence seen = world.head();
  ConflictId conflict = open();

  ConflictId open() {
    world.commit('B', titled(node, "edited"), seen);
    return world.commit('C', removed(node), seen).conflicts.at(0).id;
  }
};

} // namespace

TEST_CASE("each resolution sets its value and closes the conflict for everybody") {
  struct Row {
    Resolution resolution;
    std::string value, title;
  };
  for (const Row& row : {Row{Resolution::keep_local, "", "mine"}, Row{Resolution::keep_server, "", "theirs"},
                         Row{Resolution::merge, "", "mine"}, Row{Resolution::custom, R"("both")", "both"}}) {
    CAPTURE(name_of(row.resolution));
    Disputed disputed;
    const Outcome outcome =
        disputed.world.commit('D', resolved(disputed.conflict, row.resolution, row.value));
    CHECK(outcome.status == Status::applied);
    CHECK(disputed.title() == row.title);
    CHECK(disputed.record().resolved);
    CHECK(disputed.record().resolution == row.resolution);
    CHECK(disputed.record().resolved_at.author == user_of('D'));
    REQUIRE(outcome.conflicts.size() == 1);
    CHECK(outcome.conflicts[0].resolved);
  }
}

TEST_CASE("the second of two resolvers is superseded") {
  Disputed disputed;
  const Sequence seen = disputed.world.head();
  disputed.world.commit('D', resolved(disputed.conflict, Resolution::keep_local), seen);
  CHECK(disputed.world.commit('E', resolved(disputed.conflict, Resolution::keep_server), seen).status ==
        Status::superseded);
  CHECK(disputed.title() == "mine");
  CHECK(disputed.record().resolved_at.author == user_of('D'));
}

TEST_CASE("an edit made after the resolver looked is not overwritten silently") {
  Disputed disputed;
  const Sequence seen = disputed.world.head();
  disputed.world.commit('E', with(titled(disputed.node, "newer"), at_clock(90'000)), seen);
  const Outcome lost = disputed.world.commit(
      'D', with(resolved(disputed.conflict, Resolution::keep_local), at_clock(9'000)), seen);
  CHECK(disputed.title() == "newer");
  CHECK(lost.lost.at(0).value == R"("mine")");
  CHECK(disputed.record().resolved);
}

TEST_CASE("a resolution that fits no value is rejected and the conflict stays open") {
  Disputed disputed;
  for (const std::string value : {"", "not json", "7", R"("two\nlines")"}) {
    CAPTURE(value);
    const Outcome outcome =
        disputed.world.commit('D', resolved(disputed.conflict, Resolution::custom, value));
    CHECK(outcome.rejection->code == base::ErrorCode::validation);
  }
  const std::string too_long = value_text(std::string(201, 'x'));
  CHECK(
      disputed.world.commit('D', resolved(disputed.conflict, Resolution::custom, too_long)).rejection->code ==
      base::ErrorCode::too_large);
  CHECK_FALSE(disputed.record().resolved);
  CHECK(disputed.title() == "theirs");
}

TEST_CASE("resolving what does not exist is rejected") {
  World world;
  CHECK(world.commit('B', resolved(make_id<ConflictId>(9), Resolution::keep_local)).rejection->code ==
        base::ErrorCode::not_found);
}

TEST_CASE("a text conflict is resolved by text, merging what was added since") {
  World world;
  const NodeId node = world.add();
  world.commit('A', written(node, "", "one\ntwo\n"));
  const Sequence seen = world.head();
  world.commit('B', written(node, "one\ntwo\n", "ONE\ntwo\n"), seen);
  const auto conflict = world.commit('C', written(node, "one\ntwo\n", "1\ntwo\n"), seen).conflicts.at(0).id;
  const Sequence looked = world.head();

  SUBCASE("nothing changed since") {
    CHECK(world.commit('D', resolved(conflict, Resolution::custom, R"("1 = ONE\ntwo\n")")).status ==
          Status::applied);
    CHECK(world.node(node).content.value == "1 = ONE\ntwo\n");
  }
  SUBCASE("somebody appended since") {
    world.commit('E', written(node, "ONE\ntwo\n", "ONE\ntwo\nthree\n"), looked);
    CHECK(world.commit('D', resolved(conflict, Resolution::custom, R"("1 = ONE\ntwo\n")"), looked).status ==
          Status::merged);
    CHECK(world.node(node).content.value == "1 = ONE\ntwo\nthree\n");
  }
  SUBCASE("somebody appended since and history is gone") {
    world.state.knows_history = false;
    world.commit('E', written(node, "ONE\ntwo\n", "ONE\ntwo\nthree\n"), looked);
    world.commit('D', resolved(conflict, Resolution::custom, R"("1 = ONE\ntwo\n")"), looked);
    CHECK(world.node(node).content.value == "1 = ONE\ntwo\nthree\n");
  }
  SUBCASE("somebody changed the same word since") {
    world.commit('E', written(node, "ONE\ntwo\n", "EINS\ntwo\n"), looked);
    const Outcome outcome = world.commit('D', resolved(conflict, Resolution::keep_local), looked);
    CHECK(outcome.status == Status::conflict);
    REQUIRE(outcome.conflicts.size() == 2); // a new one opens, the old one closes
    CHECK(world.node(node).content.value == "EINS\ntwo\n");
  }
  CHECK(world.state.conflicts.at(conflict).resolved);
}

TEST_CASE("settling a text conflict keeps what was written since it opened, also when that had arrived") {
  for (const Resolution resolution : {Resolution::keep_local, Resolution::merge, Resolution::custom}) {
    CAPTURE(name_of(resolution));
    World world;
    const NodeId node = world.add();
    world.commit('A', written(node, "", "one\ntwo\nthree\n"));
    const Sequence seen = world.head();
    world.commit('B', written(node, "one\ntwo\nthree\n", "ONE\ntwo\nthree\n"), seen);
    const auto conflict =
        world.commit('C', written(node, "one\ntwo\nthree\n", "1\ntwo\nTHREE\n"), seen).conflicts.at(0).id;
    world.commit('B', written(node, "ONE\ntwo\nthree\n", "ONE\ntwo\nthree\nlater\n"));
    CHECK(world.commit('D', resolved(conflict, resolution, R"("eins\ntwo\nTHREE\n")")).status ==
          Status::merged);
    const std::string first = resolution == Resolution::keep_local ? "1"
                              : resolution == Resolution::merge    ? "ONE"
                                                                   : "eins";
    CHECK(world.node(node).content.value == first + "\ntwo\nTHREE\nlater\n");
  }
}

TEST_CASE("settling another field tells of a value that was set since the conflict opened") {
  Disputed disputed;
  disputed.world.commit('B', titled(disputed.node, "newer"));
  const Outcome outcome = disputed.world.commit('D', resolved(disputed.conflict, Resolution::keep_local));
  CHECK(disputed.title() == "mine");
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].value == R"("newer")");
  CHECK(outcome.lost[0].stamp.author == user_of('B'));
}

TEST_CASE("the local value of a conflict is in the history, and is the base of its author's next text") {
  World world;
  const NodeId node = world.add();
  world.commit('A', written(node, "", "one\ntwo\nthree\n"));
  const Sequence seen = world.head();
  world.commit('B', written(node, "one\ntwo\nthree\n", "ONE\ntwo\nthree\n"), seen);
  const Outcome first = world.commit('C', written(node, "one\ntwo\nthree\n", "1\ntwo\nthree\n"), seen);
  REQUIRE(first.conflicts.size() == 1);
  REQUIRE(first.lost.size() == 1);
  CHECK(first.lost[0].value == R"("1\ntwo\nthree\n")");
  const Outcome second = world.commit('C', written(node, "1\ntwo\nthree\n", "1\ntwo\nTHREE\n"), seen);
  CHECK(second.status == Status::merged);
  CHECK(world.node(node).content.value == "ONE\ntwo\nTHREE\n");
}

TEST_CASE("settling a conflict wins over a delete that its author had not seen, and not over one seen") {
  for (const bool was_seen : {false, true}) {
    CAPTURE(was_seen);
    Disputed disputed;
    const Sequence before = disputed.world.head();
    disputed.world.commit('E', removed(disputed.node));
    const Outcome outcome =
        disputed.world.commit('D', resolved(disputed.conflict, Resolution::custom, R"("careful")"),
                              was_seen ? disputed.world.head() : before);
    CHECK(disputed.world.is_visible(disputed.node) == !was_seen);
    CHECK(disputed.record().resolved == !was_seen);
    CHECK(disputed.title() == (was_seen ? "theirs" : "careful"));
    if (was_seen) CHECK(outcome.rejection->code == base::ErrorCode::not_found);
  }
}

TEST_CASE("a conflict between delete and edit ends in either, as somebody decides") {
  for (const Resolution resolution : {Resolution::keep_local, Resolution::keep_server, Resolution::merge}) {
    CAPTURE(name_of(resolution));
    Undeleted undeleted;
    CHECK(undeleted.world.commit('D', resolved(undeleted.conflict, resolution)).status == Status::applied);
    CHECK(undeleted.world.is_visible(undeleted.node) == (resolution != Resolution::keep_local));
    CHECK(undeleted.world.state.conflicts.at(undeleted.conflict).resolved);
  }
}

TEST_CASE("deciding for a delete hides no edit made since") {
  Undeleted undeleted;
  const Sequence looked = undeleted.world.head();
  undeleted.world.commit('E', titled(undeleted.node, "once more"), looked);
  const Outcome outcome =
      undeleted.world.commit('D', resolved(undeleted.conflict, Resolution::keep_local), looked);
  CHECK(outcome.status == Status::conflict);
  CHECK(undeleted.world.is_visible(undeleted.node));
}

TEST_CASE("a conflict over a node deleted meanwhile can still be closed") {
  Undeleted undeleted;
  undeleted.world.commit('E', removed(undeleted.node));
  CHECK(undeleted.world.commit('D', resolved(undeleted.conflict, Resolution::keep_local)).status ==
        Status::applied);
  CHECK_FALSE(undeleted.world.is_visible(undeleted.node));
}

TEST_CASE("a cycle conflict is resolved by a place, checked again") {
  World world;
  const NodeId one = world.add();
  const NodeId two = world.add();
  const Sequence seen = world.head();
  world.commit('B', moved(one, two), seen);
  const auto conflict = world.commit('C', moved(two, one), seen).conflicts.at(0).id;
  SUBCASE("still a cycle") {
    CHECK(world.commit('D', resolved(conflict, Resolution::keep_local)).status == Status::conflict);
    CHECK(world.parent(one) == two);
  }
  SUBCASE("no longer") {
    world.commit('B', moved(one, {}));
    CHECK(world.commit('D', resolved(conflict, Resolution::keep_local)).status == Status::applied);
    CHECK(world.parent(two) == one);
  }
}

TEST_CASE("comments only append, and the same comment twice is one") {
  World world;
  const NodeId node = world.add();
  const Sequence seen = world.head();
  CHECK(world.commit('B', commented(node, 701, "first"), seen).status == Status::applied);
  CHECK(world.commit('C', commented(node, 702, "second"), seen).status == Status::applied);
  CHECK(world.commit('C', commented(node, 701, "other"), seen).status == Status::superseded);
  REQUIRE(world.state.comments.size() == 2);
  CHECK(world.state.comments.at(make_id<CommentId>(701)).text == "first");
  CHECK(world.state.comments.at(make_id<CommentId>(701)).created.author == user_of('B'));
}

TEST_CASE("relationships are set elements, added and removed by their id") {
  World world;
  const NodeId from = world.add();
  const NodeId to = world.add();
  const auto id = make_id<RelationshipId>(800);
  Operation relate;
  relate.kind = OperationKind::relate;
  relate.target = id_cast<ItemId>(id);
  relate.relationship_type = "SOLVES";
  relate.from = from;
  relate.to = to;
  Operation unrelate;
  unrelate.kind = OperationKind::unrelate;
  unrelate.target = relate.target;

  CHECK(world.commit('B', unrelate).rejection->code == base::ErrorCode::not_found);
  CHECK(world.commit('B', relate).status == Status::applied);
  CHECK(world.commit('C', relate).status == Status::superseded);
  CHECK(world.state.relationships.at(id).type == "SOLVES");
  world.commit('C', removed(to));
  CHECK_FALSE(world.state.relationships.at(id).deleted); // hidden with its end, not removed
  CHECK(world.commit('C', unrelate).status == Status::applied);
  CHECK(world.state.relationships.at(id).deleted);
  CHECK(world.commit('B', unrelate).status == Status::superseded);

  relate.target = make_id<ItemId>(801);
  relate.to = make_id<NodeId>(999);
  CHECK(world.commit('B', relate).rejection->code == base::ErrorCode::not_found);
}
