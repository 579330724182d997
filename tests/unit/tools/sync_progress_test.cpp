#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

TEST_CASE("a sync tells how far it is in both directions, counted from its beginning") {
  Hub hub;
  Person anna{"Anna"};
  Person ben{"Ben"};
  anna.join(hub);
  ben.join(hub);
  Toolbench bench(anna);
  anna.write(hub.workspace, "Old", "sent before", "x");
  anna.exchange();
  ben.write(hub.workspace, "Ben's", "from Ben", "x");
  ben.push();
  anna.write(hub.workspace, "Notes", "one", "x");
  anna.write(hub.workspace, "Notes", "two", "x");

  std::vector<mcp::Progress> told;
  mcp::CallContext context;
  context.progress = [&](const mcp::Progress& progress) { told.push_back(progress); };
  anna.sync.state.has_synced = false;
  const auto syncing = bench.start("sync_changes", Json::object(), std::move(context));
  REQUIRE(told.size() == 1);
  CHECK(told[0].message == "syncing: sent 0 of 3");
  CHECK(told[0].done == 0);
  CHECK(told[0].total == 6); // each is to be sent and to come back

  anna.exchange();
  anna.sync.step(anna.clock.instant());
  CHECK(told.size() == 1); // not at every look
  anna.clock.advance(std::chrono::milliseconds(250));
  anna.sync.step(anna.clock.instant());
  REQUIRE(told.size() == 2);
  CHECK(told[1].message == "syncing: sent 3 of 3, received 5 of 5");
  CHECK(told[1].done == 8);
  CHECK(told[1].total == 8);
  CHECK_FALSE(syncing.is_answered());
}
