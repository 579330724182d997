#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct Plan {
  Person anna{"Anna"};
  Toolbench bench{anna};
  Json made = edit({{{"op", "create"}, {"title", "Write"}, {"type", "task"}, {"ref", "w"}},
                    {{"op", "create"}, {"title", "Test"}, {"type", "task"}, {"parent", "w"}},
                    {{"op", "create"}, {"title", "Ship"}, {"type", "task"}}},
                   {{"title", "Plan"}});

  Json edit(Json operations, Json more = Json::object()) {
    more["operations"] = std::move(operations);
    return bench.call("edit_document", more);
  }
  std::string fail(Json operations, Json more = Json::object()) {
    more["operations"] = std::move(operations);
    return bench.fail("edit_document", more);
  }
  std::string id(std::size_t index) { return made["created"][index]["id"]; }
  Json node(std::size_t index) { return bench.call("read_document", {{"nodes", {id(index)}}})["nodes"][0]; }
  std::vector<std::string> titles() {
    std::vector<std::string> found;
    const auto read = bench.call("read_document", {{"document", "Plan"}});
    for (const auto& each : read["nodes"]) found.push_back(each["title"]);
    return found;
  }
};

using Titles = std::vector<std::string>;

} // namespace

TEST_CASE_FIXTURE(Plan, "a tree is made in one call, later operations naming earlier nodes by ref") {
  CHECK_EQ(made["applied"], 3);
  CHECK_EQ(made["created"][0]["ref"], "w");
  CHECK_EQ(made["document"]["title"], "Plan");
  CHECK_EQ(titles(), Titles{"Write", "Test", "Ship"});
  CHECK_EQ(node(1)["parent"], id(0));
}

TEST_CASE_FIXTURE(Plan, "every kind of operation does what it says") {
  edit({{{"op", "update"},
         {"node", id(0)},
         {"title", "Write it"},
         {"content", "now"},
         {"tags", {"a", "b"}},
         {"importance", 0.9},
         {"context", {{"files", {"a.cpp"}}}}}});
  CHECK_EQ(node(0)["content"], "now");
  CHECK_EQ(node(0)["tags"], Json({"a", "b"}));
  CHECK_EQ(node(0)["context"], Json({{"files", {"a.cpp"}}}));
  edit({{{"op", "update"},
         {"node", id(0)},
         {"content", nullptr},
         {"tags", nullptr},
         {"context", nullptr},
         {"importance", nullptr}}});
  CHECK_FALSE(node(0).contains("content"));
  CHECK_FALSE(node(0).contains("tags"));
  CHECK_FALSE(node(0).contains("context"));
  edit({{{"op", "complete"}, {"node", id(2)}}});
  CHECK(node(2)["completed"] == true);
  edit({{{"op", "reopen"}, {"node", id(2)}}});
  CHECK(node(2)["completed"] == false);
  edit({{{"op", "move"}, {"node", id(2)}, {"parent", id(0)}}});
  CHECK_EQ(node(2)["parent"], id(0));
  edit({{{"op", "move"}, {"node", id(2)}, {"after", id(0)}}});
  CHECK_EQ(titles(), Titles{"Write it", "Test", "Ship"});
  edit({{{"op", "delete"}, {"node", id(2)}}});
  CHECK_EQ(titles(), Titles{"Write it", "Test"});
  edit({{{"op", "restore"}, {"node", id(2)}}});
  CHECK_EQ(titles(), Titles{"Write it", "Test", "Ship"});
  edit({{{"op", "relate"}, {"from", id(1)}, {"to", id(2)}, {"type", "DEPENDS_ON"}}});
  CHECK_EQ(node(1)["relationships"].size(), 1);
  edit({{{"op", "unrelate"}, {"from", id(1)}, {"to", id(2)}, {"type", "DEPENDS_ON"}}});
  CHECK_FALSE(node(1).contains("relationships"));
  CHECK_EQ(edit({{{"op", "comment"}, {"node", id(1)}, {"text", "soon"}}})["created"][0]["op"], "comment");
  CHECK_EQ(node(1)["comments"][0]["text"], "soon");
  edit({{{"op", "set_document"}, {"title", "Great plan"}, {"strategy", "manual"}}}, {{"document", "Plan"}});
  CHECK_EQ(bench.call("read_document", {{"document", "Great plan"}})["document"]["strategy"], "manual");
}

TEST_CASE_FIXTURE(Plan,
                  "a type can be cleared, and a new one says what a node is only when it names a kind") {
  edit({{{"op", "update"}, {"node", id(0)}, {"type", "bug"}}});
  CHECK_EQ(node(0)["kind"], "task");
  CHECK_EQ(node(0)["type"], "bug");
  edit({{{"op", "update"}, {"node", id(0)}, {"type", nullptr}}});
  CHECK_FALSE(node(0).contains("type"));
}

TEST_CASE_FIXTURE(Plan, "when one operation fails nothing of the call remains, and the failure names it") {
  const auto text = fail({{{"op", "create"}, {"title", "New"}}, {{"op", "complete"}, {"node", "zzzzzz"}}},
                         {{"document", "Plan"}});
  CHECK(has_all(text, {"operations[1] (complete)", "zzzzzz"}));
  CHECK_EQ(titles(), Titles{"Write", "Test", "Ship"});
}

