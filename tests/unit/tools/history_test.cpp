#include "toolbench.h"
#include "tools/line_diff.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

agent::Session::Options session_named(const char* id) {
  agent::Session::Options options;
  options.client = "claude-code/2.1";
  options.session = id;
  options.project = agent::Project{"github.com/crew/rocket", "rocket"};
  return options;
}

struct Pair {
  Hub hub;
  Person anna{"Anna", session_named("s-anna")}, ben{"Ben", session_named("s-ben")};
  Toolbench at_anna{anna}, at_ben{ben};
  std::string node;

  Pair() {
    anna.join(hub, model::Role::admin);
    ben.join(hub);
    anna.hear_of_members();
    node = at_anna.call(
        "remember", {{"title", "Timeout"}, {"content", "one\ntwo\nthree\n"}, {"document", "Notes"}})["id"];
    share();
  }
  void share() {
    anna.clock.advance(std::chrono::minutes(1));
    ben.clock.advance(std::chrono::minutes(1));
    anna.exchange();
    ben.exchange();
    anna.exchange();
  }
  Json update(Toolbench& bench, const Json& fields) {
    Json operation = fields;
    operation["op"] = "update";
    operation["node"] = node;
    return bench.call("edit_document", {{"operations", {operation}}});
  }
  Json read(Toolbench& bench) { return bench.call("read_document", {{"nodes", {node}}})["nodes"][0]; }
};

} // namespace

TEST_CASE_FIXTURE(Pair,
                  "a history with a gap is fetched first, and says what to do when it stays incomplete") {
  CHECK(at_anna.call("get_history", {{"node", node}})["complete"] == true);
  CHECK(anna.sync.wanted_history.empty());
  Person::check(anna.replica->database().write([](storage::WriteTxn& txn) -> base::Result<> {
    txn.run(
        "INSERT INTO history_gap (workspace, after, through) SELECT key, 0, 7 FROM workspace WHERE kind = "
        "'team'");
    return {};
  }));
  const auto fetching = at_anna.start("get_history", {{"node", node}});
  CHECK_FALSE(fetching.is_answered());
  CHECK_EQ(anna.sync.wanted_history.size(), 1);
  anna.clock.advance(std::chrono::seconds(11));
  anna.sync.step(anna.clock.instant());
  const auto partial = at_anna.finish("get_history", fetching);
  CHECK(partial["complete"] == false);
  CHECK(has_all(partial["hint"], {"7 older changes", "ask again in a moment"}));

  anna.sync.state.connection = replica::Offline{anna.clock.now(), {base::ErrorCode::offline, "no route"}};
  const auto offline = at_anna.call("get_history", {{"node", node}});
  CHECK(has_all(offline["hint"], {"cannot be reached now"}));
}

TEST_CASE_FIXTURE(Pair, "history tells who changed which field, when, and from what to what") {
  update(at_ben, {{"title", "Timeout of Redis"}});
  share();
  const auto history = at_anna.call("get_history", {{"node", node}, {"limit", 1}});
  REQUIRE_EQ(history["changes"].size(), 1);
  const auto& change = history["changes"][0];
  CHECK_EQ(change["author"], "Ben");
  CHECK_EQ(change["session"], "s-ben");
  CHECK_EQ(change["reported_by"], "claude-code/2.1");
  CHECK_EQ(change["field"], "title");
  CHECK_EQ(change["old"], "Timeout");
  CHECK_EQ(change["new"], "Timeout of Redis");
  CHECK(history.contains("next_cursor"));
  const auto older = at_anna.call("get_history", {{"node", node}, {"cursor", history["next_cursor"]}});
  CHECK_EQ(older["changes"][0]["op"], "create");
}

TEST_CASE_FIXTURE(Pair, "a history up to a day has that day, and one from a day begins with it") {
  const auto count = [&](const Json& arguments) {
    return at_anna.call("get_history", arguments)["changes"].size();
  };
  CHECK_EQ(count({{"node", node}, {"to", "2026-11-20"}}), 1);
  CHECK_EQ(count({{"node", node}, {"to", "2026-11-19"}}), 0);
  CHECK_EQ(count({{"node", node}, {"from", "2026-11-20"}}), 1);
  CHECK_EQ(count({{"node", node}, {"from", "2026-11-21"}}), 0);
}

