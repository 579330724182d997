#include <doctest/doctest.h>
#include <sqlite3.h>

#include "replica/damage.h"
#include "replica/set_aside.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

std::vector<std::string> plan(Store& store, const std::vector<model::WorkspaceId>& differing = {}) {
  const auto rows = store.read([](Reader& reader) { return reader.workspaces(); });
  return plan_repair(rows, must(find_damage(*store.replica)), differing);
}

Repaired repair_all(Store& store, const std::vector<model::WorkspaceId>& differing = {}) {
  const Repaired done = must(repair(*store.replica, differing));
  while (must(store.replica->index_some())) {
  }
  return done;
}

/// Damages the full-text index as a failing disk does: below SQLite's statements, which refuse it.
void flip_index_bytes(const std::string& path) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, "UPDATE prose_data SET block = zeroblob(length(block)) WHERE id > 10", nullptr,
                     nullptr, nullptr) == SQLITE_OK);
  CHECK(sqlite3_changes(database) > 0);
  sqlite3_close(database);
}

bool mentions(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::size_t count_hits(Store& store, const std::string& text) {
  SearchQuery query;
  query.text = text;
  return must(store.replica->read([&](Reader& reader) { return reader.search(query); })).hits.size();
}

/// What the hub confirmed stays; what waits in the outbox is counted before and after.
struct Damaged : TeamStore {
  model::NodeId document = bob_creates("Plan", "about walruses");
  model::NodeId step = bob_creates("Step", "feed the walrus", document);
  model::NodeId mine = TeamStore::create(titled("Mine", "a penguin"), {document, {}});
  std::int64_t waiting = number("SELECT count(*) FROM outbox");

  void check_kept() { CHECK(number("SELECT count(*) FROM outbox") == waiting); }
};

} // namespace

TEST_CASE_FIXTURE(Damaged, "a sound store has nothing to repair") {
  CHECK(plan(*this).empty());
  const Repaired done = repair_all(*this);
  CHECK(done.set_aside == 0);
  CHECK(done.refetch.empty());
  CHECK(!done.rebuilds_index);
}

TEST_CASE_FIXTURE(Damaged,
                  "flipped bytes in a shared row: its workspace is fetched again, the outbox stays") {
  sql("UPDATE node SET state = replace(state, 'feed', 'f\x01"
      "ed') WHERE title = 'Step'");
  CHECK(mentions(plan(*this), "fetch the confirmed state of \"Core\""));
  CHECK(repair_all(*this).refetch == std::vector{id});
  CHECK(team().wants_resync);
  check_kept();
}

TEST_CASE_FIXTURE(Damaged, "a state that differs from the hub's digest is fetched again") {
  CHECK(mentions(plan(*this, {id}), "Core"));
  CHECK(repair_all(*this, {id}).refetch == std::vector{id});
  check_kept();
}

TEST_CASE_FIXTURE(Damaged, "rows missing in the index, and an index with flipped bytes, are indexed anew") {
  SUBCASE("rows") { sql("DELETE FROM prose"); }
  SUBCASE("structure") { flip_index_bytes(folder.file("home/memory.db")); }
  REQUIRE(!findings().empty());
  CHECK(plan(*this) == std::vector<std::string>{"rebuild the search index"});
  CHECK(repair_all(*this).rebuilds_index);
  CHECK(findings().empty());
  CHECK(count_hits(*this, "walrus") == 2);
  CHECK(count_hits(*this, "penguin") == 1);
  check_kept();
}

TEST_CASE_FIXTURE(Damaged, "an outbox that does not agree with its bases is rebuilt on fetched state") {
  SUBCASE("a lost base") { sql("DELETE FROM base"); }
  SUBCASE("a lost touch") { sql("DELETE FROM touch"); }
  SUBCASE("a touch of nothing") { sql("INSERT INTO touch VALUES (2, 'node', 'x', 99)"); }
  REQUIRE(!findings().empty());
  CHECK(repair_all(*this).refetch == std::vector{id});
  check_kept();
}

