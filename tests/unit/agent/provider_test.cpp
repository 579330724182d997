#include "agent/activity.h"
#include "agent/prompts.h"
#include "agent/resources.h"
#include "team.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct Team {
  Hub hub;
  Person anna{"Anna"}, ben{"Ben"};
  agent::Resources resources{*anna.session};
  agent::Prompts prompts{*anna.session};
  model::NodeId memory;

  Team() {
    anna.join(hub);
    ben.join(hub);
    anna.hear_of_members();
    memory = ben.write(hub.workspace, "Release notes", "Redis timeout", "Raise the pool.");
    ben.exchange();
    anna.exchange();
  }
  std::string read(const std::string& uri) {
    const auto outcome = resources.read(uri, {});
    const auto* contents = std::get_if<std::vector<wire::ResourceContents>>(&outcome);
    REQUIRE(contents != nullptr);
    REQUIRE_EQ(contents->size(), 1);
    CHECK_EQ(contents->front().uri, uri);
    return contents->front().text;
  }
  wire::RpcErrorCode fail(const std::string& uri) {
    const auto outcome = resources.read(uri, {});
    const auto* error = std::get_if<wire::RpcError>(&outcome);
    REQUIRE(error != nullptr);
    return error->code;
  }
  std::string prompt(const std::string& name, const mcp::Arguments& arguments = {}) {
    const auto outcome = prompts.get(name, arguments, {});
    const auto* result = std::get_if<wire::PromptResult>(&outcome);
    REQUIRE(result != nullptr);
    REQUIRE_EQ(result->messages.size(), 1);
    return result->messages.front().content["text"];
  }
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE_FIXTURE(Team, "resources list status, activity and every document, page by page") {
  anna.write(hub.workspace, "Another", "a", "b");
  auto page = Person::value(resources.list("", 3));
  REQUIRE_EQ(page.items.size(), 3);
  CHECK_EQ(page.items[0].uri, "memsync://status");
  CHECK_EQ(page.items[1].uri, agent::activity_uri(hub.workspace));
  REQUIRE_FALSE(page.next.empty());
  page = Person::value(resources.list(page.next, 3));
  REQUIRE_EQ(page.items.size(), 1);
  CHECK(page.next.empty());
}

TEST_CASE_FIXTURE(Team, "every listed resource can be read, documents also by name of the workspace") {
  for (const auto& resource : Person::value(resources.list("", 10)).items)
    CHECK_FALSE(read(resource.uri).empty());
  CHECK(has(read("memsync://Crew/documents/Release%20notes"), "Raise the pool."));
  CHECK(has(read("memsync://Crew/activity"), "Ben created \"Redis timeout\""));
}

TEST_CASE_FIXTURE(Team, "a resource that does not exist is not found, in the code of the revision") {
  mcp::CallContext modern;
  modern.caller.revision = wire::Revision::v2026_07_28;
  const auto outcome = resources.read("memsync://Crew/documents/nothing", modern);
  REQUIRE(std::holds_alternative<wire::RpcError>(outcome));
  CHECK_EQ(std::get<wire::RpcError>(outcome).code, wire::RpcErrorCode::invalid_params);
  for (const char* uri :
       {"memsync://Crew", "memsync://Mars/activity", "memsync:///activity", "file:///etc/passwd", ""})
    CHECK_EQ(fail(uri), fail("memsync://Crew/documents/nothing"));
}

TEST_CASE_FIXTURE(Team, "template variables are completed from workspaces and documents") {
  const auto templates = resources.templates();
  REQUIRE_EQ(templates.size(), 2);
  const auto& document = templates[0].uri_template;
  auto found = resources.complete(document, "workspace", "Cr", {});
  REQUIRE(found);
  CHECK_EQ(found->values, std::vector<std::string>{"Crew"});
  found = resources.complete(document, "id", "Release", {{"workspace", "Crew"}});
  REQUIRE(found);
  CHECK_EQ(found->values.size(), 1);
  CHECK_FALSE(resources.complete(document, "name", "", {}));
  CHECK_FALSE(resources.complete("memsync://{nothing}", "workspace", "", {}));
}

TEST_CASE_FIXTURE(Team, "catch_up tells what happened since then, as data") {
  const auto text = prompt("catch_up", {{"since", "1h"}});
  CHECK(has(text, "| Ben created \"Redis timeout\""));
  CHECK(has(text, "not instructions"));
  anna.clock.advance(std::chrono::hours(48));
  CHECK(has(prompt("catch_up"), "Nothing happened"));
  CHECK(std::holds_alternative<wire::RpcError>(prompts.get("catch_up", {{"since", "soon"}}, {})));
}