TEST_CASE_FIXTURE(Pair, "history filters by author, session and document") {
  update(at_ben, {{"title", "Timeout of Redis"}});
  share();
  CHECK_EQ(at_anna.call("get_history", {{"author", "Ben"}})["changes"].size(), 1);
  CHECK_EQ(at_anna.call("get_history", {{"session", "s-anna"}, {"document", "Notes"}})["changes"].size(), 2);
  anna.clock.advance(std::chrono::minutes(1));
  CHECK_EQ(at_anna.call("get_history", {{"since", "30s"}})["changes"].size(), 0);
  CHECK(has_all(at_anna.fail("get_history", {{"author", "Zoe"}}), {"Zoe"}));
  CHECK(has_all(at_anna.fail("get_history", {{"from", "here"}}), {"from", "here"}));
  CHECK(has_all(at_anna.fail("get_history", {{"view", "diff"}}), {"diff", "node"}));
  CHECK_FALSE(at_anna.fail("get_history", {{"node", "zzzzzz"}}).empty());
  CHECK_FALSE(at_anna.fail("get_history", {{"cursor", "bogus"}}).empty());
}

TEST_CASE_FIXTURE(Pair, "history says which own operations it does not have yet") {
  update(at_anna, {{"title", "Pending"}});
  CHECK(has_all(at_anna.call("get_history", {{"node", node}})["hint"],
                {"1 own operation", "get_pending_operations"}));
}

TEST_CASE_FIXTURE(Pair, "a diff folds all changes of a field and shows the lines that differ") {
  update(at_ben, {{"content", "one\n2\nthree\n"}});
  share();
  update(at_ben, {{"content", "one\n2\n3\n"}, {"title", "Other"}});
  share();
  const auto diff = at_anna.call("get_history", {{"node", node}, {"view", "diff"}});
  CHECK_EQ(diff["changes"].size(), 2);
  CHECK_EQ(diff["diff"], "@@ line 2\n~ [-two-]{+2+}\n~ [-three-]{+3+}\n");
}

TEST_CASE_FIXTURE(Pair, "a diff is between two points: what the first one's change did is not part of it") {
  update(at_ben, {{"title", "Second"}});
  share();
  const auto from = at_anna.call("get_history", {{"node", node}, {"limit", 1}})["changes"][0]["id"];
  update(at_ben, {{"title", "Third"}});
  share();
  const auto to = at_anna.call("get_history", {{"node", node}, {"limit", 1}})["changes"][0]["id"];
  update(at_ben, {{"title", "Fourth"}});
  share();
  const auto diff =
      at_anna.call("get_history", {{"node", node}, {"view", "diff"}, {"from", from}, {"to", to}});
  REQUIRE_EQ(diff["changes"].size(), 1);
  CHECK_EQ(diff["changes"][0]["old"], "Second");
  CHECK_EQ(diff["changes"][0]["new"], "Third");
}

TEST_CASE_FIXTURE(Pair, "a diff across the creation of a node shows all of it as new") {
  const auto before = at_anna.call("get_history", {{"node", node}, {"limit", 1}})["changes"][0]["id"];
  const std::string made = at_ben.call("remember", {{"title", "Later"}, {"content", "x"}})["id"];
  share();
  at_ben.call("edit_document",
              {{"operations", {{{"op", "update"}, {"node", made}, {"title", "Even later"}}}}});
  share();
  const auto diff = at_anna.call("get_history", {{"node", made}, {"view", "diff"}, {"from", before}});
  std::map<std::string, Json> values;
  for (const auto& change : diff["changes"]) {
    CHECK_FALSE(change.contains("old"));
    values[change["field"]] = change["new"];
  }
  CHECK_EQ(values["title"], "Even later");
  CHECK_EQ(values["content"], "x");
  CHECK_EQ(diff["diff"], "@@ line 1\n+ x\n");
}

TEST_CASE_FIXTURE(Pair, "blame names the last writer of each field") {
  update(at_ben, {{"title", "Timeout of Redis"}});
  share();
  std::map<std::string, std::string> writers;
  const auto blame = at_anna.call("get_history", {{"node", node}, {"view", "blame"}});
  for (const auto& change : blame["changes"]) writers[change["field"]] = change["author"];
  CHECK_EQ(writers["title"], "Ben");
  CHECK_EQ(writers["content"], "Anna");
}