TEST_CASE_FIXTURE(Damaged, "an unreadable operation is set aside as it was found and the others close up") {
  const auto later = TeamStore::create(titled("Later"), {document, {}});
  sql("UPDATE outbox SET operation = replace(operation, 'penguin', 'p\x02nguin')");
  REQUIRE(findings().size() == 1);
  CHECK(mentions(plan(*this), "set aside the operations that cannot be read"));
  CHECK(repair_all(*this).set_aside == 1);

  const auto aside = must(list_set_aside(*replica));
  REQUIRE(aside.size() == 1);
  CHECK(aside[0].text.find("p\x02nguin") != std::string::npos);
  CHECK(number("SELECT count(*) FROM outbox") == 1);
  CHECK(number("SELECT n FROM outbox") == 1);
  CHECK(must(SyncStore(*replica, 0).next_push(id, 0, 10)).operations.at(0).target_node() == later);
  CHECK(team().next_n == 2);
}

TEST_CASE_FIXTURE(Damaged, "what was sent keeps its number when one before it cannot be read") {
  TeamStore::create(titled("Later"), {document, {}});
  must(SyncStore(*replica, 0).next_push(id, 0, 10));
  sql("UPDATE outbox SET operation = replace(operation, 'penguin', 'p\x02nguin')");
  repair_all(*this);
  CHECK(number("SELECT n FROM outbox") == 2);
  CHECK(team().next_n == 3);
}

TEST_CASE_FIXTURE(Damaged, "a number beyond the next one is given out no more") {
  sql("UPDATE workspace SET next_n = 1 WHERE kind = 'team'");
  REQUIRE(findings().size() == 1);
  repair_all(*this);
  CHECK(team().next_n == 2);
  check_kept();
}

TEST_CASE("in the local workspace, which has no second copy, what can still be read stays in place") {
  Store store;
  const auto document = store.remember("Notes");
  const auto child = store.remember("Redis", "keepalive is sixty", {document, {}});
  const auto text = [&] { return store.node(store.local(), child).node.content.value; };

  SUBCASE("a changed letter: kept as it reads now, and set aside") {
    store.sql("UPDATE node SET state = replace(state, 'sixty', 'sixti') WHERE title = 'Redis'");
    CHECK(mentions(plan(store), "damaged rows of \"local\""));
    CHECK(repair_all(store).set_aside == 1);
    CHECK(text() == "keepalive is sixti");
  }
  SUBCASE("no JSON any more: title, place and content come from the row and the index") {
    store.sql("UPDATE node SET state = replace(state, '{', '[') WHERE title = 'Redis'");
    CHECK(repair_all(store).set_aside == 1);
    CHECK(text() == "keepalive is sixty");
    CHECK(store.node(store.local(), child).node.place.value.parent == document);
  }
  SUBCASE("a lost parent: what was below becomes a document") {
    store.sql("DELETE FROM node WHERE title = 'Notes'");
    repair_all(store);
    CHECK(store.node(store.local(), child).document == child);
    CHECK(text() == "keepalive is sixty");
  }
  CHECK(store.findings().empty());
}

TEST_CASE("a damaged row of a space that is to be emptied does not stop the emptying") {
  TeamStore store;
  store.bob_creates("Old", "walrus");
  store.sql("UPDATE node SET state = 'x', space = 99 WHERE title = 'Old'");
  CHECK(must(SyncStore(*store.replica, 0).purge_some()));
  CHECK(!must(SyncStore(*store.replica, 0).purge_some()));
  CHECK(store.number("SELECT count(*) FROM node") == 0);
  CHECK(store.number("SELECT count(*) FROM prose") == 0);
}

TEST_CASE_FIXTURE(Damaged, "a check that cannot look is an error, and no clean bill") {
  sql("ALTER TABLE touch RENAME TO elsewhere");
  const auto findings = replica->check();
  CHECK((!findings || !findings->empty()));
}
