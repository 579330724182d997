#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

/// Anna and Ben changed one title; Ben's change was manual and came second. Ben's client shows forms.
struct Contested {
  Hub hub;
  Person anna{"Anna"}, ben{"Ben"};
  Toolbench at_anna{anna}, at_ben{ben};

  Contested() {
    anna.join(hub);
    ben.join(hub, model::Role::admin);
    anna.hear_of_members();
    contest("Start", "Annas", "Bens");
  }
  void share() {
    anna.exchange();
    ben.exchange();
    anna.exchange();
  }
  std::string contest(const std::string& start, const std::string& annas, const std::string& bens) {
    const std::string node =
        at_anna.call("remember", {{"title", start}, {"content", "x"}, {"document", "Notes"}})["id"];
    share();
    const auto update = [&](const std::string& title) {
      return Json{{"operations", {{{"op", "update"}, {"node", node}, {"title", title}}}}};
    };
    at_anna.call("edit_document", update(annas));
    anna.exchange();
    auto manual = update(bens);
    manual["strategy"] = "manual";
    at_ben.call("edit_document", manual);
    ben.exchange();
    anna.exchange();
    return node;
  }

  static mcp::CallContext with_forms() {
    mcp::CallContext context;
    context.can_show_form = true;
    return context;
  }
  /// The question that a call asked.
  static mcp::InputRequired question_of(const Toolbench::Running& running) {
    REQUIRE(running.is_answered());
    const auto* question = std::get_if<mcp::InputRequired>(&**running.outcome);
    REQUIRE(question != nullptr);
    REQUIRE_EQ(question->requests.size(), 1);
    return *question;
  }
  Toolbench::Running save(mcp::CallContext context = with_forms()) {
    return at_ben.start("save_document", {{"document", "Notes"}}, std::move(context));
  }
  Toolbench::Running answer(const mcp::InputRequired& question, const Json& given) {
    auto context = with_forms();
    context.input = mcp::InputReply{{{question.requests.front().key, given}}, question.state};
    return save(std::move(context));
  }
  static Json choose(const char* resolution) {
    return {{"action", "accept"}, {"content", {{"resolution", resolution}}}};
  }
  /// Of the notes as Ben sees them, sorted, with commas between them.
  std::string titles() {
    std::vector<std::string> found;
    const Json document = at_ben.call("read_document", {{"document", "Notes"}});
    for (const auto& node : document["nodes"]) found.push_back(node["title"]);
    std::sort(found.begin(), found.end());
    return fmt::format("{}", fmt::join(found, ", "));
  }
};

} // namespace

TEST_CASE_FIXTURE(Contested, "a save that meets an open conflict asks with both versions and named choices") {
  const auto question = question_of(save());
  const auto& form = question.requests.front().params;
  CHECK(has_all(form["message"], {"title", "Ben wrote", "| Bens", "Anna wrote", "| Annas"}));
  const auto& choices = form["requestedSchema"]["properties"]["resolution"]["oneOf"];
  REQUIRE_EQ(choices.size(), 3);
  CHECK_EQ(choices[0], Json({{"const", "keep_local"}, {"title", "Keep ours"}}));
  CHECK_EQ(choices[1], Json({{"const", "keep_server"}, {"title", "Keep theirs (Anna)"}}));
  CHECK_EQ(choices[2], Json({{"const", "later"}, {"title", "Decide later"}}));
}

TEST_CASE_FIXTURE(Contested, "what the person chooses is done, and the save goes on") {
  const auto saving = answer(question_of(save()), choose("keep_local"));
  ben.exchange();
  ben.sync.step(ben.clock.instant());
  const auto saved = at_ben.finish("save_document", saving);
  CHECK(saved["conflicts"].empty());
  CHECK(saved["acknowledged"] == true);
  CHECK(has_all(saved["message"], {"settled with keep_local"}));
  CHECK_EQ(titles(), "Bens");
}

TEST_CASE_FIXTURE(
    Contested,
    "declined, cancelled, put off and unreadable answers leave the conflict open and say how to go on") {
  for (const Json& given : {Json{{"action", "decline"}}, Json{{"action", "cancel"}}, choose("later"),
                            choose("custom"), choose("nonsense"), Json(5)}) {
    INFO(given.dump());
    Contested fresh;
    const auto saved = fresh.at_ben.finish("save_document", fresh.answer(question_of(fresh.save()), given));
    REQUIRE_EQ(saved["conflicts"].size(), 1);
    const std::string id = saved["conflicts"][0]["id"];
    CHECK(has_all(saved["message"], {"resolve_conflict", id.c_str(), "keep_local"}));
    CHECK_EQ(fresh.titles(), "Annas");
  }
}