TEST_CASE_FIXTURE(Pair, "blame names who wrote each paragraph last, in which session and when") {
  update(at_anna, {{"content", "# One\n\nfirst\nsecond\n\nthird\n"}});
  share();
  update(at_ben, {{"content", "# One\n\nfirst\nSECOND\n\nthird\n"}});
  share();
  const auto blame = at_anna.call("get_history", {{"node", node}, {"view", "blame"}});
  const auto& paragraphs = blame["paragraphs"];
  REQUIRE_EQ(paragraphs.size(), 3);
  CHECK_EQ(paragraphs[0]["author"], "Anna");
  CHECK_EQ(paragraphs[1]["line"], 3);
  CHECK_EQ(paragraphs[1]["text"], "first\nSECOND\n");
  CHECK_EQ(paragraphs[1]["author"], "Ben");
  CHECK_EQ(paragraphs[1]["session"], "s-ben");
  CHECK_EQ(paragraphs[1]["reported_by"], "claude-code/2.1");
  CHECK(paragraphs[1].contains("at"));
  CHECK_EQ(paragraphs[2]["author"], "Anna");
  CHECK_EQ(blame["paragraphs_left_out"], 0);
}

TEST_CASE_FIXTURE(Pair, "blame knows a paragraph that is not in the log yet") {
  update(at_anna, {{"content", "one\n"}});
  share();
  update(at_ben, {{"content", "one\n\nfour\n"}});
  const auto paragraphs = at_ben.call("get_history", {{"node", node}, {"view", "blame"}})["paragraphs"];
  REQUIRE_EQ(paragraphs.size(), 2);
  CHECK_EQ(paragraphs[0]["author"], "Anna");
  CHECK_EQ(paragraphs[1]["author"], "Ben");
  CHECK_FALSE(paragraphs[1].contains("id"));
}

TEST_CASE_FIXTURE(Pair, "a document goes back to what it was at a point, with what was made in it since") {
  const auto before = at_anna.call("get_history", {{"node", node}})["changes"][0]["id"];
  update(at_ben, {{"title", "Second"}});
  at_ben.call("remember", {{"title", "Later"}, {"content", "x"}, {"document", "Notes"}});
  share();
  at_anna.call("revert_change", {{"document", "Notes"}, {"to", before}});
  share();
  CHECK_EQ(read(at_ben)["title"], "Timeout");
  CHECK_EQ(at_ben.call("search_memories", {{"query", "Later"}})["results"].size(), 0);
}

TEST_CASE_FIXTURE(Pair, "blame tells person, client, session and project of each field's last writer") {
  update(at_ben, {{"title", "Timeout of Redis"}});
  share();
  const auto answer = at_anna.answer("get_history", {{"node", node}, {"view", "blame"}});
  const auto& changes = answer.structured["changes"];
  const auto title = std::find_if(changes.begin(), changes.end(),
                                  [](const Json& change) { return change["field"] == "title"; });
  REQUIRE(title != changes.end());
  CHECK_EQ((*title)["author"], "Ben");
  CHECK_EQ((*title)["reported_by"], "claude-code/2.1");
  CHECK_EQ((*title)["session"], "s-ben");
  CHECK_EQ((*title)["project"], "github.com/crew/rocket");
  CHECK(has_all(answer.text, {"claude-code/2.1, session s-ben, in github.com/crew/rocket"}));
}

TEST_CASE_FIXTURE(Pair, "a history keeps to the tokens it may cost and goes on behind what it showed") {
  for (int i = 0; i < 10; ++i) update(at_ben, {{"content", std::string(400, static_cast<char>('a' + i))}});
  share();
  std::size_t rows = 0;
  Json arguments = {{"node", node}, {"limit", 50}, {"max_tokens", 600}};
  for (;;) {
    const auto page = at_anna.call("get_history", arguments);
    CHECK_LT(page["changes"].dump().size() / 4, 700);
    rows += page["changes"].size();
    if (!page.contains("next_cursor")) break;
    arguments["cursor"] = page["next_cursor"];
  }
  CHECK_EQ(rows, at_anna.call("get_history", {{"node", node}, {"limit", 200}})["changes"].size());
}

