#include "toolbench.h"

using namespace memsync;
using namespace memsync::tests;

namespace {

struct OnHub {
  Hub hub;
  Person anna{"Anna"};
  Toolbench bench{anna};
  OnHub() { anna.join(hub); }

  void remember(const std::string& title) {
    bench.call("remember", {{"title", title}, {"content", title}, {"document", "Notes"}});
  }
  replica::SyncStore store() { return replica::SyncStore(*anna.replica, 0); }
  /// The hub refuses all it gets from now on.
  void exchange_refused() {
    const std::size_t before = hub.log.size();
    anna.push();
    for (std::size_t i = before; i < hub.log.size(); ++i) {
      hub.log[i].status = model::Status::rejected;
      hub.log[i].code = base::ErrorCode::permission;
      hub.log[i].nodes.clear();
    }
    anna.pull();
  }
  void go_offline() {
    anna.sync.state.connection = replica::Offline{anna.clock.now(), {base::ErrorCode::offline, "no route"}};
  }
};

} // namespace

TEST_CASE_FIXTURE(OnHub, "writing tells the sync at once") {
  const auto before = anna.sync.commits;
  remember("One");
  CHECK_EQ(anna.sync.commits, before + 1);
}

TEST_CASE_FIXTURE(OnHub,
                  "a call waits until the hub has told of anything, for a moment; a dirty check does not") {
  anna.sync.introduced = false;
  const Json memory = {{"title", "One"}, {"content", "One"}, {"document", "Notes"}};
  const auto first = bench.start("remember", memory);
  CHECK_FALSE(first.is_answered());
  CHECK(bench.call("is_document_dirty", Json::object())["dirty"] == false);
  anna.sync.introduced = true;
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("remember", first)["created"] == true);

  anna.sync.introduced = false;
  const auto second = bench.start("search_memories", {{"query", "One"}});
  anna.sync.step(anna.clock.instant() + agent::k_introduction_limit);
  CHECK(second.is_answered());
}

TEST_CASE_FIXTURE(OnHub, "saving waits until the hub's log has the document") {
  remember("One");
  anna.sync.state.has_synced = false;
  const auto saving = bench.start("save_document", {{"document", "Notes"}});
  CHECK_EQ(anna.sync.requests, 1);
  CHECK_FALSE(saving.is_answered());
  anna.push();
  anna.sync.step(anna.clock.instant());
  CHECK_FALSE(saving.is_answered()); // sent, but not heard of yet
  anna.pull();
  anna.sync.step(anna.clock.instant());
  const auto saved = bench.finish("save_document", saving);
  CHECK(saved["saved"] == true);
  CHECK(saved["acknowledged"] == true);
  CHECK(saved["dirty"] == false);
  CHECK_EQ(saved["pending"], 0);
}

TEST_CASE_FIXTURE(OnHub, "saving offline answers at once that everything is safe here and pending") {
  remember("One");
  go_offline();
  const auto saved = bench.call("save_document", {{"document", "Notes"}});
  CHECK(saved["saved"] == true);
  CHECK(saved["acknowledged"] == false);
  CHECK(saved["dirty"] == true);
  CHECK_EQ(saved["pending"], 2);
  CHECK_EQ(saved["connection"], "offline");
  CHECK(has_all(saved["message"], {"saved on this machine", "2 changes pending"}));
}

TEST_CASE_FIXTURE(OnHub, "saving gives up when its time is over") {
  remember("One");
  const auto saving = bench.start("save_document", {{"document", "Notes"}, {"wait_seconds", 3}});
  anna.clock.advance(std::chrono::seconds(2));
  anna.sync.step(anna.clock.instant());
  CHECK_FALSE(saving.is_answered());
  anna.clock.advance(std::chrono::seconds(1));
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("save_document", saving)["acknowledged"] == false);
}

TEST_CASE_FIXTURE(OnHub, "the host's deadline ends a save before its own time") {
  remember("One");
  mcp::CallContext context;
  context.deadline = [at = anna.clock.instant() + std::chrono::seconds(1)] { return at; };
  const auto saving = bench.start("save_document", {{"document", "Notes"}, {"wait_seconds", 50}}, context);
  anna.clock.advance(std::chrono::seconds(1));
  anna.sync.step(anna.clock.instant());
  CHECK(saving.is_answered());
}

