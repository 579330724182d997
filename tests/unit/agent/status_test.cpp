#include "agent/status.h"

#include "replica/set_aside.h"
#include "replica/sync_store.h"
#include "team.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct OnHub {
  Hub hub;
  Person anna{"Anna"};

  OnHub() { anna.join(hub); }
  agent::Status status() { return Person::value(agent::load_status(*anna.session)); }
  void remember() { anna.write(hub.workspace, "Notes", "Redis timeout", "60 seconds"); }
  void go_offline(base::ErrorCode code, std::string message) {
    anna.sync.state.connection = replica::Offline{anna.clock.now(), {code, std::move(message)}};
  }
  std::string describe_pending(std::size_t pending) {
    return Person::value(anna.session->read([&](replica::Reader& reader) -> base::Result<std::string> {
      return agent::describe_pending(*anna.session, reader, reader.workspace(hub.workspace), pending);
    }));
  }
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE_FIXTURE(OnHub, "what was not sent before a removal is named, and not safe") {
  CHECK(status().is_safe);
  CHECK_EQ(status().message, "Everything written here is on the hub.");
  remember();
  Person::check(replica::SyncStore(*anna.replica, 0).drop_workspace(hub.workspace, {}));
  const auto removed = status();
  CHECK_EQ(removed.pending, 0);
  CHECK_EQ(removed.set_aside, 2); // the document, too
  CHECK_FALSE(removed.is_safe);
  CHECK_EQ(removed.message,
           "Everything else written here is on the hub. 2 changes set aside: `memsync pending` shows them.");
  CHECK_EQ(agent::to_json(removed)["set_aside"], 2);
}

TEST_CASE("without a hub, too, what is set aside is named") {
  Person anna("Anna");
  Person::check(anna.replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
    replica::set_aside_damaged(txn, "w", "Crew", anna.clock.now(), "unreadable");
    return {};
  }));
  CHECK(has(Person::value(agent::load_status(*anna.session)).message,
            "1 change set aside: `memsync pending` shows it."));
}

TEST_CASE_FIXTURE(OnHub, "a token that the hub refuses is no outage") {
  go_offline(base::ErrorCode::unauthenticated, "Sign-in required");
  CHECK_EQ(status().message,
           "Everything written here is on the hub, but the hub refuses this token: `memsync login`.");
  remember();
  const char* const advice =
      "Saved on this machine, but the hub refuses this token: `memsync login`; 2 changes wait here.";
  CHECK_EQ(status().message, advice);
  CHECK_EQ(describe_pending(2), advice);
}

TEST_CASE_FIXTURE(OnHub, "settings that cannot be used say what is wrong with them") {
  go_offline(base::ErrorCode::validation,
             "there is no token for https://hub.example.org: run `memsync login`");
  CHECK_EQ(describe_pending(1),
           "Saved on this machine, but there is no token for https://hub.example.org: "
           "run `memsync login`; 1 change waits here.");
}

TEST_CASE_FIXTURE(OnHub, "an account that may not sync says why") {
  go_offline(base::ErrorCode::permission, "this memory belongs to Anna on https://hub.example.org");
  CHECK_EQ(describe_pending(1),
           "Saved on this machine, but this memory belongs to Anna on https://hub.example.org; 1 change "
           "waits here.");
}

TEST_CASE_FIXTURE(OnHub, "a hub that cannot be reached is waited for") {
  go_offline(base::ErrorCode::offline, "no route");
  CHECK_EQ(status().message, "Everything written here is on the hub; the hub cannot be reached now.");
  CHECK_EQ(describe_pending(1),
           "Hub unreachable: saved on this machine, 1 change pending; it syncs by itself "
           "when the hub is back.");
}
