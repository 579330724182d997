#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

base::Result<DocumentRow> resolve_document(Store& store, std::string_view name) {
  return store.replica->read([&](Reader& reader) { return reader.resolve_document(local_of(reader), name); });
}

DocumentRow document(Store& store, const NodeId& id) {
  return store.read([&](Reader& reader) { return reader.document(local_of(reader), id); });
}

std::vector<std::string> list(Store& store, std::string_view query = {}) {
  const auto page = must(store.replica->read(
      [&](Reader& reader) { return reader.documents(reader.workspaces(), query, 100, ""); }));
  std::vector<std::string> titles;
  for (const DocumentRow& row : page.rows) titles.push_back(row.title);
  return titles;
}

} // namespace

TEST_CASE("a document is named by its exact title, its id or a prefix") {
  Store store;
  const NodeId id = store.remember("Release plan");
  store.remember("Release plan, part two");
  CHECK(must(resolve_document(store, "Release plan")).id == id);
  CHECK(must(resolve_document(store, id.view())).id == id);
  CHECK(must(resolve_document(store, id.view().substr(0, 8))).id == id);
}

TEST_CASE("an unknown document is refused with near matches") {
  Store store;
  store.remember("Release plan");
  const auto near = resolve_document(store, "release");
  CHECK(code_of(near) == ErrorCode::not_found);
  CHECK(message_of(near).find("Release plan") != std::string::npos);
  CHECK(code_of(resolve_document(store, "100% wrong_\\")) == ErrorCode::not_found);
}

TEST_CASE("two documents of one title are refused with both ids") {
  Store store;
  const NodeId one = store.remember("Notes");
  store.remember("Notes");
  const auto both = resolve_document(store, "Notes");
  CHECK(code_of(both) == ErrorCode::validation);
  CHECK(message_of(both).find(one.view().substr(0, 6)) != std::string::npos);
}

TEST_CASE("a node below a document is no document, and a deleted document is none") {
  Store store;
  const NodeId id = store.remember("doc");
  const NodeId child = store.remember("child", "", {id, {}});
  CHECK(code_of(resolve_document(store, "child")) == ErrorCode::not_found);
  CHECK(code_of(resolve_document(store, child.view())) == ErrorCode::not_found);
  store.edit(store.local().id, [&](Editor& editor) { return editor.remove(id); });
  CHECK(code_of(resolve_document(store, "doc")) == ErrorCode::not_found);
}

TEST_CASE("a document counts its visible nodes, whatever is deleted, restored or moved") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId a = store.remember("a"), b = store.remember("b");
  const NodeId parent = store.remember("parent", "", {a, {}});
  store.remember("child", "", {parent, {}});
  store.remember("other", "", {a, {}});
  CHECK(document(store, a).nodes == 3);
  store.edit(local, [&](Editor& editor) { return editor.remove(parent); });
  CHECK(document(store, a).nodes == 1); // the child is hidden with its parent
  store.edit(local, [&](Editor& editor) { return editor.restore(parent); });
  CHECK(document(store, a).nodes == 3);
  store.edit(local, [&](Editor& editor) { return editor.move(parent, {b, {}}); });
  CHECK(document(store, a).nodes == 1);
  CHECK(document(store, b).nodes == 2);
  CHECK(store.findings().empty());
}

TEST_CASE("documents are listed by their newest change, filtered by words of the title") {
  Store store;
  const NodeId first = store.remember("Release Plan");
  store.remember("Meeting notes");
  CHECK(list(store) == std::vector<std::string>{"Meeting notes", "Release Plan"});
  const NodeId step = store.remember("step", "", {first, {}});
  CHECK(list(store) == std::vector<std::string>{"Release Plan", "Meeting notes"});
  CHECK(list(store, "plan release") == std::vector<std::string>{"Release Plan"});
  CHECK(list(store, "step").empty());
  CHECK(document(store, first).updated_at == store.node(store.local(), step).updated_at);
  CHECK(document(store, first).updated_by == "local");
}

TEST_CASE("pages of documents together are the whole list") {
  Store store;
  for (int i = 0; i < 7; ++i) store.remember(fmt::format("document {}", i));
  const std::vector<std::string> all = list(store);
  std::vector<std::string> paged;
  std::string cursor;
  do {
    const auto page = must(store.replica->read(
        [&](Reader& reader) { return reader.documents(reader.workspaces(), "", 3, cursor); }));
    for (const DocumentRow& row : page.rows) paged.push_back(row.title);
    cursor = page.next_cursor;
  } while (!cursor.empty());
  CHECK(paged == all);
  for (const std::string_view bad : {"x", "1", "1.x", "x.00000000000000000000"})
    CHECK(code_of(store.replica->read([&](Reader& reader) {
            return reader.documents(reader.workspaces(), "", 3, bad);
          })) == ErrorCode::validation);
}

TEST_CASE("a document that changes between two pages is on a later one, after the others") {
  Store store;
  std::vector<NodeId> ids;
  for (int i = 0; i < 6; ++i) {
    ids.push_back(store.remember(fmt::format("document {}", i)));
    store.clock.advance(std::chrono::seconds(1));
  }
  std::vector<std::string> paged;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = must(store.replica->read(
        [&](Reader& reader) { return reader.documents(reader.workspaces(), "", 2, cursor); }));
    for (const DocumentRow& row : page.rows) paged.push_back(row.title);
    cursor = page.next_cursor;
    if (++pages == 1)
      for (const std::size_t changed : {1u, 0u, 5u}) { // of later pages, and one that was shown
        store.remember("new", "", {ids[changed], {}});
        store.clock.advance(std::chrono::seconds(1));
      }
  } while (!cursor.empty());
  CHECK(paged == std::vector<std::string>{"document 5", "document 4", "document 3", "document 2",
                                          "document 1", "document 0", "document 5"});
}