TEST_CASE_FIXTURE(OnHub, "a save that is cancelled stops waiting") {
  remember("One");
  std::stop_source stop;
  mcp::CallContext context;
  context.cancelled = stop.get_token();
  bench.start("save_document", {{"document", "Notes"}}, context);
  CHECK_EQ(anna.sync.parked(), 1);
  stop.request_stop();
  anna.sync.step(anna.clock.instant());
  CHECK_EQ(anna.sync.parked(), 0);
}

TEST_CASE_FIXTURE(OnHub, "a save reports what it is waiting for") {
  for (const char* title : {"One", "Two"}) remember(title);
  std::vector<double> done;
  mcp::CallContext context;
  context.progress = [&](const mcp::Progress& progress) { done.push_back(progress.done); };
  const auto saving = bench.start("save_document", {{"document", "Notes"}}, context);
  CHECK_EQ(done, std::vector<double>{0});
  anna.exchange();
  anna.sync.step(anna.clock.instant());
  CHECK(saving.is_answered());
}

TEST_CASE_FIXTURE(OnHub, "what is written during a save does not prolong it") {
  remember("One");
  const auto saving = bench.start("save_document", {{"document", "Notes"}});
  anna.push();
  remember("Two");
  anna.pull();
  anna.sync.step(anna.clock.instant());
  const auto saved = bench.finish("save_document", saving);
  CHECK(saved["acknowledged"] == true);
  CHECK(saved["dirty"] == true);
  CHECK_EQ(saved["pending"], 1);
}

TEST_CASE_FIXTURE(OnHub, "a save waits for its changes whatever numbers a fork gives them meanwhile") {
  remember("One");
  anna.exchange();
  remember("Two");
  const auto saving = bench.start("save_document", {{"document", "Notes"}, {"wait_seconds", 3}});
  Person::check(store().renew_replica(hub.workspace, std::nullopt));
  anna.sync.step(anna.clock.instant());
  CHECK_FALSE(saving.is_answered());
  anna.clock.advance(std::chrono::seconds(3));
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("save_document", saving)["acknowledged"] == false);

  const auto again = bench.start("save_document", {{"document", "Notes"}});
  anna.exchange();
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("save_document", again)["acknowledged"] == true);
}

TEST_CASE_FIXTURE(OnHub,
                  "a save waits for its changes whatever numbers a restored hub gives them meanwhile") {
  remember("One");
  anna.exchange();
  remember("Two");
  const auto saving = bench.start("save_document", {{"document", "Notes"}, {"wait_seconds", 3}});
  Person::check(store().adopt_log(hub.workspace, 0, {}));
  anna.sync.step(anna.clock.instant());
  CHECK_FALSE(saving.is_answered());
  anna.clock.advance(std::chrono::seconds(3));
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("save_document", saving)["acknowledged"] == false);
}

TEST_CASE_FIXTURE(OnHub,
                  "a save does not wait for another document's change that got the number of its own") {
  remember("One");
  anna.exchange();
  remember("Two"); // number 3
  const auto saving = bench.start("save_document", {{"document", "Notes"}});
  Person::check(store().renew_replica(hub.workspace, std::nullopt));
  anna.exchange();
  for (const char* title : {"Three", "Four"}) anna.write(hub.workspace, "Other", title, title); // 2, 3 and 4
  anna.sync.step(anna.clock.instant());
  CHECK(bench.finish("save_document", saving)["acknowledged"] == true);
}

