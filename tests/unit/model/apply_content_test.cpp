#include "model/limits.h"
#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

constexpr std::string_view k_first = "alpha\nbeta\ngamma\n";

struct Page {
  World world;
  NodeId node = world.add();
  Sequence seen = start();

  Sequence start() {
    world.commit('A', written(node, "", std::string(k_first)));
    return world.head();
  }
  std::string content() { return world.node(node).content.value; }
};

} // namespace

TEST_CASE("concurrent changes of different lines merge into one text") {
  Page page;
  CHECK(page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen).status ==
        Status::applied);
  const Outcome outcome =
      page.world.commit('C', written(page.node, k_first, "alpha\nbeta\ngamma\ndelta\n"), page.seen);
  CHECK(outcome.status == Status::merged);
  CHECK(outcome.conflicts.empty());
  CHECK(page.content() == "ALPHA\nbeta\ngamma\ndelta\n");
}

TEST_CASE("both orders of arrival merge to the same text") {
  for (const bool b_first : {true, false}) {
    Page page;
    const Operation b = written(page.node, k_first, "alpha\nbeta or so\ngamma\n");
    const Operation c = written(page.node, k_first, "alpha\nthe beta\ngamma\n");
    page.world.commit('B', b_first ? b : c, page.seen);
    CHECK(page.world.commit('C', b_first ? c : b, page.seen).status == Status::merged);
    CHECK(page.content() == "alpha\nthe beta or so\ngamma\n");
  }
}

TEST_CASE("changes of the same word open a conflict and the hub's text stays") {
  Page page;
  page.world.commit('B', written(page.node, k_first, "ALPHA\nBETA\ngamma\n"), page.seen);
  const Outcome outcome =
      page.world.commit('C', written(page.node, k_first, "alpha\nBeta\ngamma ray\n"), page.seen);
  CHECK(outcome.status == Status::conflict);
  CHECK(page.content() == "ALPHA\nBETA\ngamma\n");
  REQUIRE(outcome.conflicts.size() == 1);
  const Conflict& conflict = outcome.conflicts[0];
  CHECK(conflict.base == R"("alpha\nbeta\ngamma\n")");
  CHECK(conflict.local == R"("alpha\nBeta\ngamma ray\n")");
  CHECK(conflict.server == R"("ALPHA\nBETA\ngamma\n")");
  CHECK(conflict.proposed == R"("ALPHA\nBETA\ngamma ray\n")");
}

TEST_CASE("one replica's second text, written before it knew of the merge of its first, erases nothing") {
  Page page;
  const std::string one = "alpha\nbeta\ngamma\none\n";
  const std::string two = "alpha\nbeta\ngamma\none\ntwo\n";
  page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen);
  CHECK(page.world.commit('C', written(page.node, k_first, one), page.seen).status == Status::merged);
  CHECK(page.content() == "ALPHA\nbeta\ngamma\none\n");
  CHECK(page.world.commit('C', written(page.node, one, two), page.seen).status == Status::merged);
  CHECK(page.content() == "ALPHA\nbeta\ngamma\none\ntwo\n");
}

TEST_CASE("a replica can take its own merged change back without seeing the merge") {
  Page page;
  const std::string one = "alpha\nbeta\ngamma\none\n";
  page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen);
  page.world.commit('C', written(page.node, k_first, one), page.seen);
  page.world.commit('C', written(page.node, one, std::string(k_first)), page.seen);
  CHECK(page.content() == "ALPHA\nbeta\ngamma\n");
}

TEST_CASE("the author's text of a merge is kept, and named as merged, not lost") {
  Page page;
  page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen);
  const Outcome outcome =
      page.world.commit('C', written(page.node, k_first, "alpha\nbeta\nGAMMA\n"), page.seen);
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].value == R"("alpha\nbeta\nGAMMA\n")");
  CHECK(outcome.lost[0].stamp.sequence == page.world.head());
  REQUIRE(outcome.nodes.size() == 1);
  CHECK(outcome.nodes[0].fields.has(Field::content));
}

