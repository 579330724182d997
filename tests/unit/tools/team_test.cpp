#include "agent/display.h"
#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct Team {
  Hub hub;
  Person anna{"Anna"}, ben{"Ben"};
  Toolbench at_anna{anna}, at_ben{ben};

  Team() {
    anna.join(hub);
    ben.join(hub);
    anna.hear_of_members();
  }
  void share() {
    anna.exchange();
    ben.exchange();
    anna.exchange();
  }
  std::string remember(Toolbench& bench, const std::string& title) {
    return bench.call("remember",
                      {{"title", title}, {"content", "about " + title}, {"document", "Notes"}})["id"];
  }
  Json activity(const Json& arguments) { return at_anna.call("team_activity", arguments); }
};

} // namespace

TEST_CASE_FIXTURE(Team, "a teammate's memory is found with its author") {
  remember(at_ben, "Redis timeout");
  share();
  const auto found = at_anna.call("search_memories", {{"query", "redis"}});
  REQUIRE_EQ(found["results"].size(), 1);
  CHECK_EQ(found["results"][0]["author"], "Ben");
  CHECK_EQ(found["results"][0]["workspace"], "Crew");
}

TEST_CASE_FIXTURE(Team, "who left keeps their name on what they wrote, and is found by it") {
  const std::string note = remember(at_ben, "Redis timeout");
  share();
  hub.former.push_back(hub.members.back());
  hub.members.pop_back();
  anna.hear_of_members();
  Person carla{"Carla"}; // never saw Ben as a member
  carla.join(hub);
  carla.exchange();
  Toolbench at_carla{carla};
  for (Toolbench* bench : {&at_anna, &at_carla}) {
    const auto found = bench->call("search_memories", {{"query", "redis"}, {"author", "Ben"}});
    REQUIRE_EQ(found["results"].size(), 1);
    CHECK_EQ(found["results"][0]["author"], "Ben");
    const auto blame = bench->call("get_history", {{"node", note}, {"view", "blame"}});
    CHECK_EQ(blame["changes"][0]["author"], "Ben");
    CHECK_EQ(bench->call("team_activity", {{"user", "ben"}})["activity"].size(), 2);
    const Json assign = {{{"op", "assign"}, {"node", note}, {"user", "Ben"}}};
    CHECK(has_all(bench->fail("edit_document", {{"operations", assign}}), {"no member"}));
    CHECK(has_all(bench->fail("team_activity", {{"user", "Zoe"}}), {"no member"}));
  }
  CHECK_EQ(at_anna.call("team_activity", {{"user", "ben@example.org"}})["activity"].size(), 2);
  CHECK_EQ(activity(Json::object())["members"].size(), 1);
}

TEST_CASE_FIXTURE(Team, "search reads the current, personal and local workspaces and names each") {
  anna.write(anna.local(), "Private", "Redis password rotation", "mine");
  remember(at_ben, "Redis timeout");
  share();
  CHECK_EQ(at_anna.call("search_memories", {{"query", "redis"}})["results"].size(), 2);
  const auto local = at_anna.call("search_memories", {{"query", "redis"}, {"workspace", "local"}});
  REQUIRE_EQ(local["results"].size(), 1);
  CHECK_EQ(local["results"][0]["workspace"], "local");
}

TEST_CASE_FIXTURE(Team, "activity lists who did what, newest first, in pages") {
  remember(at_ben, "Redis timeout");
  share();
  const auto first = activity({{"limit", 1}});
  REQUIRE_EQ(first["activity"].size(), 1);
  CHECK_EQ(first["activity"][0]["user"], "Ben");
  CHECK_EQ(first["activity"][0]["action"], "create");
  CHECK_EQ(first["activity"][0]["title"], "Redis timeout");
  const auto rest = activity({{"cursor", first["next_cursor"]}});
  CHECK_EQ(rest["activity"].size(), 1);
  CHECK_EQ(first["members"].size(), 2);
  CHECK(first["present"].empty());
  CHECK(first["notifications"].empty());
}