TEST_CASE_FIXTURE(OnHub, "a document of which the hub refused a change is not saved, nor clean") {
  remember("One");
  anna.exchange();
  anna.write(hub.workspace, "Other", "Fine", "fine");
  anna.exchange();
  remember("Two");
  const auto saving = bench.start("save_document", {{"document", "Notes"}});
  exchange_refused();
  anna.sync.step(anna.clock.instant());
  for (const Json& saved :
       {bench.finish("save_document", saving), bench.call("save_document", {{"document", "Notes"}})}) {
    CHECK(saved["acknowledged"] == false);
    CHECK(saved["dirty"] == false);
    CHECK_EQ(saved["rejected"], 1);
    CHECK(has_all(saved["message"], {"refused 1 change", "get_pending_operations"}));
  }
  const auto other = bench.call("save_document", {{"document", "Other"}});
  CHECK(other["acknowledged"] == true);
  CHECK_EQ(other["rejected"], 0);
  CHECK_EQ(other["message"], "Saved: the hub has every change.");

  const auto dirty = bench.answer("is_document_dirty", {{"document", "Notes"}});
  CHECK(dirty.structured["dirty"] == false);
  CHECK_EQ(dirty.structured["rejected"], 1);
  CHECK(has_all(dirty.text, {"the hub refused 1 change: see get_pending_operations"}));
  const auto all = bench.call("is_document_dirty", Json::object());
  CHECK_EQ(all["rejected"], 1);
  REQUIRE_EQ(all["documents"].size(), 1);
  CHECK_EQ(all["documents"][0]["title"], "Notes");
  CHECK_EQ(all["documents"][0]["rejected"], 1);
  CHECK_EQ(bench.call("is_document_dirty", {{"document", "Other"}})["rejected"], 0);

  CHECK_EQ(bench.call("get_pending_operations", {{"document", "Notes"}})["rejected"], 1);
  CHECK_EQ(bench.call("get_pending_operations", {{"document", "Other"}})["rejected"], 0);
  CHECK(has_all(bench.call("sync_changes", Json::object())["message"], {"The hub refused 1 change"}));
}

TEST_CASE_FIXTURE(OnHub, "a save of a document that the hub refuses to create says so by its name") {
  remember("One");
  const auto saving = bench.start("save_document", {{"document", "Notes"}});
  exchange_refused();
  anna.sync.step(anna.clock.instant());
  const auto saved = bench.finish("save_document", saving);
  CHECK(saved["acknowledged"] == false);
  CHECK_EQ(saved["document"]["title"], "Notes");
  CHECK_EQ(saved["rejected"], 2);
  CHECK_EQ(bench.call("is_document_dirty", Json::object())["rejected"], 2);
}

TEST_CASE_FIXTURE(OnHub,
                  "a strategy given with a save holds for what was never sent, and says what it missed") {
  remember("One");
  anna.push();
  remember("Two");
  go_offline();
  const auto saved = bench.call("save_document", {{"document", "Notes"}, {"strategy", "manual"}});
  CHECK_EQ(saved["strategy_not_applied"], 2);
  CHECK_EQ(bench.call("sync_changes", {{"strategy", "manual"}})["strategy_not_applied"], 2);
  std::map<std::string, model::Strategy> strategies;
  const auto page = Person::value(anna.session->read(
      [&](replica::Reader& reader) { return reader.pending(reader.workspaces(), std::nullopt, 10, ""); }));
  for (const auto& row : page.rows) strategies[row.node_title] = row.operation.strategy;
  CHECK_EQ(strategies["One"], model::Strategy::merge);
  CHECK_EQ(strategies["Two"], model::Strategy::manual);
  anna.pull();
  anna.exchange();
  CHECK(bench.call("is_document_dirty", {{"document", "Notes"}})["dirty"] == false);
}

TEST_CASE_FIXTURE(OnHub, "a clean document is saved already") {
  remember("One");
  anna.exchange();
  CHECK(bench.call("save_document", {{"document", "Notes"}})["acknowledged"] == true);
  CHECK_EQ(anna.sync.requests, 0);
}

TEST_CASE_FIXTURE(OnHub, "an unknown document cannot be saved") {
  CHECK(has_all(bench.fail("save_document", {{"document", "Nothing"}}), {"Nothing"}));
}

TEST_CASE("a local document is saved here and never acknowledged") {
  Person anna("Anna");
  Toolbench bench(anna);
  bench.call("remember", {{"title", "One"}, {"content", "1"}, {"document", "Notes"}});
  const auto saved = bench.call("save_document", {{"document", "Notes"}});
  CHECK(saved["saved"] == true);
  CHECK(saved["acknowledged"] == false);
  CHECK(saved["dirty"] == false);
  CHECK_EQ(saved["connection"], "no_hub");
  CHECK(has_all(saved["message"], {"never shared"}));
}

TEST_CASE_FIXTURE(OnHub, "syncing waits until everything is settled and counts what moved") {
  remember("One");
  anna.sync.state.has_synced = false;
  anna.sync.settled = false;
  const auto syncing = bench.start("sync_changes", Json::object());
  CHECK_FALSE(syncing.is_answered());
  anna.exchange();
  anna.sync.state.counters.pushed = 2;
  anna.sync.state.counters.pulled = 2;
  anna.sync.state.has_synced = true;
  anna.sync.settled = true;
  anna.sync.step(anna.clock.instant());
  const auto synced = bench.finish("sync_changes", syncing);
  CHECK_EQ(synced["pushed"], 2);
  CHECK_EQ(synced["pending"], 0);
  CHECK_EQ(synced["cursor"], "0.2");
  CHECK(synced["settled"] == true);
  CHECK_EQ(synced["connection"], "live");
}