TEST_CASE("a text whose base nobody remembers becomes a conflict instead of overwriting") {
  for (const bool own_text : {false, true}) {
    CAPTURE(own_text);
    Page page;
    page.world.state.knows_history = false;
    page.world.state.knows_texts = false;
    page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen);
    const std::string mine = "alpha\nbeta\nGAMMA\n";
    Outcome outcome =
        page.world.commit('C', written(page.node, own_text ? "another" : k_first, mine), page.seen);
    CHECK(outcome.status == Status::conflict);
    CHECK(page.content() == "ALPHA\nbeta\ngamma\n");
    CHECK(outcome.conflicts.at(0).local == R"("alpha\nbeta\nGAMMA\n")");
    CHECK(outcome.conflicts.at(0).proposed.empty());
  }
}

TEST_CASE("a text that history has under that sequence, but not with that hash, is not taken for the base") {
  Page page;
  page.world.commit('B', written(page.node, k_first, "ALPHA\nbeta\ngamma\n"), page.seen);
  CHECK(page.world.commit('C', written(page.node, "something else", "alpha\nbeta\n"), page.seen).status ==
        Status::conflict);
}

TEST_CASE("a text whose author saw exactly the present one is set, whatever the sequences say") {
  Page page;
  page.world.commit('B', written(page.node, k_first, "same for both\n"), page.seen);
  CHECK(page.world.commit('C', written(page.node, "same for both\n", "next\n"), page.seen).status ==
        Status::applied);
  CHECK(page.content() == "next\n");
}

TEST_CASE("a text that had seen the log replaces, also when it came from a tool without a hash") {
  Page page;
  page.world.commit('B', written(page.node, k_first, "b\n"));
  Operation op = written(page.node, "", "c\n");
  op.fields.content->base_text_hash = {};
  CHECK(page.world.commit('C', op).status == Status::applied);
  CHECK(page.world.commit('C', op, page.seen).status == Status::applied);
  CHECK(page.content() == "c\n");
}

TEST_CASE("strategies other than merge never mix two texts") {
  const std::string theirs = "ALPHA\nbeta\ngamma\n";
  const std::string mine = "alpha\nbeta\nGAMMA\n";
  for (const Strategy strategy : {Strategy::client_wins, Strategy::server_wins, Strategy::manual}) {
    CAPTURE(name_of(strategy));
    Page page;
    page.world.commit('B', written(page.node, k_first, theirs), page.seen);
    const Outcome outcome =
        page.world.commit('C', with(written(page.node, k_first, mine), strategy), page.seen);
    CHECK(page.content() == (strategy == Strategy::client_wins ? mine : theirs));
    if (strategy == Strategy::manual) {
      CHECK(outcome.status == Status::conflict);
      CHECK(outcome.conflicts.at(0).proposed == R"("ALPHA\nbeta\nGAMMA\n")");
    } else {
      CHECK(outcome.lost.at(0).value == value_text(strategy == Strategy::client_wins ? theirs : mine));
    }
  }
}

TEST_CASE("two first texts of an empty node conflict unless they are equal") {
  for (const bool equal : {true, false}) {
    World world;
    const NodeId node = world.add();
    const Sequence seen = world.head();
    world.commit('B', written(node, "", "text\n"), seen);
    const Outcome outcome = world.commit('C', written(node, "", equal ? "text\n" : "other\n"), seen);
    CHECK(outcome.status == (equal ? Status::merged : Status::conflict));
    CHECK(world.node(node).content.value == "text\n");
  }
}

TEST_CASE("a merged text beyond the limit of a content becomes a conflict") {
  Page page;
  const std::string half(limits::k_content_bytes * 2 / 3, 'x');
  page.world.commit('B', written(page.node, k_first, half + "\n" + std::string(k_first)), page.seen);
  const Outcome outcome =
      page.world.commit('C', written(page.node, k_first, std::string(k_first) + half), page.seen);
  CHECK(outcome.status == Status::conflict);
}
