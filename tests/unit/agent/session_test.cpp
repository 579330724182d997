#include "agent/session.h"

#include <thread>

#include "agent/locate.h"
#include "team.h"

using namespace memsync;
using namespace memsync::tests;
using agent::WorkspaceReason;

namespace {

agent::Session::Chosen choose(agent::Session& session,
                              const std::optional<std::string>& argument = std::nullopt) {
  return Person::value(
      session.read([&](replica::Reader& reader) { return session.choose_workspace(reader, argument); }));
}

} // namespace

TEST_CASE("the current workspace is chosen by the strongest reason there is") {
  Hub hub;
  agent::Session::Options options;
  options.project = agent::Project{"github.com/crew/rocket", "rocket"};
  Person anna("Anna", options);
  CHECK_EQ(choose(*anna.session).reason, WorkspaceReason::local);
  anna.join(hub);
  CHECK_EQ(choose(*anna.session).reason, WorkspaceReason::only_team);
  Person::check(anna.replica->bind_project("github.com/crew/rocket", anna.local()));
  CHECK_EQ(choose(*anna.session).reason, WorkspaceReason::project);
  options.environment_workspace = "Crew";
  agent::Session with_environment(*anna.replica, nullptr, anna.sync, options);
  CHECK_EQ(choose(with_environment).reason, WorkspaceReason::environment);
  with_environment.use_workspace(anna.local());
  CHECK_EQ(choose(with_environment).reason, WorkspaceReason::chosen);
  CHECK_EQ(choose(with_environment, "Crew").reason, WorkspaceReason::argument);
}

TEST_CASE("of two teams neither is chosen by itself") {
  Hub one, two;
  Person anna("Anna");
  anna.join(one);
  anna.join(two); // which lists that team alone
  Person::check(anna.replica->database().write([](storage::WriteTxn& txn) -> base::Result<> {
    txn.run("UPDATE workspace SET state = 'live'");
    return {};
  }));
  CHECK_EQ(choose(*anna.session).reason, WorkspaceReason::local);
}

TEST_CASE("a team that the hub no longer knows is nobody's only team") {
  Hub kept, deleted;
  Person anna("Anna");
  anna.join(deleted);
  Person::check(replica::SyncStore(*anna.replica, 0).mark_unknown_to_hub(deleted.workspace));
  CHECK_EQ(choose(*anna.session).reason, WorkspaceReason::local);
  anna.join(kept); // the hub lists this one alone
  const auto chosen = choose(*anna.session);
  CHECK_EQ(chosen.reason, WorkspaceReason::only_team);
  CHECK_EQ(chosen.workspace.id, kept.workspace);
}

TEST_CASE("a name in MEMSYNC_WORKSPACE that fits nothing is an error that says where it came from") {
  agent::Session::Options options;
  options.environment_workspace = "Mars";
  Person anna("Anna", options);
  const auto chosen = anna.session->read(
      [&](replica::Reader& reader) { return anna.session->choose_workspace(reader, std::nullopt); });
  REQUIRE_FALSE(chosen);
  CHECK_NE(chosen.error().message.find("MEMSYNC_WORKSPACE"), std::string::npos);
}

TEST_CASE("claims name client, session and project, each cut to its limit") {
  agent::Session::Options options;
  options.session = std::string(500, 's');
  options.project = agent::Project{"github.com/crew/rocket", "rocket"};
  Person anna("Anna", options);
  anna.session->set_client("claude-code", "2.1.329");
  const auto claims = anna.session->claims();
  CHECK_EQ(claims.client, "claude-code/2.1.329");
  CHECK_EQ(claims.session.size(), 200);
  CHECK_EQ(claims.project, "github.com/crew/rocket");
}

TEST_CASE("several threads read at the same time while one writes") {
  Person anna("Anna");
  const auto local = anna.local();
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        const auto count = anna.session->read([&](replica::Reader& reader) -> base::Result<std::size_t> {
          TRY_ASSIGN(const auto page, reader.documents(reader.workspaces(), "", 10, ""));
          return page.rows.size();
        });
        if (!count) ++failures;
      }
    });
  for (int round = 0; round < 20; ++round) anna.write(local, fmt::format("Document {}", round), "a", "b");
  for (auto& thread : threads) thread.join();
  CHECK_EQ(failures, 0);
}

TEST_CASE("a title is looked for where reading looks, an id in every workspace") {
  Hub hub;
  Person anna("Anna");
  anna.join(hub);
  anna.write(hub.workspace, "Team plan", "a", "b");
  anna.session->use_workspace(anna.local());
  const auto found = [&](const std::string& name) {
    return anna.session->read([&](replica::Reader& reader) -> base::Result<model::DocumentId> {
      TRY_ASSIGN(const auto row, agent::locate_document(*anna.session, reader, name));
      return row.id;
    });
  };
  CHECK_FALSE(found("Team plan"));
  anna.session->use_workspace(hub.workspace);
  const auto id = Person::value(found("Team plan"));
  anna.session->use_workspace(anna.local());
  CHECK_EQ(Person::value(found(std::string(id.view().substr(0, 8)))), id);
}