TEST_CASE_FIXTURE(OnHub, "syncing offline says what is pending instead of waiting") {
  remember("One");
  go_offline();
  const auto synced = bench.call("sync_changes", {{"wait_seconds", 50}});
  CHECK_EQ(synced["connection"], "offline");
  CHECK_EQ(synced["pending"], 2);
  CHECK(synced["settled"] == false);
  CHECK(has_all(synced["message"], {"Hub unreachable", "2 changes pending"}));
}

TEST_CASE_FIXTURE(OnHub,
                  "syncing with a token that the hub refuses says to sign in, not that the hub is away") {
  remember("One");
  anna.sync.state.connection =
      replica::Offline{anna.clock.now(), {base::ErrorCode::unauthenticated, "Sign-in required"}};
  const auto synced = bench.call("sync_changes", {{"wait_seconds", 50}});
  CHECK_EQ(synced["connection"], "offline");
  CHECK(has_all(synced["message"], {"the hub refuses this token: `memsync login`", "2 changes wait here"}));
}

TEST_CASE("syncing without a hub says how to get one") {
  Person anna("Anna");
  Toolbench bench(anna);
  const auto synced = bench.call("sync_changes", Json::object());
  CHECK_EQ(synced["connection"], "no_hub");
  CHECK(has_all(synced["message"], {"memsync login"}));
  CHECK(has_all(bench.fail("sync_changes", {{"workspace", "Mars"}}), {"Mars"}));
}

TEST_CASE("the first sync after a login answers for the workspaces it learned of, never that all is local") {
  Person anna("Anna");
  Hub hub;
  Toolbench bench(anna);
  anna.check(anna.replica->database().write([](storage::WriteTxn& txn) -> base::Result<> {
    return txn.run("UPDATE store SET hub = 'https://hub.example.org'"), base::Result<>();
  }));
  const auto nothing = bench.call("sync_changes", Json::object());
  CHECK(has_all(nothing["message"], {"lists no workspace"}));
  anna.sync.state.has_synced = false;
  const auto syncing = bench.start("sync_changes", Json::object());
  anna.join(hub);
  anna.sync.settled = false;
  anna.sync.state.has_synced = true;
  anna.sync.step(anna.clock.instant());
  CHECK_FALSE(syncing.is_answered()); // the workspace learned of is not settled
  anna.sync.settled = true;
  anna.sync.step(anna.clock.instant());
  CHECK(has_all(bench.finish("sync_changes", syncing)["message"], {"0 changes pushed"}));
  const auto local = bench.call("sync_changes", {{"workspace", "local"}});
  CHECK(has_all(local["message"], {"never leaves this machine"}));
}

TEST_CASE_FIXTURE(OnHub, "a document is dirty until the hub has it") {
  remember("One");
  const auto dirty = bench.call("is_document_dirty", {{"document", "Notes"}});
  CHECK(dirty["dirty"] == true);
  CHECK_EQ(dirty["pending"], 2);
  CHECK_EQ(dirty["conflicts"], 0);
  const auto all = bench.call("is_document_dirty", Json::object());
  REQUIRE_EQ(all["documents"].size(), 1);
  CHECK_EQ(all["documents"][0]["title"], "Notes");
  anna.exchange();
  CHECK(bench.call("is_document_dirty", {{"document", "Notes"}})["dirty"] == false);
  CHECK(bench.call("is_document_dirty", Json::object())["documents"].empty());
  CHECK_FALSE(bench.fail("is_document_dirty", {{"document", "Other"}}).empty());
}