TEST_CASE_FIXTURE(Team, "handoff gives the document, its conflicts and what is not saved yet") {
  const auto text = prompt("handoff", {{"document", "Release notes"}});
  CHECK(has(text, "Raise the pool."));
  CHECK(has(text, "No open conflicts"));
  CHECK(std::holds_alternative<wire::RpcError>(prompts.get("handoff", {{"document", "None"}}, {})));
}

TEST_CASE_FIXTURE(Team, "handoff gives what the document is linked with elsewhere, and takes a task's id") {
  const auto other = anna.write(hub.workspace, "Runbook", "Pool sizes", "Forty connections.");
  const auto linked = anna.session->edit(hub.workspace, std::nullopt, std::nullopt,
                                         [&](replica::Editor& editor) -> base::Result<bool> {
                                           TRY(editor.relate(memory, other, "DEPENDS_ON"));
                                           return true;
                                         });
  REQUIRE(linked);
  for (const std::string& name : {std::string("Release notes"), memory.str()}) {
    const auto text = prompt("handoff", {{"document", name}});
    CHECK(has(text, "Linked memories"));
    CHECK(has(text, "Forty connections."));
    CHECK_EQ(has(text, "The task:"), name == memory.str());
  }
}

TEST_CASE_FIXTURE(Team, "resolve_conflicts keeps to a document that is named") {
  CHECK(has(prompt("resolve_conflicts", {{"document", "Release notes"}}), "in that document"));
  const auto missing = prompts.get("resolve_conflicts", {{"document", "Nothing"}}, {});
  CHECK(std::holds_alternative<wire::RpcError>(missing));
  const auto completed = prompts.complete("resolve_conflicts", "document", "Rel", {});
  REQUIRE(completed);
  CHECK_EQ(completed->values, std::vector<std::string>{"Release notes"});
}

TEST_CASE_FIXTURE(Team, "resolve_conflicts says when there are none") {
  CHECK(has(prompt("resolve_conflicts"), "no open conflicts"));
}

TEST_CASE_FIXTURE(Team, "arguments of prompts are completed") {
  const auto documents = prompts.complete("handoff", "document", "rel", {});
  REQUIRE(documents);
  CHECK_EQ(documents->values, std::vector<std::string>{"Release notes"});
  CHECK(prompts.complete("catch_up", "since", "", {}));
  CHECK_FALSE(prompts.complete("catch_up", "until", "", {}));
  CHECK_FALSE(prompts.complete("dance", "since", "", {}));
}

TEST_CASE_FIXTURE(Team, "news are told once and leave out what this session did") {
  agent::News news(*anna.session);
  const auto take = [&] {
    return Person::value(anna.session->read([&](replica::Reader& reader) { return news.take(reader, 3); }));
  };
  CHECK(take().lines.empty());
  for (int i = 0; i < 5; ++i) ben.write(hub.workspace, "Release notes", fmt::format("Finding {}", i), "x");
  anna.write(hub.workspace, "Release notes", "Own", "x");
  anna.exchange();
  ben.exchange();
  anna.exchange();
  const auto look = take();
  CHECK_EQ(look.lines.size(), 3);
  CHECK_EQ(look.more, 2);
  CHECK(has(look.lines.front(), "Finding 4"));
  CHECK(take().lines.empty());
}

TEST_CASE_FIXTURE(Team, "news begin where the last digest for the project ended") {
  Person::value(anna.session->read([&](replica::Reader& reader) -> base::Result<bool> {
    const auto row = reader.workspace(hub.workspace);
    Person::check(anna.replica->note_told(row, "", row.cursor));
    return true;
  }));
  ben.write(hub.workspace, "Release notes", "While nobody was here", "x");
  ben.exchange();
  anna.exchange();
  agent::News news(*anna.session);
  const auto look =
      Person::value(anna.session->read([&](replica::Reader& reader) { return news.take(reader, 3); }));
  REQUIRE_EQ(look.lines.size(), 1);
  CHECK(has(look.lines.front(), "While nobody was here"));
}

TEST_CASE_FIXTURE(Team,
                  "a subscribed URI is about the same thing whether it names a workspace by id or by name") {
  const auto subject = [&](const std::string& uri) {
    return Person::value(anna.session->read([&](replica::Reader& reader) {
      return base::Result<std::optional<agent::ResourceSubject>>(agent::find_subject(reader, uri));
    }));
  };
  CHECK_FALSE(subject("memsync://status")->workspace);
  CHECK_EQ(subject("memsync://Crew/activity")->workspace, hub.workspace);
  CHECK_EQ(subject(agent::activity_uri(hub.workspace))->workspace, hub.workspace);
  const auto by_title = subject("memsync://Crew/documents/Release%20notes");
  REQUIRE(by_title);
  REQUIRE(by_title->document);
  CHECK_EQ(subject(agent::document_uri(hub.workspace, *by_title->document))->document, by_title->document);
  CHECK_FALSE(subject("memsync://Crew/documents/nothing"));
  CHECK_FALSE(subject("file:///etc/passwd"));
}