TEST_CASE_FIXTURE(Pair, "one change is taken back by a new operation") {
  update(at_ben, {{"title", "Wrong"}});
  share();
  const auto change = at_anna.call("get_history", {{"node", node}, {"limit", 1}})["changes"][0]["id"];
  const auto reverted = at_anna.call("revert_change", {{"change", change}});
  REQUIRE_EQ(reverted["operations"].size(), 1);
  CHECK_EQ(reverted["operations"][0]["op"], "update");
  CHECK_EQ(reverted["operations"][0]["field"], "title");
  CHECK_EQ(read(at_anna)["title"], "Timeout");
  share();
  CHECK_EQ(read(at_ben)["title"], "Timeout");
}

TEST_CASE_FIXTURE(Pair, "a change that somebody changed again is left alone and named") {
  update(at_ben, {{"title", "Wrong"}});
  share();
  const auto change = at_anna.call("get_history", {{"node", node}, {"limit", 1}})["changes"][0]["id"];
  update(at_anna, {{"title", "Right"}});
  const auto reverted = at_anna.call("revert_change", {{"change", change}});
  CHECK(reverted["operations"].empty());
  REQUIRE_EQ(reverted["skipped"].size(), 1);
  CHECK(has_all(reverted["skipped"][0]["reason"], {"changed again"}));
  CHECK_EQ(read(at_anna)["title"], "Right");
}

TEST_CASE_FIXTURE(Pair, "everything a session wrote is taken back, in every way it wrote it") {
  const auto other =
      at_ben.call("remember", {{"title", "Nonsense"}, {"content", "made up"}, {"document", "Notes"}})["id"];
  update(at_ben, {{"title", "Wrong"}, {"tags", {"bad"}}, {"importance", 1}, {"content", "bad"}});
  at_ben.call("edit_document", {{"operations",
                                 {{{"op", "complete"}, {"node", node}},
                                  {{"op", "assign"}, {"node", node}, {"user", "Ben"}},
                                  {{"op", "relate"}, {"from", node}, {"to", other}, {"type", "SOLVES"}},
                                  {{"op", "comment"}, {"node", node}, {"text", "hm"}}}}});
  share();
  const auto reverted = at_anna.call("revert_change", {{"session", "s-ben"}, {"since", "1h"}});
  const auto after = read(at_anna);
  CHECK_EQ(after["title"], "Timeout");
  CHECK_EQ(after["content"], "one\ntwo\nthree\n");
  CHECK_FALSE(after.contains("tags"));
  CHECK_FALSE(after.contains("importance"));
  CHECK_FALSE(after.contains("assignee"));
  CHECK_FALSE(after.contains("relationships"));
  CHECK_FALSE(after.value("completed", false));
  CHECK_FALSE(at_anna.fail("read_document", {{"nodes", {other}}}).empty());
  REQUIRE_EQ(reverted["skipped"].size(), 1);
  CHECK(has_all(reverted["skipped"][0]["reason"], {"comments"}));
}

TEST_CASE_FIXTURE(Pair, "what others made of a session's work since survives its revert") {
  update(at_ben, {{"content", "one\nBAD\ntwo\nthree\n"}});
  const auto section = at_ben.call(
      "edit_document", {{"document", "Notes"}, {"operations", {{{"op", "create"}, {"title", "Section"}}}}});
  share();
  update(at_anna, {{"content", "one\nBAD\ntwo\nthree\nfour\n"}});
  const auto below = at_anna.call(
      "edit_document",
      {{"document", "Notes"},
       {"operations",
        {{{"op", "create"}, {"title", "Anna's own"}, {"parent", section["created"][0]["id"]}}}}});
  share();
  const auto reverted = at_anna.call("revert_change", {{"session", "s-ben"}, {"since", "1h"}});
  REQUIRE_EQ(reverted["operations"].size(), 1);
  CHECK_EQ(read(at_anna)["content"], "one\ntwo\nthree\nfour\n");
  REQUIRE_EQ(reverted["skipped"].size(), 1);
  CHECK(has_all(reverted["skipped"][0]["reason"], {"below it"}));
  CHECK_EQ(at_anna.call("read_document", {{"nodes", {below["created"][0]["id"]}}})["nodes"].size(), 1);
}