TEST_CASE_FIXTURE(Team, "activity filters by person, action, document and time") {
  const auto id = remember(at_ben, "Redis timeout");
  share();
  at_anna.call("edit_document", {{"operations", {{{"op", "update"}, {"node", id}, {"title", "Redis"}}}}});
  share();
  CHECK_EQ(activity({{"user", "Anna"}})["activity"].size(), 1);
  CHECK_EQ(activity({{"action", "create"}})["activity"].size(), 2);
  CHECK_EQ(activity({{"document", "Notes"}})["activity"].size(), 3);
  anna.clock.advance(std::chrono::hours(1));
  CHECK_EQ(activity({{"since", "30m"}})["activity"].size(), 0);
  CHECK(has_all(at_anna.fail("team_activity", {{"action", "explode"}}), {"action", "create"}));
  CHECK(has_all(at_anna.fail("team_activity", {{"user", "Zoe"}}), {"Zoe"}));
  CHECK_FALSE(at_anna.fail("team_activity", {{"document", "Other"}}).empty());
  CHECK_FALSE(at_anna.fail("team_activity", {{"cursor", "bogus"}}).empty());
}

TEST_CASE_FIXTURE(Team,
                  "as a prompt hook activity is only the hook's JSON, once for every teammate's change") {
  const auto hook = [&] {
    const auto answer = at_anna.answer("team_activity", {{"format", "prompt_hook"}});
    CHECK(answer.structured.is_null());
    const auto json = Json::parse(answer.text);
    CHECK_EQ(json["hookSpecificOutput"]["hookEventName"], "UserPromptSubmit");
    return json["hookSpecificOutput"]["additionalContext"].get<std::string>();
  };
  CHECK_EQ(hook(), "");
  remember(at_ben, "Redis \u202eis down");
  remember(at_anna, "Mine");
  share();
  const auto news = hook();
  CHECK(has_all(news, {"Ben created", "not instructions"}));
  CHECK_EQ(news.find("Mine"), std::string::npos);
  CHECK_EQ(hook(), "");
}

namespace {

/// Anna is told that Ben overwrote what she wrote.
model::Notification overwritten(Team& team, const std::string& yours = "mine") {
  model::Notification each;
  each.id = model::NotificationId::random(team.anna.replica->random());
  each.workspace = team.hub.workspace;
  each.kind = model::NotificationKind::overwritten;
  each.at = team.anna.clock.now();
  each.actor = team.ben.user();
  each.actor_name = "Ben";
  each.title = "Redis \u202etimeout";
  each.field = model::Field::content;
  each.yours = Json(yours).dump();
  each.now = Json("his").dump();
  return each;
}

void tell(Team& team, std::uint64_t after, const std::vector<model::Notification>& rows) {
  const auto taken = replica::SyncStore(*team.anna.replica, 0)
                         .take_notifications(model::Epoch{5}, after, after + rows.size(), rows);
  CHECK(Person::value(taken));
}

} // namespace

TEST_CASE_FIXTURE(Team, "who was overwritten sees both values, and whose they are") {
  tell(*this, 0, {overwritten(*this)});
  const auto shown = activity(Json::object());
  REQUIRE_EQ(shown["notifications"].size(), 1);
  const auto& row = shown["notifications"][0];
  CHECK_EQ(row["kind"], "overwritten");
  CHECK_EQ(row["by"], "Ben");
  CHECK_EQ(row["yours"], "mine");
  CHECK_EQ(row["now"], "his");
  CHECK_EQ(row["workspace"], "Crew");
  CHECK_EQ(row["read"], false);
  CHECK(has_all(row["text"], {"Ben overwrote your content of", "yours \"mine\"", "now \"his\"", "u{202E}"}));
  CHECK_EQ(shown["unread"], 1);
  const auto status = at_anna.answer("get_sync_status", Json::object());
  CHECK_EQ(status.structured["unread"], 1);
  CHECK(has_all(status.text, {"1 unread notification"}));
}

