#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 ? file.st_mode & 0777u : 0;
}

} // namespace

TEST_CASE("a new store is readable only by its owner and has one local workspace") {
  Store store;
  CHECK(mode_of(store.folder.file("home")) == 0700);
  CHECK(mode_of(store.folder.file("home/memory.db")) == 0600);
  const WorkspaceRow local = store.local();
  CHECK(local.kind == model::WorkspaceKind::local);
  CHECK(local.role == model::Role::owner);
  CHECK(!local.is_first_sync);
  CHECK(store.read([](Reader& reader) { return reader.workspaces().size(); }) == 1);
}

TEST_CASE("a folder that exists keeps its permissions") {
  TemporaryFolder folder;
  ManualClock clock;
  base::SeededRandom random(1);
  std::filesystem::create_directory(folder.file("home"));
  std::filesystem::permissions(folder.file("home"), std::filesystem::perms(0755));
  must(Replica::open({folder.file("home"), storage::Access::read_write, {}}, clock, random));
  CHECK(mode_of(folder.file("home")) == 0755);
}

TEST_CASE("opening again keeps the workspace, also from a second connection") {
  Store store;
  const WorkspaceRow first = store.local();
  const auto second = store.open();
  const auto seen = must(
      second->read([](Reader& reader) -> base::Result<WorkspaceRow> { return reader.workspaces().front(); }));
  CHECK(seen.id == first.id);
  CHECK(seen.replica == first.replica);
  CHECK(store.number("SELECT count(*) FROM workspace") == 1);
}

TEST_CASE("a read-only replica needs a store") {
  TemporaryFolder folder;
  ManualClock clock;
  base::SeededRandom random(1);
  CHECK(code_of(Replica::open({folder.file("none"), storage::Access::read_only, {}}, clock, random)) ==
        ErrorCode::not_found);
}

TEST_CASE("a commit touches the wake file") {
  Store store;
  const std::string wake = store.folder.file("home/wake");
  store.remember("first");
  REQUIRE(std::filesystem::exists(wake));
  const auto an_hour_ago = std::filesystem::last_write_time(wake) - std::chrono::hours(1);
  std::filesystem::last_write_time(wake, an_hour_ago);
  store.remember("second");
  CHECK(std::filesystem::last_write_time(wake) > an_hour_ago);
}

TEST_CASE("a project is bound to a workspace of this machine") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const auto bound = [&] {
    return store.read([](Reader& reader) { return reader.find_project_workspace("github.com/a/b"); });
  };
  CHECK(!bound());
  must(store.replica->bind_project("github.com/a/b", local));
  CHECK(bound() == local);
  CHECK(code_of(store.replica->bind_project("x", model::WorkspaceId::random(store.random))) ==
        ErrorCode::not_found);
}

TEST_CASE("check finds nothing in a sound store, and what was damaged behind its back") {
  TeamStore store;
  const model::NodeId document = store.create(titled("Plan"));
  const model::NodeId child = store.create(titled("Step", "text"), {document, {}});
  store.edit([&](Editor& editor) { return editor.comment(child, "done"); });
  store.remember("local");
  CHECK(store.findings().empty());

  SUBCASE("a changed state") {
    store.sql("UPDATE node SET state = replace(state, 'Step', 'Stop') WHERE title = 'Step'");
    REQUIRE(store.findings().size() == 1);
    CHECK(store.findings().front().find(child.str()) != std::string::npos);
    CHECK(code_of(store.replica->read([&](Reader& reader) -> base::Result<NodeRow> {
            return *reader.find_node(reader.workspace(store.id), child);
          })) == ErrorCode::corrupt);
  }
  SUBCASE("an orphan") {
    store.sql("DELETE FROM node WHERE title = 'Plan'");
    CHECK(!store.findings().empty());
  }
  SUBCASE("a lost base") {
    store.sql("DELETE FROM base");
    CHECK(!store.findings().empty());
  }
  SUBCASE("a row missing in the index") {
    store.sql("DELETE FROM prose WHERE rowid = 1");
    CHECK(store.findings().size() == 1);
  }
  SUBCASE("a damaged operation") {
    store.sql("UPDATE outbox SET operation = replace(operation, 'Step', 'Stop')");
    CHECK(store.findings().size() == 1);
  }
}

TEST_CASE("a snapshot is readable at once and searchable after indexing") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  wire::SnapshotOpened opened;
  opened.session = "s";
  opened.epoch = store.epoch;
  must(sync.begin_snapshot(store.id, opened));
  wire::SnapshotPage page;
  page.session = "s";
  page.end = model::Sequence{0};
  model::NodeId document;
  for (int i = 0; i < 100; ++i) {
    model::Node node;
    node.id = model::NodeId::random(store.random);
    const model::Stamp stamp{model::Sequence{1}, {}, store.bobs_replica, store.bob};
    node.created_at = stamp;
    node.title = {fmt::format("memory {}", i), stamp};
    node.content = {"about the walrus", stamp};
    node.place = {{document, "V"}, stamp};
    if (i == 0) document = node.id;
    page.nodes.push_back(model::whole(node));
  }
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  SearchQuery query;
  query.text = "walrus";
  const auto search = [&] {
    return must(store.replica->read([&](Reader& reader) { return reader.search(query); }));
  };
  CHECK(store.read([&](Reader& reader) { return reader.children(reader.workspace(store.id), document, 200); })
            .size() == 99);
  CHECK(search().hits.empty());
  CHECK(search().not_indexed == 100);
  CHECK_FALSE(must(store.replica->index_some()));
  CHECK(search().not_indexed == 0);
  CHECK(search().hits.size() == 20);
  CHECK(store.findings().empty());
}