TEST_CASE_FIXTURE(Contested, "a person is asked about a conflict once") {
  answer(question_of(save()), choose("later"));
  CHECK_EQ(at_ben.finish("save_document", save())["conflicts"].size(), 1);
}

TEST_CASE_FIXTURE(Contested, "several conflicts are asked one after the other within one call") {
  contest("Other", "Annas other", "Bens other");
  auto question = question_of(save());
  const auto first = answer(question, choose("keep_local"));
  CHECK_FALSE(first.is_answered()); // what was settled is to be saved, too
  ben.exchange();
  ben.sync.step(ben.clock.instant());
  question = question_of(first);
  const auto saving = answer(question, choose("keep_server"));
  ben.exchange();
  ben.sync.step(ben.clock.instant());
  const auto saved = at_ben.finish("save_document", saving);
  CHECK(saved["conflicts"].empty());
  CHECK(has_all(saved["message"], {"keep_local", "keep_server"}));
}

TEST_CASE_FIXTURE(Contested,
                  "a client without forms gets the conflict in the answer, with the call that settles it") {
  const auto saved = at_ben.finish("save_document", save({}));
  REQUIRE_EQ(saved["conflicts"].size(), 1);
  CHECK(has_all(saved["message"], {"resolve_conflict"}));
}

TEST_CASE_FIXTURE(Contested, "a sync asks as well, and counts over all its forms") {
  ben.sync.state.counters.pushed = 7;
  auto context = with_forms();
  const auto question = question_of(at_ben.start("sync_changes", Json::object(), context));
  ben.sync.state.counters.pushed = 9; // meanwhile
  context.input = mcp::InputReply{{{question.requests.front().key, choose("keep_server")}}, question.state};
  const auto syncing = at_ben.start("sync_changes", Json::object(), context);
  ben.exchange();
  ben.sync.step(ben.clock.instant());
  const auto synced = at_ben.finish("sync_changes", syncing);
  CHECK(synced["conflicts"].empty());
  CHECK(has_all(synced["message"], {"settled with keep_server"}));
  CHECK_EQ(titles(), "Annas");
}

TEST_CASE_FIXTURE(Contested, "a conflict that a teammate settled meanwhile is said to be settled") {
  const auto question = question_of(save());
  const auto listed = at_anna.call("resolve_conflict", Json::object());
  at_anna.call("resolve_conflict",
               {{"conflict", listed["conflicts"][0]["id"]}, {"resolution", "keep_server"}});
  share();
  const auto saved = at_ben.finish("save_document", answer(question, choose("keep_local")));
  CHECK(saved["conflicts"].empty());
  CHECK(has_all(saved["message"], {"not settled", "already"}));
  CHECK_EQ(titles(), "Annas");
}

TEST_CASE_FIXTURE(Contested,
                  "a text conflict shows the merge that can be taken, and a delete what it would delete") {
  const std::string node = at_anna.call(
      "remember",
      {{"title", "Text"}, {"content", "one\ntwo\nthree\nfour\nfive\n"}, {"document", "Texts"}})["id"];
  const std::string gone =
      at_anna.call("remember", {{"title", "Gone"}, {"content", "here"}, {"document", "Texts"}})["id"];
  share();
  const auto edit = [](Toolbench& bench, Json operations) {
    bench.call("edit_document", {{"operations", std::move(operations)}, {"strategy", "manual"}});
  };
  edit(at_anna, {{{"op", "update"}, {"node", node}, {"content", "one\n2\nthree\nfour\nfive\n"}},
                 {{"op", "update"}, {"node", gone}, {"content", "still here"}}});
  anna.exchange();
  edit(at_ben, {{{"op", "update"}, {"node", node}, {"content", "one\ntwo\nthree\nfour\nfuenf\n"}}});
  edit(at_ben, {{{"op", "delete"}, {"node", gone}}});
  share();
  std::string forms;
  auto context = with_forms();
  for (auto running = at_ben.start("save_document", {{"document", "Texts"}}, context);
       std::holds_alternative<mcp::InputRequired>(**running.outcome);) {
    const auto question = question_of(running);
    forms += question.requests.front().params.dump();
    context.input = mcp::InputReply{{{question.requests.front().key, choose("later")}}, question.state};
    running = at_ben.start("save_document", {{"document", "Texts"}}, context);
  }
  INFO(forms);
  CHECK(has_all(forms, {"Merged, it would say:\\n| one\\n| 2\\n| three\\n| four\\n| fuenf",
                        "Take the merged text", "Ben deleted", "Delete it", "Keep it"}));
}