TEST_CASE_FIXTURE(Team, "marking as read marks what is shown, once, and tells the sync") {
  std::vector<model::Notification> rows;
  for (int i = 0; i < 3; ++i) rows.push_back(overwritten(*this));
  tell(*this, 0, rows);
  const auto commits = anna.sync.commits;
  const auto marked = activity({{"mark_read", true}, {"limit", 2}});
  CHECK_EQ(marked["notifications"].size(), 2);
  CHECK_EQ(marked["unread"], 1);
  CHECK_EQ(anna.sync.commits, commits + 1);
  const auto rest = activity({{"unread", true}});
  CHECK_EQ(rest["notifications"].size(), 1);
  CHECK_EQ(activity({{"unread", true}, {"mark_read", true}})["unread"], 0);
  CHECK(activity({{"unread", true}})["notifications"].empty());
  CHECK_EQ(activity(Json::object())["notifications"].size(), 3);
}

TEST_CASE_FIXTURE(Team, "long values are shortened, and many notifications stay within an answer's budget") {
  std::vector<model::Notification> rows;
  for (int i = 0; i < 200; ++i) rows.push_back(overwritten(*this, std::string(100'000, 'x')));
  tell(*this, 0, rows);
  const auto shown = activity({{"limit", 200}});
  CHECK(shown["notifications"].size() < 50);
  CHECK_FALSE(shown["notifications"].empty());
  CHECK(agent::count_tokens(shown) < 10'000);
  CHECK_EQ(shown["unread"], 200);
}

TEST_CASE_FIXTURE(Team, "the prompt hook tells each unread notification once, before what teammates did") {
  const auto hook = [&] {
    return Json::parse(at_anna.answer("team_activity", {{"format", "prompt_hook"}})
                           .text)["hookSpecificOutput"]["additionalContext"]
        .get<std::string>();
  };
  tell(*this, 0, {overwritten(*this)});
  CHECK(has_all(hook(), {"Ben overwrote your content"}));
  remember(at_ben, "Redis is down");
  share();
  tell(*this, 1, {overwritten(*this)});
  const auto news = hook();
  CHECK(news.find("Ben overwrote") < news.find("Ben created"));
  CHECK_EQ(news.find("Ben overwrote"), news.rfind("Ben overwrote"));
  CHECK_EQ(hook(), "");
}

TEST_CASE_FIXTURE(Team,
                  "who is here is shown with their client, document and state, of this workspace only") {
  remember(at_ben, "Redis timeout");
  share();
  const auto document = Person::value(anna.replica->read([&](replica::Reader& reader) {
    return reader.resolve_document(reader.workspace(hub.workspace), "Notes");
  }));
  model::PresentMember here;
  here.user = ben.user();
  here.name = "Ben \u202e";
  here.last_seen = anna.clock.now();
  here.presence.workspace = hub.workspace;
  here.presence.client = "claude-code/2";
  here.presence.state = model::PresenceState::idle;
  here.presence.document = document.id;
  model::PresentMember elsewhere = here;
  elsewhere.presence.workspace = anna.local();
  anna.sync.state.present = {here, elsewhere};
  const auto shown = activity(Json::object());
  REQUIRE_EQ(shown["present"].size(), 1);
  CHECK_EQ(shown["present"][0]["client"], "claude-code/2");
  CHECK_EQ(shown["present"][0]["document"], "Notes");
  CHECK_EQ(shown["present"][0]["state"], "idle");
  CHECK(has_all(shown["present"][0]["name"], {"u{202E}"}));
  const auto status = at_anna.answer("get_sync_status", Json::object());
  CHECK_EQ(status.structured["present"].size(), 1);
  CHECK(has_all(status.text, {"here: Ben", "idle"}));
}

TEST_CASE_FIXTURE(Team, "a process is seen in the document that it last worked on") {
  const auto place = [&] {
    return Person::value(
        anna.replica->read([&](replica::Reader& reader) { return anna.session->presence(reader); }));
  };
  CHECK_EQ(place().workspace, hub.workspace);
  CHECK(place().document.is_empty());
  anna.clock.advance(std::chrono::minutes(5));
  anna.write(anna.local(), "Private", "x", "y");
  at_anna.call("read_document", {{"document", "Private"}});
  CHECK_EQ(place().workspace, anna.local());
  CHECK_FALSE(place().document.is_empty());
  CHECK(anna.session->active_at() == anna.clock.instant());
}

TEST_CASE_FIXTURE(Team, "the workspace in use is explained, can be switched and remembered") {
  auto shown = at_anna.call("use_workspace", Json::object());
  CHECK_EQ(shown["current"]["name"], "Crew");
  CHECK_EQ(shown["reason"], "your only team");
  CHECK_EQ(shown["workspaces"].size(), 2);
  shown = at_anna.call("use_workspace", {{"workspace", "local"}});
  CHECK_EQ(shown["current"]["name"], "local");
  CHECK_EQ(at_anna.call("remember", {{"title", "A"}, {"content", "b"}})["document"]["workspace"], "local");
  CHECK(has_all(at_anna.fail("use_workspace", {{"workspace", "Mars"}}), {"Mars"}));
  CHECK(has_all(at_anna.fail("use_workspace", {{"workspace", "local"}, {"remember_for_project", true}}),
                {"git"}));
}

TEST_CASE("a workspace remembered for a project is chosen by the next process") {
  agent::Session::Options options;
  options.project = agent::Project{"github.com/crew/rocket", "rocket"};
  Hub hub;
  Person anna("Anna", options);
  anna.join(hub);
  Toolbench bench(anna);
  bench.call("use_workspace", {{"workspace", "local"}, {"remember_for_project", true}});
  HeldSync sync;
  agent::Session next(*anna.replica, nullptr, sync, options);
  const auto chosen = Person::value(
      next.read([&](replica::Reader& reader) { return next.choose_workspace(reader, std::nullopt); }));
  CHECK_EQ(chosen.workspace.name, "local");
  CHECK_EQ(chosen.reason, agent::WorkspaceReason::project);
}

namespace {

/// Both change a title with the strategy manual: an open conflict.
struct Conflicted : Team {
  std::string node = remember(at_anna, "Start");

  Conflicted() {
    share();
    for (Toolbench* bench : {&at_anna, &at_ben})
      bench->call("edit_document",
                  {{"operations",
                    {{{"op", "update"}, {"node", node}, {"title", bench == &at_anna ? "Annas" : "Bens"}}}},
                   {"strategy", "manual"}});
    share();
  }
  std::string conflict() { return at_anna.call("resolve_conflict", Json::object())["conflicts"][0]["id"]; }
  std::string title(Toolbench& bench) {
    return bench.call("read_document", {{"nodes", {node}}})["nodes"][0]["title"];
  }
};

} // namespace

TEST_CASE_FIXTURE(Conflicted, "open conflicts are listed with both versions and their authors") {
  const auto listed = at_anna.call("resolve_conflict", Json::object());
  REQUIRE_EQ(listed["conflicts"].size(), 1);
  const auto& row = listed["conflicts"][0];
  CHECK_EQ(row["field"], "title");
  CHECK_EQ(row["local"], "Bens");
  CHECK_EQ(row["server"], "Annas");
  CHECK_EQ(row["base"], "Start");
  CHECK_EQ(row["proposed"], "Bens");
  CHECK_EQ(row["local_author"], "Ben");
  CHECK_EQ(row["server_author"], "Anna");
  CHECK(has_all(row["local_at"], {"2026-11-20T"}));
  CHECK(has_all(row["server_at"], {"2026-11-20T"}));
  CHECK_EQ(at_anna.call("is_document_dirty", {{"document", "Notes"}})["conflicts"], 1);
  // On every replica of the workspace, wherever somebody looks.
  for (Toolbench* bench : {&at_anna, &at_ben}) {
    CHECK_EQ(bench->call("resolve_conflict", Json::object())["conflicts"], listed["conflicts"]);
    CHECK_EQ(bench->call("save_document", {{"document", "Notes"}})["conflicts"], listed["conflicts"]);
    CHECK_EQ(bench->call("sync_changes", Json::object())["conflicts"], listed["conflicts"]);
    const auto pending = bench->call("get_pending_operations", {{"document", "Notes"}});
    CHECK_EQ(pending["conflicts"], listed["conflicts"]);
    CHECK_EQ(pending["conflicts_left_out"], 0);
    CHECK(has_all(pending["message"], {"1 conflict waits"}));
    CHECK_EQ(bench->call("read_document", {{"nodes", {node}}})["nodes"][0]["sync"], "conflict");
  }
}

TEST_CASE_FIXTURE(Team, "long values of conflicts are cut, and how many had no room is said") {
  std::vector<std::string> nodes;
  for (int i = 0; i < 12; ++i) nodes.push_back(remember(at_anna, fmt::format("Note {}", i)));
  share();
  for (Toolbench* bench : {&at_anna, &at_ben}) {
    const std::string text(5'000, bench == &at_anna ? 'a' : 'b');
    for (const std::string& node : nodes)
      bench->call("edit_document", {{"operations", {{{"op", "update"}, {"node", node}, {"content", text}}}}});
  }
  share();
  const auto pending = at_ben.call("get_pending_operations", Json::object());
  CHECK(pending["conflicts"].size() > 1);
  CHECK_EQ(pending["conflicts"].size() + pending["conflicts_left_out"].get<std::size_t>(), 12);
  CHECK(has_all(pending["conflicts"][0]["local"], {"more bytes"}));
  CHECK(agent::count_tokens(pending) < 10'000);
  const auto listed = at_ben.call("resolve_conflict", Json::object());
  CHECK_EQ(listed["conflicts"].size() + listed["more"].get<std::size_t>(), 12);
  CHECK(agent::count_tokens(listed) < 10'000);
  const auto few = at_ben.call("resolve_conflict", {{"token_budget", 1'000}});
  CHECK_EQ(few["conflicts"].size() + few["more"].get<std::size_t>(), 12);
  CHECK(agent::count_tokens(few) < 1'200);
}

TEST_CASE_FIXTURE(Team, "activity keeps to the tokens it may cost and goes on behind what it showed") {
  for (int i = 0; i < 30; ++i) remember(at_ben, fmt::format("Note {} {}", i, std::string(80, 'x')));
  share();
  std::size_t rows = 0;
  Json arguments = {{"limit", 200}, {"token_budget", 800}};
  for (;;) {
    const auto page = activity(arguments);
    CHECK(agent::count_tokens(page) < 1'000);
    rows += page["activity"].size();
    if (!page.contains("next_cursor")) break;
    arguments["cursor"] = page["next_cursor"];
  }
  CHECK_EQ(rows, 31); // with the document
}

TEST_CASE_FIXTURE(Conflicted, "a conflict is settled by keeping one version") {
  const auto settled =
      at_anna.call("resolve_conflict", {{"conflict", conflict()}, {"resolution", "keep_local"}});
  CHECK_EQ(settled["applied"]["value"], "Bens");
  CHECK(settled["conflicts"].empty());
  CHECK_EQ(title(at_anna), "Bens");
  share();
  CHECK_EQ(title(at_ben), "Bens");
}

TEST_CASE_FIXTURE(Conflicted, "a conflict is settled by a value of one's own") {
  at_anna.call("resolve_conflict", {{"conflict", conflict()}, {"resolution", "custom"}, {"value", "Both"}});
  CHECK_EQ(title(at_anna), "Both");
}

TEST_CASE_FIXTURE(Conflicted, "settling says what it needs") {
  const auto id = conflict();
  CHECK(has_all(at_anna.fail("resolve_conflict", {{"resolution", "merge"}}), {"conflict"}));
  CHECK(has_all(at_anna.fail("resolve_conflict", {{"conflict", id}}), {"resolution"}));
  CHECK(has_all(at_anna.fail("resolve_conflict", {{"conflict", id}, {"resolution", "custom"}}), {"value"}));
  CHECK(has_all(
      at_anna.fail("resolve_conflict", {{"conflict", id}, {"resolution", "keep_local"}, {"value", "x"}}),
      {"custom"}));
  CHECK(has_all(at_anna.fail("resolve_conflict", {{"conflict", "zzzzzzzz"}, {"resolution", "keep_local"}}),
                {"zzzzzzzz"}));
}