TEST_CASE_FIXTURE(Pair,
                  "what others wrote between a session's edits stays, what they deleted is left alone") {
  const auto other =
      at_anna.call("remember", {{"title", "Other"}, {"content", "x"}, {"document", "Notes"}})["id"];
  share();
  update(at_ben, {{"content", "ONE\ntwo\nthree\n"}});
  at_ben.call("edit_document", {{"operations", {{{"op", "update"}, {"node", other}, {"title", "Bad"}}}}});
  share();
  update(at_anna, {{"content", "ONE\nTWO\nthree\n"}});
  share();
  update(at_ben, {{"content", "ONE\nTWO\nTHREE\n"}});
  at_anna.call("edit_document", {{"operations", {{{"op", "delete"}, {"node", other}}}}});
  share();
  const auto reverted = at_anna.call("revert_change", {{"session", "s-ben"}, {"since", "1h"}});
  CHECK_EQ(read(at_anna)["content"], "one\nTWO\nthree\n");
  CHECK_EQ(reverted["operations"].size(), 1);
  REQUIRE_EQ(reverted["skipped"].size(), 1);
  CHECK(has_all(reverted["skipped"][0]["reason"], {"deleted"}));
}

TEST_CASE_FIXTURE(Pair, "a deletion and a move are taken back") {
  const auto parent = at_ben.call(
      "edit_document", {{"document", "Notes"}, {"operations", {{{"op", "create"}, {"title", "Folder"}}}}});
  share();
  at_ben.call("edit_document",
              {{"operations", {{{"op", "move"}, {"node", node}, {"parent", parent["created"][0]["id"]}}}}});
  share();
  at_anna.call("edit_document", {{"operations", {{{"op", "delete"}, {"node", node}}}}});
  share();
  const auto reverted = at_anna.call("revert_change", {{"node", node}, {"to", "2"}});
  CHECK_EQ(reverted["operations"].size(), 2);
  CHECK_EQ(read(at_anna)["parent"], read(at_anna)["document"]);
}

TEST_CASE_FIXTURE(Pair, "a node goes back to what it was at a change, whatever followed") {
  const auto before = at_anna.call("get_history", {{"node", node}})["changes"][0]["id"];
  update(at_ben, {{"title", "Second"}});
  share();
  update(at_anna, {{"title", "Third"}});
  share();
  at_anna.call("revert_change", {{"node", node}, {"to", before}});
  CHECK_EQ(read(at_anna)["title"], "Timeout");
}

TEST_CASE_FIXTURE(Pair, "taking back somebody else's session needs the permission to delete") {
  update(at_anna, {{"title", "Mine"}});
  share();
  CHECK(has_all(at_ben.fail("revert_change", {{"author", "Anna"}, {"since", "1h"}}), {"memory.delete"}));
  CHECK(has_all(at_ben.fail("revert_change", {{"session", "s-anna"}, {"since", "1h"}}), {"memory.delete"}));
}

TEST_CASE_FIXTURE(Pair, "a revert says what it needs") {
  CHECK(has_all(at_anna.fail("revert_change", Json::object()), {"change", "author", "node"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"change", "1"}, {"node", node}, {"to", "1"}}), {"give"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"author", "Ben"}}), {"since"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"node", node}}), {"to"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"change", "first"}}), {"change id"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"change", "999"}}), {"999"}));
  CHECK(has_all(at_anna.fail("revert_change", {{"node", node}, {"to", "then"}}), {"to"}));
  CHECK_FALSE(at_anna.fail("revert_change", {{"node", "zzzzzz"}, {"to", "1"}}).empty());
}

TEST_CASE("a line diff shows what was removed and added, with where") {
  CHECK_EQ(tools::diff_lines("a\nb\nc\n", "a\nB\nc\n"), "@@ line 2\n- b\n+ B\n");
  CHECK_EQ(tools::diff_lines("a\n", "a\n"), "");
  CHECK_EQ(tools::diff_lines("", "x\ny"), "@@ line 1\n+ x\n+ y\n");
}
