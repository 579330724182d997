#include "model/limits.h"
#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

/// document > folder > leaf, seen by everybody.
struct Tree {
  World world;
  NodeId document = world.add("document");
  NodeId folder = world.add("folder", document);
  NodeId leaf = world.add("leaf", folder);
  Sequence seen = world.head();
};

const NodeId k_new = make_id<NodeId>(500);

} // namespace

// --- create ---

TEST_CASE("a new node has its author, its provenance and every field it was made with") {
  World world;
  Operation op = created(k_new, {}, "title");
  op.client = "claude-code/2";
  op.session = "s1";
  op.project = "git:p";
  op.fields.content = TextChange{"text", {}};
  op.fields.tags = SetChange{{"b", "a"}, {}};
  const Outcome outcome = world.commit('B', op);
  CHECK(outcome.status == Status::applied);
  REQUIRE(outcome.nodes.size() == 1);
  CHECK(outcome.nodes[0].is_new);
  const Node& node = world.node(k_new);
  CHECK(node.created == Provenance{user_of('B'), "claude-code/2", "s1", "git:p"});
  CHECK(node.created_at.sequence == world.head());
  CHECK(node.content.value == "text");
  CHECK(node.tags.value == std::vector<std::string>{"a", "b"});
  CHECK(node.edits.last == world.head());
}

TEST_CASE("a new node whose parent is unknown hangs below its document, else it is a document") {
  Tree tree;
  Operation op = created(k_new, make_id<NodeId>(999));
  op.document = tree.document;
  CHECK(tree.world.commit('B', op).status == Status::merged);
  CHECK(tree.world.parent(k_new) == tree.document);
  CHECK(tree.world.commit('B', created(make_id<NodeId>(501), make_id<NodeId>(999))).status == Status::merged);
  CHECK(tree.world.node(make_id<NodeId>(501)).is_document_root());
}

TEST_CASE("a new node below a deleted one hangs below the nearest live node above") {
  Tree tree;
  tree.world.commit('B', removed(tree.folder));
  CHECK(tree.world.commit('C', created(k_new, tree.leaf), tree.seen).status == Status::merged);
  CHECK(tree.world.parent(k_new) == tree.document);
}

TEST_CASE("making a node that exists changes nothing and keeps what differed") {
  Tree tree;
  const Node before = tree.world.node(tree.folder);
  Operation twin = created(tree.folder, {}, "another name");
  twin.fields.type = before.type.value;
  const Outcome outcome = tree.world.commit('B', twin, Sequence{0});
  CHECK(outcome.status == Status::superseded);
  CHECK(tree.world.node(tree.folder).title.value == "folder");
  CHECK(tree.world.parent(tree.folder) == tree.document);
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].value == R"("another name")");
}

TEST_CASE("a node made twice offline survives a delete that had not seen the second making") {
  Tree tree;
  SUBCASE("made again before the delete") {
    tree.world.commit('B', created(tree.folder, tree.document, "folder"), Sequence{0});
    CHECK(tree.world.commit('C', removed(tree.folder), tree.seen).status == Status::conflict);
  }
  SUBCASE("made again after the delete") {
    tree.world.commit('C', removed(tree.folder));
    CHECK(tree.world.commit('B', created(tree.folder, tree.document, "folder"), Sequence{0}).status ==
          Status::merged);
  }
  CHECK(tree.world.is_visible(tree.folder));
  CHECK(tree.world.is_visible(tree.leaf));
}

TEST_CASE("a tree is at most 64 levels deep") {
  World world;
  NodeId parent;
  for (std::size_t depth = 1; depth <= limits::k_tree_depth; ++depth) parent = world.add("level", parent);
  CHECK(world.commit('A', created(k_new, parent)).rejection->code == base::ErrorCode::too_large);
  const NodeId single = world.add();
  CHECK(world.commit('A', moved(single, parent)).rejection->code == base::ErrorCode::too_large);
  CHECK(world.commit('A', moved(single, world.parent(parent))).status == Status::applied);
}

