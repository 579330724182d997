#include "app/client_sessions.h"

#include <doctest/doctest.h>
#include <filesystem>

#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::app;
using model::Presence;
using model::PresenceState;

namespace {

struct Folder {
  tests::TemporaryFolder folder;
  base::SeededRandom random{3};
  base::Instant now{std::chrono::hours(5)};

  Presence doing(const std::string& client) {
    Presence presence;
    presence.workspace = model::WorkspaceId::random(random);
    presence.client = client;
    return presence;
  }
  std::unique_ptr<SessionFiles> process() { return std::make_unique<SessionFiles>(folder.path(), random); }
  static void post(SessionFiles& files, const Presence& presence, base::Instant active_at) {
    const auto posted = files.post(presence, active_at);
    if (!posted) FAIL(posted.error().message);
  }
};

} // namespace

TEST_CASE_FIXTURE(Folder, "every living process of a store is listed, with what it does") {
  const auto one = process(), two = process();
  CHECK(one->list(now).empty());
  const Presence first = doing("claude-code/2");
  post(*one, first, now);
  post(*two, doing("cursor/1"), now);
  const auto listed = two->list(now);
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].session != listed[1].session);
  const Presence& found = listed[0].client == first.client ? listed[0] : listed[1];
  CHECK(found.workspace == first.workspace);
  CHECK(found.client == first.client);
}

TEST_CASE_FIXTURE(Folder, "a process that has ended is gone, and its file with it") {
  const auto one = process();
  auto two = process();
  post(*one, doing("a"), now);
  post(*two, doing("b"), now);
  two.reset();
  CHECK(one->list(now).size() == 1);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path() + "/sessions"))
    ++files;
  CHECK(files == 1);
}

TEST_CASE_FIXTURE(Folder, "somebody is active, idle after two minutes and away after fifteen") {
  const auto one = process();
  post(*one, doing("a"), now);
  const auto state_after = [&](std::chrono::seconds quiet) { return one->list(now + quiet).at(0).state; };
  CHECK(state_after(std::chrono::seconds(119)) == PresenceState::active);
  CHECK(state_after(std::chrono::minutes(2)) == PresenceState::idle);
  CHECK(state_after(std::chrono::minutes(15)) == PresenceState::away);
}

TEST_CASE_FIXTURE(Folder, "what a process does now takes the place of what it did") {
  const auto one = process();
  Presence presence = doing("a longer name of a client");
  post(*one, presence, now);
  presence.client = "b";
  presence.document = model::DocumentId::random(random);
  post(*one, presence, now);
  REQUIRE(one->list(now).size() == 1);
  CHECK(one->list(now)[0].client == "b");
  CHECK(one->list(now)[0].document == presence.document);
}