TEST_CASE_FIXTURE(OnHub, "pending operations are listed with what they change and where they stand") {
  remember("One");
  const auto first = bench.call("get_pending_operations", {{"limit", 1}});
  CHECK_EQ(first["total"], 2);
  REQUIRE_EQ(first["operations"].size(), 1);
  CHECK_EQ(first["operations"][0]["state"], "queued");
  CHECK_EQ(first["operations"][0]["type"], "create");
  const auto rest =
      bench.call("get_pending_operations", {{"cursor", first["next_cursor"]}, {"document", "Notes"}});
  REQUIRE_EQ(rest["operations"].size(), 1);
  CHECK_EQ(rest["operations"][0]["title"], "One");
  CHECK_EQ(rest["operations"][0]["workspace"], "Crew");
  anna.push();
  CHECK_EQ(bench.call("get_pending_operations", Json::object())["operations"][0]["state"], "sending");
  CHECK(has_all(bench.fail("get_pending_operations", {{"cursor", "bogus"}}), {"cursor"}));
  CHECK_FALSE(bench.fail("get_pending_operations", {{"document", "Other"}}).empty());
}

TEST_CASE_FIXTURE(OnHub,
                  "pending operations keep to the tokens they may cost and go on behind what they showed") {
  for (int i = 0; i < 30; ++i) remember(fmt::format("Note {}", i));
  std::size_t rows = 0;
  Json arguments = {{"limit", 200}, {"token_budget", 800}};
  for (;;) {
    const auto page = bench.call("get_pending_operations", arguments);
    CHECK(page.dump().size() / 4 < 900);
    rows += page["operations"].size();
    if (!page.contains("next_cursor")) break;
    arguments["cursor"] = page["next_cursor"];
  }
  CHECK_EQ(rows, 31); // with the document
}

TEST_CASE_FIXTURE(OnHub, "a refused change has its own title and names the right that it lacked") {
  remember("One");
  anna.push();
  for (model::Entry& entry : hub.log) {
    entry.status = model::Status::rejected;
    entry.code = base::ErrorCode::permission;
    entry.nodes.clear();
  }
  anna.pull();
  const auto pending = bench.call("get_pending_operations", Json::object());
  CHECK_EQ(pending["rejected"], 2);
  CHECK_EQ(pending["operations"][0]["document"], "Notes");
  CHECK_EQ(pending["operations"][1]["title"], "One");
  CHECK_EQ(pending["operations"][1]["reason"],
           "permission: this needs memory.write, which your role did not have");
}

TEST_CASE_FIXTURE(OnHub, "the status says whether everything is safe") {
  remember("One");
  auto status = bench.call("get_sync_status", Json::object());
  CHECK(status["safe"] == false);
  CHECK_EQ(status["pending"], 2);
  CHECK_EQ(status["workspace"], "Crew");
  CHECK_EQ(status["user"], "Anna");
  anna.exchange();
  status = bench.call("get_sync_status", Json::object());
  CHECK(status["safe"] == true);
  CHECK_EQ(status["cursor"], "0.2");
  CHECK_EQ(status["lag"], 0);
  go_offline();
  status = bench.call("get_sync_status", Json::object());
  CHECK_EQ(status["connection"], "offline");
  CHECK_EQ(status["reason"], "no route");
  CHECK(status.contains("retry_at"));
}

TEST_CASE_FIXTURE(OnHub,
                  "no list answers with more than 10,000 tokens by default, and none loses a row by that") {
  const std::string title(190, 't');
  Json operations = Json::array();
  for (int i = 0; i < 200; ++i)
    operations.push_back({{"op", "create"}, {"title", fmt::format("{} {}", title, i)}});
  const auto edited = bench.call("edit_document", {{"title", "Long"}, {"operations", operations}});
  CHECK_LT(edited.dump().size() / 4, 10'000);
  for (int i = 0; i < 200; ++i) anna.write(hub.workspace, fmt::format("{} {}", title, i), "x", "y");
  for (const auto& [tool, list] :
       {std::pair("list_documents", "documents"), {"get_pending_operations", "operations"}}) {
    std::size_t rows = 0;
    Json arguments = {{"limit", 200}};
    for (;;) {
      const auto page = bench.call(tool, arguments);
      CHECK_LT(page.dump().size() / 4, 10'000);
      rows += page[list].size();
      if (!page.contains("next_cursor")) break;
      arguments["cursor"] = page["next_cursor"];
    }
    CHECK_EQ(rows, std::string(list) == "documents" ? 201 : 601);
  }
  const auto dirty = bench.call("is_document_dirty", Json::object());
  CHECK_LT(dirty.dump().size() / 4, 10'000);
  CHECK(has_all(dirty["hint"], {fmt::format("{} more", 201 - dirty["documents"].size()).c_str()}));
}
