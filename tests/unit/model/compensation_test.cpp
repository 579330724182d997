#include "model/compensation.h"

#include "model/register_text.h"
#include "world.h"

using namespace memsync;
using namespace memsync::model;
using namespace memsync::model::tests;

namespace {

WrittenChange changed(Field field, std::string_view from, std::string_view to) {
  WrittenChange change;
  change.node = make_id<NodeId>(1);
  change.field = field;
  change.old_value = value_text(std::string(from));
  change.new_value = value_text(std::string(to));
  return change;
}

/// What `current` becomes when the changes, newest first, are taken back.
std::string restored_text(const std::vector<WrittenChange>& changes, std::string_view current,
                          bool is_forced = false) {
  const CompensationPlan plan = plan_compensation(changes, is_forced);
  REQUIRE(plan.steps.size() == 1);
  const auto text = value_to_restore(plan.steps.front(), value_text(std::string(current)));
  if (!text) return "left alone";
  Node holder;
  REQUIRE(set_register_text(holder, Field::content, *text));
  return holder.content.value;
}

} // namespace

TEST_CASE("changes that follow on each other are taken back at once") {
  CHECK(restored_text({changed(Field::title, "b", "c"), changed(Field::title, "a", "b")}, "c") == "a");
  CHECK(restored_text({changed(Field::title, "b", "c"), changed(Field::title, "a", "b")}, "d") ==
        "left alone");
}

TEST_CASE("of a value that somebody else set in between, taking back what came after it stops there") {
  const std::vector<WrittenChange> session{changed(Field::title, "theirs", "c"),
                                           changed(Field::title, "a", "b")};
  CHECK(restored_text(session, "c") == "theirs");
  CHECK(restored_text(session, "c", true) == "a"); // to a point in time
}

TEST_CASE("of a text only what the session wrote goes, also where others wrote in between") {
  const std::vector<WrittenChange> session{changed(Field::content, "ONE\nTWO\nthree\n", "ONE\nTWO\nTHREE\n"),
                                           changed(Field::content, "one\ntwo\nthree\n", "ONE\ntwo\nthree\n")};
  CHECK(restored_text(session, "ONE\nTWO\nTHREE\n") == "one\nTWO\nthree\n");
  CHECK(restored_text(session, "ONE\nTWO\nTHREE\nlater\n") == "one\nTWO\nthree\nlater\n");
  CHECK(restored_text(session, "EINS\nTWO\nTHREE\n") == "left alone");
}

TEST_CASE("a node is all by one author while nobody else wrote a register of it") {
  World world;
  const NodeId node = world.add();
  CHECK(is_all_by(world.node(node), user_of('A')));
  CHECK_FALSE(is_all_by(world.node(node), user_of('B')));
  world.commit('B', used(node, 1));
  CHECK(is_all_by(world.node(node), user_of('A')));
  world.commit('B', written(node, "", "text"));
  world.commit('A', titled(node, "again"));
  CHECK_FALSE(is_all_by(world.node(node), user_of('A')));
}