TEST_CASE("a subtree moves only where its deepest node still fits") {
  World world;
  NodeId deep;
  for (int depth = 1; depth <= 62; ++depth) deep = world.add("level", deep);
  const NodeId top = world.add("top");
  const NodeId below = world.add("below", top);
  CHECK(world.commit('A', moved(top, deep)).status == Status::applied);
  CHECK(world.commit('A', moved(top, {})).status == Status::applied);
  world.add("third", below);
  CHECK(world.commit('A', moved(top, deep)).rejection->code == base::ErrorCode::too_large);
  CHECK(world.commit('A', moved(top, world.parent(deep))).status == Status::applied);
}

// --- delete against edit ---

TEST_CASE("a delete that has seen every edit hides the node and all below it") {
  Tree tree;
  const Outcome outcome = tree.world.commit('B', removed(tree.folder));
  CHECK(outcome.status == Status::applied);
  CHECK(outcome.nodes.size() == 1); // only the root is marked
  CHECK_FALSE(tree.world.is_visible(tree.folder));
  CHECK_FALSE(tree.world.is_visible(tree.leaf));
  CHECK(tree.world.commit('C', removed(tree.folder)).status == Status::superseded);
}

TEST_CASE("a delete that had not seen an edit is not applied but becomes a conflict") {
  Tree tree;
  tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
  const Outcome outcome = tree.world.commit('C', removed(tree.leaf), tree.seen);
  CHECK(outcome.status == Status::conflict);
  CHECK(tree.world.is_visible(tree.leaf));
  REQUIRE(outcome.conflicts.size() == 1);
  CHECK(outcome.conflicts[0].kind == ConflictKind::update_delete);
  CHECK(outcome.conflicts[0].local == "true");
  CHECK(outcome.conflicts[0].server == "false");
  CHECK(outcome.conflicts[0].proposed == "false");
}

TEST_CASE("an edit that had not seen the delete restores the node") {
  Tree tree;
  tree.world.commit('C', removed(tree.leaf), tree.seen);
  const Outcome outcome = tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
  CHECK(outcome.status == Status::merged);
  CHECK(tree.world.is_visible(tree.leaf));
  // Whoever deleted it is told.
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].field == Field::deleted);
  CHECK(outcome.lost[0].stamp.author == user_of('C'));
  CHECK(tree.world.node(tree.leaf).title.value == "edited");
}

TEST_CASE("an edit that had seen the delete is rejected") {
  Tree tree;
  tree.world.commit('C', removed(tree.leaf));
  CHECK(tree.world.commit('B', titled(tree.leaf, "late")).rejection->code == base::ErrorCode::not_found);
  CHECK(tree.world.commit('C', titled(tree.leaf, "own"), tree.seen).rejection->code ==
        base::ErrorCode::not_found);
}

TEST_CASE("every kind of edit wins over a delete that had not seen it, in both orders") {
  const auto edits = [](const NodeId& node) {
    Operation assign = make(OperationKind::assign, node);
    assign.fields.assignee = user_of('B');
    return std::vector<Operation>{titled(node, "t"),
                                  written(node, "", "text"),
                                  tagged(node, {{"x"}, {}}),
                                  used(node, 1),
                                  make(OperationKind::complete, node),
                                  make(OperationKind::reopen, node),
                                  assign,
                                  commented(node, 700)};
  };
  for (std::size_t i = 0; i < edits({}).size(); ++i) {
    CAPTURE(i);
    for (const bool edit_first : {true, false}) {
      Tree tree;
      if (edit_first) {
        tree.world.commit('B', edits(tree.leaf)[i], tree.seen);
        CHECK(tree.world.commit('C', removed(tree.leaf), tree.seen).status == Status::conflict);
      } else {
        tree.world.commit('C', removed(tree.leaf), tree.seen);
        CHECK(tree.world.commit('B', edits(tree.leaf)[i], tree.seen).status == Status::merged);
      }
      CHECK(tree.world.is_visible(tree.leaf));
    }
  }
}

