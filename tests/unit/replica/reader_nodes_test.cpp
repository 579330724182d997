#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

base::Result<NodeRow> resolve_node(Store& store, std::string_view name,
                                   Reader::Deleted deleted = Reader::Deleted::excluded) {
  return store.replica->read(
      [&](Reader& reader) { return reader.resolve_node(reader.workspaces().front(), name, deleted); });
}

NodeId with_id(Store& store, std::string_view id, std::string_view title) {
  return must(store.try_edit(
      store.local().id, [&](Editor& editor) { return editor.create(titled(title), {}, NodeId::parse(id)); }));
}

std::vector<std::string> titles(const std::vector<NodeRow>& rows) {
  std::vector<std::string> titles;
  for (const NodeRow& row : rows) titles.push_back(row.node.title.value);
  return titles;
}

} // namespace

TEST_CASE("a node has all that was written, who wrote it and when") {
  TeamStore store;
  model::FieldChanges fields = titled("Redis timeout", "raise the limit");
  fields.type = "solution";
  fields.tags = model::SetChange{{"redis", "ops"}, {}};
  fields.importance = 0.8;
  fields.context = R"({"file": "a.cpp"})";
  const NodeId id = store.create(fields);
  const NodeRow row = store.node(store.team(), id);
  CHECK(row.node.title.value == "Redis timeout");
  CHECK(row.node.content.value == "raise the limit");
  CHECK(row.node.tags.value == std::vector<std::string>{"ops", "redis"});
  CHECK(row.node.importance.value == 0.8);
  CHECK(row.node.context.value == R"({"file":"a.cpp"})");
  CHECK(row.document == id);
  CHECK(row.author == "Ann");
  CHECK(row.updated_by == "Ann");
  CHECK(row.created_at == store.clock.now());
}

TEST_CASE("a node is pending until the hub confirms it, and in conflict while a conflict is open") {
  TeamStore store;
  NodeId id;
  const WriteReceipt receipt = store.edit([&](Editor& editor) {
    auto created = editor.create(titled("x"), {});
    id = *created;
    return created;
  });
  CHECK(store.node(store.team(), id).sync == SyncState::pending);
  store.confirm(receipt);
  CHECK(store.node(store.team(), id).sync == SyncState::synced);
  model::Entry entry = store.bobs_entry(model::OperationKind::update, id);
  model::Conflict conflict;
  conflict.id = model::ConflictId::random(store.random);
  conflict.node = id;
  entry.conflicts.push_back(conflict);
  store.apply({entry});
  CHECK(store.node(store.team(), id).sync == SyncState::conflict);
}

TEST_CASE("a node is found by a prefix of six characters in any case, but not by five") {
  Store store;
  with_id(store, "abcdef00000000000000", "one");
  CHECK(must(resolve_node(store, "abcdef")).node.title.value == "one");
  CHECK(must(resolve_node(store, "ABCDEF0")).node.title.value == "one");
  CHECK(code_of(resolve_node(store, "abcde")) == ErrorCode::not_found);
  CHECK(code_of(resolve_node(store, "not an id")) == ErrorCode::not_found);
  CHECK(code_of(resolve_node(store, "")) == ErrorCode::not_found);
}

TEST_CASE("a prefix of several nodes is refused with the candidates") {
  Store store;
  with_id(store, "abcdef00000000000000", "one");
  with_id(store, "abcdef11111111111111", "two");
  const auto both = resolve_node(store, "abcdef");
  CHECK(code_of(both) == ErrorCode::validation);
  CHECK(message_of(both).find("abcdef0 \"one\"") != std::string::npos);
  CHECK(message_of(both).find("abcdef1 \"two\"") != std::string::npos);
  CHECK(must(resolve_node(store, "abcdef1")).node.title.value == "two");
  const auto near = resolve_node(store, "abcdzz");
  CHECK(code_of(near) == ErrorCode::not_found);
  CHECK(message_of(near).find("one") != std::string::npos);
}