TEST_CASE_FIXTURE(Plan, "an operation says what it needs and refuses what it does not know") {
  CHECK(has_all(fail({{{"op", "update"}, {"title", "x"}}}), {"operations[0]", "update needs \"node\""}));
  CHECK(has_all(fail({{{"op", "update"}, {"node", id(0)}}}), {"names no field"}));
  CHECK(has_all(fail({{{"op", "create"}, {"title", "x"}, {"user", "me"}}}), {"create takes no \"user\""}));
  CHECK(has_all(fail({{{"op", "set_document"}}}, {{"document", "Plan"}}), {"title or strategy"}));
  CHECK(has_all(fail({{{"op", "relate"}, {"from", id(0)}, {"to", id(1)}, {"type", nullptr}}}),
                {"needs \"type\""}));
  CHECK(has_all(fail({{{"op", "assign"}, {"node", id(0)}, {"user", "Nobody"}}}),
                {"operations[0] (assign)", "Nobody"}));
  CHECK(has_all(fail({{{"op", "assign"}, {"node", id(0)}, {"user", "me"}}}), {"no account"}));
  CHECK(has_all(fail({{{"op", "create"}, {"title", "x"}}}), {"document", "title"}));
  CHECK(has_all(fail({{{"op", "create"}, {"title", "x"}}}, {{"document", "Plan"}, {"title", "Other"}}),
                {"document", "title"}));
  CHECK(has_all(fail({{{"op", "create"}, {"title", "a"}, {"ref", "r"}},
                      {{"op", "create"}, {"title", "b"}, {"ref", "r"}}},
                     {{"document", "Plan"}}),
                {"operations[1]", "ref"}));
  CHECK(has_all(fail({{{"op", "move"}, {"node", id(0)}, {"parent", id(1)}}}), {"operations[0] (move)"}));
}

TEST_CASE_FIXTURE(Plan,
                  "an edit based on an old reading is refused when its node changed, naming the field") {
  const auto version = bench.call("read_document", {{"document", "Plan"}})["version"];
  edit({{{"op", "update"}, {"node", id(0)}, {"title", "Changed"}}});
  const auto text =
      fail({{{"op", "update"}, {"node", id(0)}, {"title", "Mine"}}}, {{"base_version", version}});
  CHECK(has_all(text, {"title"}));
  CHECK_EQ(node(0)["title"], "Changed");
  edit({{{"op", "update"}, {"node", id(2)}, {"title", "Untouched"}}}, {{"base_version", version}});
  CHECK_EQ(node(2)["title"], "Untouched");
  CHECK(has_all(fail({{{"op", "complete"}, {"node", id(0)}}}, {{"base_version", "yesterday"}}), {"version"}));
}

TEST_CASE_FIXTURE(Plan, "similar nodes that exist are reported with what was created") {
  bench.call("remember", {{"title", "Redis timeout under load"}, {"content", "Raise the connection pool."}});
  const auto again = edit(
      {{{"op", "create"}, {"title", "Redis timeout under load"}, {"content", "Raise the connection pool!"}}},
      {{"document", "Plan"}});
  REQUIRE_FALSE(again["similar"].empty());
  CHECK_EQ(again["similar"][0]["index"], 0);
}

TEST_CASE_FIXTURE(Plan, "an edit that names only nodes answers with their document") {
  CHECK_EQ(edit({{{"op", "complete"}, {"node", id(0)}}})["document"], made["document"]);
}

TEST_CASE("a viewer is refused with the permission that is missing") {
  Hub hub;
  Person anna("Anna");
  anna.join(hub, model::Role::viewer);
  Toolbench bench(anna);
  CHECK(has_all(
      bench.fail("edit_document", {{"title", "Plan"}, {"operations", {{{"op", "create"}, {"title", "x"}}}}}),
      {"memory.write"}));
  CHECK_FALSE(bench.fail("remember", {{"title", "x"}, {"content", "y"}}).empty());
}

TEST_CASE("a task is assigned by name, to oneself and to nobody") {
  Hub hub;
  Person anna("Anna"), ben("Ben");
  anna.join(hub);
  ben.join(hub);
  anna.hear_of_members();
  Toolbench bench(anna);
  const auto made =
      bench.call("edit_document",
                 {{"title", "Plan"}, {"operations", {{{"op", "create"}, {"title", "x"}, {"type", "task"}}}}});
  const auto assignee = [&](const Json& user) {
    bench.call("edit_document",
               {{"operations", {{{"op", "assign"}, {"node", made["created"][0]["id"]}, {"user", user}}}}});
    return bench.call("read_document", {{"nodes", {made["created"][0]["id"]}}})["nodes"][0].value("assignee",
                                                                                                  "");
  };
  CHECK_EQ(assignee("Ben"), "Ben");
  CHECK_EQ(assignee("me"), "Anna");
  CHECK_EQ(assignee(nullptr), "");
}