TEST_CASE("the delete checks every writer since its base, not only the last") {
  Tree tree;
  tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
  tree.world.commit('C', titled(tree.leaf, "by the deleter"), tree.seen);
  CHECK(tree.world.commit('C', removed(tree.leaf), tree.seen).status == Status::conflict);
}

TEST_CASE("an edit that was superseded or became a conflict still counts against an unseen delete") {
  for (const Strategy strategy : {Strategy::server_wins, Strategy::manual}) {
    Tree tree;
    tree.world.commit('C', with(titled(tree.leaf, "c"), at_clock(90'000)), tree.seen);
    tree.world.commit('B', with(titled(tree.leaf, "b"), strategy), tree.seen);
    CHECK(tree.world.commit('C', removed(tree.leaf), tree.seen).status == Status::conflict);
    CHECK(tree.world.is_visible(tree.leaf));
  }
}

TEST_CASE("no strategy lets a delete hide an edit it had not seen") {
  for (const Strategy strategy :
       {Strategy::merge, Strategy::client_wins, Strategy::server_wins, Strategy::manual}) {
    Tree tree;
    tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
    CHECK(tree.world.commit('C', with(removed(tree.leaf), strategy), tree.seen).status == Status::conflict);
  }
}

// --- lifting ---

TEST_CASE("a node edited below a concurrently deleted one is lifted, in both orders") {
  for (const bool edit_first : {true, false}) {
    for (const bool knows_children : {true, false}) {
      CAPTURE(edit_first);
      CAPTURE(knows_children);
      Tree tree;
      tree.world.state.knows_children = knows_children;
      const auto edit = [&] { return tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen); };
      const auto remove = [&] { return tree.world.commit('C', removed(tree.folder), tree.seen); };
      if (edit_first) {
        CHECK(edit().status == Status::applied);
        CHECK(remove().status == Status::merged);
      } else {
        CHECK(remove().status == Status::applied);
        CHECK(edit().status == Status::merged);
      }
      CHECK_FALSE(tree.world.is_visible(tree.folder));
      CHECK(tree.world.parent(tree.leaf) == tree.document);
      CHECK(tree.world.is_visible(tree.leaf));
    }
  }
}

TEST_CASE("a node lifted out of a deleted document becomes a document") {
  Tree tree;
  tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
  tree.world.commit('C', removed(tree.document), tree.seen);
  CHECK(tree.world.node(tree.leaf).is_document_root());
}

TEST_CASE("a lifted node carries its own subtree along, unedited and edited alike") {
  Tree tree;
  const NodeId under = tree.world.add("under", tree.leaf);
  const NodeId quiet = tree.world.add("quiet", tree.leaf);
  const Sequence seen = tree.world.head();
  tree.world.commit('B', titled(under, "edited"), seen);
  tree.world.commit('B', titled(tree.leaf, "edited"), seen);
  tree.world.commit('C', removed(tree.folder), seen);
  CHECK(tree.world.parent(tree.leaf) == tree.document);
  CHECK(tree.world.parent(under) == tree.leaf);
  CHECK(tree.world.is_visible(quiet));
}

TEST_CASE("a node that the deleter had edited, or seen edited, goes with its parent") {
  Tree tree;
  tree.world.commit('C', titled(tree.leaf, "own"), tree.seen);
  tree.world.commit('B', titled(tree.leaf, "seen by C"));
  tree.world.commit('C', removed(tree.folder));
  CHECK_FALSE(tree.world.is_visible(tree.leaf));
}

TEST_CASE("a node moved below a concurrently deleted one stays visible, in both orders") {
  for (const bool move_first : {true, false}) {
    CAPTURE(move_first);
    Tree tree;
    const NodeId guest = tree.world.add("guest");
    const NodeId below = tree.world.add("below", guest);
    const Sequence seen = tree.world.head();
    if (move_first) tree.world.commit('B', moved(guest, tree.folder), seen);
    tree.world.commit('C', removed(tree.folder), seen);
    if (!move_first) CHECK(tree.world.commit('B', moved(guest, tree.folder), seen).status == Status::merged);
    CHECK(tree.world.parent(guest) == tree.document);
    CHECK(tree.world.is_visible(below));
  }
}

TEST_CASE("what an earlier delete hid rightly stays hidden when a node above is deleted unseen") {
  Tree tree;
  const NodeId under = tree.world.add("under", tree.leaf);
  const Sequence seen = tree.world.head();
  tree.world.commit('B', titled(under, "edited"), seen);
  tree.world.commit('B', removed(tree.leaf)); // has seen that edit
  tree.world.commit('C', removed(tree.folder), seen);
  CHECK_FALSE(tree.world.is_visible(under));
  tree.world.commit('A', restored(tree.leaf));
  CHECK(tree.world.is_visible(under));
}

TEST_CASE("a delete inside of what was deleted hides no unseen edit once the outer one is restored") {
  Tree tree;
  tree.world.commit('B', titled(tree.leaf, "edited"), tree.seen);
  tree.world.commit('B', removed(tree.document)); // has seen that edit
  tree.world.commit('C', removed(tree.folder), tree.seen);
  CHECK_FALSE(tree.world.is_visible(tree.leaf));
  tree.world.commit('A', restored(tree.document));
  CHECK_FALSE(tree.world.is_visible(tree.folder));
  CHECK(tree.world.is_visible(tree.leaf));
}

TEST_CASE("a subtree too big to be walked is compared with what was edited lately") {
  Tree tree;
  for (int i = 0; i < 300; ++i) tree.world.add("sibling", tree.folder);
  const Sequence seen = tree.world.head();
  tree.world.commit('B', titled(tree.leaf, "edited"), seen);
  tree.world.commit('C', removed(tree.folder), seen);
  CHECK(tree.world.parent(tree.leaf) == tree.document);
}

// --- restore ---

TEST_CASE("restore brings a deleted node back with all below it") {
  Tree tree;
  tree.world.commit('B', removed(tree.folder));
  CHECK(tree.world.commit('C', restored(tree.folder)).status == Status::applied);
  CHECK(tree.world.is_visible(tree.leaf));
  CHECK(tree.world.commit('C', restored(tree.folder)).status == Status::superseded);
}

TEST_CASE("restore of a node whose ancestors are deleted lifts it out") {
  Tree tree;
  tree.world.commit('B', removed(tree.leaf));
  tree.world.commit('B', removed(tree.folder));
  CHECK(tree.world.commit('C', restored(tree.leaf)).status == Status::merged);
  CHECK(tree.world.parent(tree.leaf) == tree.document);
}

TEST_CASE("a node hidden only by a deleted ancestor can be restored alone") {
  Tree tree;
  tree.world.commit('B', removed(tree.document));
  CHECK(tree.world.commit('C', restored(tree.leaf)).status == Status::merged);
  CHECK(tree.world.node(tree.leaf).is_document_root());
  CHECK_FALSE(tree.world.is_visible(tree.folder));
}

TEST_CASE("a delete that had not seen a restore does not undo it") {
  Tree tree;
  tree.world.commit('B', removed(tree.leaf));
  tree.world.commit('A', restored(tree.leaf));
  CHECK(tree.world.commit('C', removed(tree.leaf), tree.seen).status == Status::conflict);
  CHECK(tree.world.is_visible(tree.leaf));
}

// --- move ---

TEST_CASE("of two concurrent moves the later clock wins and the other place is kept") {
  Tree tree;
  const NodeId other = tree.world.add("other");
  const Sequence seen = tree.world.head();
  tree.world.commit('B', with(moved(tree.leaf, other, "A"), at_clock(9'000)), seen);
  const Outcome outcome =
      tree.world.commit('C', with(moved(tree.leaf, tree.document, "B"), at_clock(8'000)), seen);
  CHECK(outcome.status == Status::superseded);
  CHECK(tree.world.node(tree.leaf).place.value == Place{other, "A"});
  REQUIRE(outcome.lost.size() == 1);
  CHECK(outcome.lost[0].field == Field::place);
}

TEST_CASE("a node cannot move below itself or its own subtree") {
  Tree tree;
  for (const NodeId& parent : {tree.leaf, tree.folder, tree.document}) {
    const Outcome outcome = tree.world.commit('B', moved(tree.document, parent));
    CHECK(outcome.status == Status::conflict);
    REQUIRE(outcome.conflicts.size() == 1);
    CHECK(outcome.conflicts[0].kind == ConflictKind::cycle);
    CHECK(tree.world.node(tree.document).is_document_root());
  }
}

TEST_CASE("of two nodes moved into each other the second move is a conflict") {
  World world;
  const NodeId one = world.add();
  const NodeId two = world.add();
  const Sequence seen = world.head();
  CHECK(world.commit('B', moved(one, two), seen).status == Status::applied);
  CHECK(world.commit('C', moved(two, one), seen).status == Status::conflict);
  CHECK(world.parent(one) == two);
  CHECK(world.node(two).is_document_root());
}

TEST_CASE("a move below a deleted node goes to the nearest live node above it") {
  Tree tree;
  const NodeId guest = tree.world.add("guest");
  const Sequence seen = tree.world.head();
  tree.world.commit('C', removed(tree.folder));
  CHECK(tree.world.commit('B', moved(guest, tree.leaf), seen).status == Status::merged);
  CHECK(tree.world.parent(guest) == tree.document);
}

TEST_CASE("a move out of a deleted subtree brings the node back") {
  Tree tree;
  tree.world.commit('C', removed(tree.folder));
  CHECK(tree.world.commit('B', moved(tree.leaf, tree.document), tree.seen).status == Status::applied);
  CHECK(tree.world.is_visible(tree.leaf));
}

TEST_CASE("a move of a deleted node has no effect, and the place is kept") {
  Tree tree;
  tree.world.commit('C', removed(tree.leaf));
  const Outcome outcome = tree.world.commit('B', moved(tree.leaf, tree.document), tree.seen);
  CHECK(outcome.status == Status::superseded);
  CHECK(outcome.lost.size() == 1);
}

TEST_CASE("a move below an unknown node is rejected") {
  Tree tree;
  CHECK(tree.world.commit('B', moved(tree.leaf, make_id<NodeId>(999))).rejection->code ==
        base::ErrorCode::not_found);
}

TEST_CASE("a node moves between documents and to be a document") {
  Tree tree;
  const NodeId other = tree.world.add("other document");
  CHECK(tree.world.commit('B', moved(tree.leaf, other)).status == Status::applied);
  CHECK(tree.world.parent(tree.leaf) == other);
  CHECK(tree.world.commit('B', moved(tree.leaf, {})).status == Status::applied);
  CHECK(tree.world.node(tree.leaf).is_document_root());
}

TEST_CASE("a manual move against another one opens a conflict over the place") {
  Tree tree;
  const NodeId other = tree.world.add("other");
  const Sequence seen = tree.world.head();
  tree.world.commit('B', moved(tree.leaf, other), seen);
  const Outcome outcome =
      tree.world.commit('C', with(moved(tree.leaf, tree.document), Strategy::manual), seen);
  CHECK(outcome.status == Status::conflict);
  CHECK(outcome.conflicts.at(0).field == Field::place);
  CHECK(outcome.conflicts.at(0).kind == ConflictKind::field);
  CHECK(tree.world.parent(tree.leaf) == other);
}

TEST_CASE("walks end where damage has closed the tree into a ring") {
  Tree tree;
  auto& nodes = tree.world.state.nodes;
  nodes.at(tree.document).place.value.parent = tree.leaf;
  CHECK_FALSE(is_hidden(tree.world.state, tree.leaf));
  CHECK(is_below(tree.world.state, tree.leaf, make_id<NodeId>(999)));
  Operation op = moved(make_id<NodeId>(998), tree.leaf);
  nodes[op.target_node()].id = op.target_node();
  const Commit commit{Sequence{100}, at_clock(1), replica_of('B'), user_of('B')};
  CHECK(apply(tree.world.state, op, commit).status == Status::conflict);
  nodes.at(tree.folder).deleted.value = true;
  CHECK(apply(tree.world.state, created(k_new, tree.leaf), commit).status == Status::merged);
}