TEST_CASE("a short id is the shortest prefix no other node has, at least six characters") {
  Store store;
  const NodeId one = with_id(store, "abcdefgh0000000000aa", "one");
  const NodeId two = with_id(store, "abcdefgh0000000000bb", "two");
  const NodeId other = with_id(store, "zzzzzz00000000000000", "other");
  store.read([&](Reader& reader) {
    const WorkspaceRow local = reader.workspaces().front();
    CHECK(reader.short_id(local, one) == "abcdefgh0000000000a");
    CHECK(reader.short_id(local, two) == "abcdefgh0000000000b");
    CHECK(reader.short_id(local, other) == "zzzzzz");
    return 0;
  });
}

TEST_CASE("a deleted node is found only when deleted ones are asked for") {
  Store store;
  const NodeId document = with_id(store, "abcdef00000000000000", "doc");
  const NodeId child = store.remember("child", "", {document, {}});
  store.edit(store.local().id, [&](Editor& editor) { return editor.remove(document); });
  for (const NodeId& id : {document, child}) {
    const auto gone = resolve_node(store, id.view());
    CHECK(code_of(gone) == ErrorCode::not_found);
    CHECK(message_of(gone).find("restore") != std::string::npos);
    CHECK(must(resolve_node(store, id.view(), Reader::Deleted::included)).node.id == id);
  }
}

TEST_CASE("children come in sibling order, without deleted ones, and none of a hidden parent") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId document = store.remember("doc");
  const NodeId a = store.remember("a", "", {document, {}});
  const NodeId c = store.remember("c", "", {document, {}});
  store.remember("b", "", {document, a});
  const auto children = [&](std::size_t limit) {
    return titles(
        store.read([&](Reader& reader) { return reader.children(local_of(reader), document, limit); }));
  };
  CHECK(children(10) == std::vector<std::string>{"a", "b", "c"});
  CHECK(children(2) == std::vector<std::string>{"a", "b"});
  store.edit(local, [&](Editor& editor) { return editor.remove(c); });
  CHECK(children(10) == std::vector<std::string>{"a", "b"});
  CHECK(store.read([&](Reader& reader) { return reader.child_count(local_of(reader), document); }) == 2);
  store.edit(local, [&](Editor& editor) { return editor.remove(document); });
  CHECK(children(10).empty());
  CHECK(store.read([&](Reader& reader) { return reader.child_count(local_of(reader), document); }) == 0);
  CHECK(!store.read([&](Reader& reader) { return reader.is_visible(local_of(reader), a); }));
}

TEST_CASE("a relationship is seen from both ends and hidden while one of them is") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId fix = store.remember("fix"), problem = store.remember("problem");
  store.edit(local, [&](Editor& editor) { return editor.relate(fix, problem, "SOLVES"); });
  const auto seen_from = [&](const NodeId& id) {
    return store.read([&](Reader& reader) { return reader.relationships(local_of(reader), id); });
  };
  REQUIRE(seen_from(fix).size() == 1);
  CHECK(seen_from(fix).front().other_title == "problem");
  CHECK(seen_from(fix).front().relationship.type == "SOLVES");
  CHECK(seen_from(problem).front().other_title == "fix");
  store.edit(local, [&](Editor& editor) { return editor.remove(problem); });
  CHECK(seen_from(fix).empty());
  CHECK(seen_from(problem).empty());
  store.edit(local, [&](Editor& editor) { return editor.restore(problem); });
  CHECK(seen_from(fix).size() == 1);
}

TEST_CASE("comments come in the order they were made") {
  Store store;
  const NodeId id = store.remember("x");
  for (const std::string text : {"first", "second", "third"})
    store.edit(store.local().id, [&](Editor& editor) { return editor.comment(id, text); });
  const auto comments = store.read([&](Reader& reader) { return reader.comments(local_of(reader), id); });
  REQUIRE(comments.size() == 3);
  CHECK(comments[0].text == "first");
  CHECK(comments[2].text == "third");
}
