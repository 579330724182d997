#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

std::vector<ChangeRow> history(Store& store, const model::WorkspaceId& workspace,
                               const Reader::HistoryQuery& query) {
  return must(store.replica->read(
                  [&](Reader& reader) { return reader.history(reader.workspace(workspace), query); }))
      .rows;
}

std::vector<ActivityRow> activity(Store& store, const model::WorkspaceId& workspace,
                                  const Reader::HistoryQuery& query = {}) {
  return must(store.replica->read(
                  [&](Reader& reader) { return reader.activity(reader.workspace(workspace), query); }))
      .rows;
}

Reader::HistoryQuery of_node(const NodeId& node) {
  Reader::HistoryQuery query;
  query.node = node;
  return query;
}

Editor::Context by(std::string_view client, std::string_view session) {
  Editor::Context context;
  context.claims = {std::string(client), std::string(session), "app"};
  return context;
}

} // namespace

TEST_CASE("the local workspace keeps every overwritten value with who, when and by what") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId id = store.remember("Plan", "first");
  store.edit(
      local, [&](Editor& editor) { return editor.update(id, titled("Plan", "second")); },
      by("claude/2", "s1"));
  store.edit(local, [&](Editor& editor) { return editor.remove(id); });

  const auto rows = history(store, local, of_node(id));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].kind == model::OperationKind::remove);
  CHECK(rows[0].field == model::Field::deleted);
  CHECK(rows[1].field == model::Field::content);
  CHECK(rows[1].old_value == "\"first\"");
  CHECK(rows[1].new_value == "\"second\"");
  CHECK(rows[1].client == "claude/2");
  CHECK(rows[1].session == "s1");
  CHECK(rows[1].project == "app");
  CHECK(rows[1].author == "local");
  CHECK(rows[2].kind == model::OperationKind::create);
  CHECK(!rows[2].field);
  CHECK(rows[2].title == "Plan");
  CHECK(rows[0].sequence.value == 3);
  CHECK(rows[0].at > rows[2].at);
}

TEST_CASE("what is pending enters history when the hub confirms it, over the confirmed value") {
  TeamStore store;
  const NodeId id = store.bob_creates("Plan", "first");
  const WriteReceipt receipt =
      store.edit([&](Editor& editor) { return editor.update(id, titled("Mine")); }, by("claude/2", "s1"));
  CHECK(history(store, store.id, of_node(id)).size() == 1);
  store.bob_changes(id, model::Field::title, [](model::Node& node) { node.title.value = "Bob's"; });

  auto rows = history(store, store.id, of_node(id));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].old_value == "\"Plan\"");
  CHECK(rows[0].new_value == "\"Bob's\"");
  CHECK(rows[0].author == "Bob");

  store.confirm(receipt);
  rows = history(store, store.id, of_node(id));
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].old_value == "\"Bob's\"");
  CHECK(rows[0].new_value == "\"Mine\"");
  CHECK(rows[0].author == "Ann");
  CHECK(rows[0].session == "s1");
}

TEST_CASE("a lost value is in history, marked as lost") {
  TeamStore store;
  const NodeId id = store.bob_creates("Plan", "");
  model::Entry entry = store.bobs_entry(model::OperationKind::update, id);
  entry.status = model::Status::superseded;
  entry.lost.push_back({id, model::Field::title, "\"Late\"", {}});
  store.apply({entry});
  const auto rows = history(store, store.id, of_node(id));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].lost);
  CHECK(rows[0].new_value == "\"Late\"");
  CHECK(rows[0].status == model::Status::superseded);
}

TEST_CASE("history is filtered by document, author, session, kind, time and sequence") {
  TeamStore store;
  const NodeId plan = store.bob_creates("Plan", "");
  const NodeId step = store.bob_creates("Step", "", plan);
  store.bob_creates("Other", "");
  store.confirm(store.edit([&](Editor& editor) { return editor.update(step, titled("Step 1")); },
                           by("claude/2", "s1")));
  const base::Timestamp last = store.clock.now();
  const auto count = [&](auto set) {
    Reader::HistoryQuery query;
    set(query);
    return history(store, store.id, query).size();
  };
  CHECK(count([](auto&) {}) == 4);
  CHECK(count([&](auto& query) { query.document = plan; }) == 3);
  CHECK(count([&](auto& query) { query.node = step; }) == 2);
  CHECK(count([](auto& query) { query.author = "bob@example.com"; }) == 3);
  CHECK(count([](auto& query) { query.author = "Ann"; }) == 1);
  CHECK(count([](auto& query) { query.session = "s1"; }) == 1);
  CHECK(count([](auto& query) { query.kind = model::OperationKind::create; }) == 3);
  CHECK(count([&](auto& query) { query.since = last; }) == 1);
  CHECK(count([&](auto& query) { query.until = last - std::chrono::milliseconds(1); }) == 3);
  CHECK(count([](auto& query) { query.from = model::Sequence{2}, query.to = model::Sequence{3}; }) == 2);
  CHECK(count([](auto& query) { query.limit = 2; }) == 2);
  Reader::HistoryQuery unknown;
  unknown.author = "Carol";
  CHECK(code_of(store.replica->read([&](Reader& reader) {
          return reader.history(reader.workspace(store.id), unknown);
        })) == ErrorCode::not_found);
}

TEST_CASE("pages of history together are the whole, also within one operation") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId id = store.remember("a", "b");
  model::FieldChanges fields = titled("c", "d");
  fields.type = "fix";
  fields.importance = 0.9;
  store.edit(local, [&](Editor& editor) { return editor.update(id, fields); });
  for (const std::size_t limit : {1u, 2u, 3u, 10u}) {
    std::size_t seen = 0;
    Reader::HistoryQuery query;
    query.limit = limit;
    do {
      const auto page =
          must(store.replica->read([&](Reader& reader) { return reader.history(local_of(reader), query); }));
      CHECK(page.rows.size() <= limit);
      seen += page.rows.size();
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    CHECK(seen == 5);
  }
  Reader::HistoryQuery bad;
  bad.cursor = "nonsense";
  CHECK(code_of(store.replica->read([&](Reader& reader) { return reader.history(local_of(reader), bad); })) ==
        ErrorCode::validation);
}

TEST_CASE("activity tells in one line what each operation did") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId fix = store.remember("fix"), problem = store.remember("Redis timeout");
  store.edit(local, [&](Editor& editor) { return editor.relate(fix, problem, "SOLVES"); });
  store.edit(local, [&](Editor& editor) { return editor.comment(fix, "works for me"); });
  store.edit(local, [&](Editor& editor) { return editor.update(fix, titled("the fix", "text")); });
  const auto rows = activity(store, local);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].detail == "content, title");
  CHECK(rows[0].title == "the fix");
  CHECK(rows[0].document == fix);
  CHECK(rows[1].detail == "works for me");
  CHECK(rows[2].detail == "SOLVES Redis timeout");
  CHECK(rows[2].node == fix);
  CHECK(rows[3].kind == model::OperationKind::create);
  CHECK(rows[3].title == "Redis timeout");
}

TEST_CASE("blame names the last change of each register, also one that is pending") {
  TeamStore store;
  const NodeId id = store.bob_creates("Plan", "text");
  store.edit([&](Editor& editor) { return editor.update(id, titled("Mine")); });
  const auto rows = store.read([&](Reader& reader) { return reader.blame(reader.workspace(store.id), id); });
  const auto author_of = [&](model::Field field) {
    for (const ChangeRow& row : rows)
      if (row.field == field) return row.author;
    return std::string();
  };
  CHECK(rows.size() == 3);
  CHECK(author_of(model::Field::title) == "Ann");
  CHECK(author_of(model::Field::content) == "Bob");
}

TEST_CASE("the same log entry is recorded once, one of a replaced log in its place") {
  TeamStore store;
  const NodeId id = store.bob_creates("Plan", "text");
  const auto record = [&](std::uint64_t epoch, std::string_view title) {
    must(store.replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
      const WorkspaceRow team = Reader(txn, {}).workspace(store.id);
      ReplicaState state(txn, team.key, team.space);
      model::Entry entry;
      entry.sequence = model::Sequence{2};
      entry.target = model::id_cast<model::ItemId>(id);
      model::NodeEffect effect;
      effect.node.id = id;
      effect.node.title = {std::string(title), {entry.sequence, {}, {}, {}}};
      effect.fields = {model::Field::title};
      entry.nodes.push_back(effect);
      HistoryWriter(txn, team.key, model::Epoch{epoch}).record(entry, state);
      return {};
    }));
  };
  record(77, "one");
  record(77, "two");
  CHECK(history(store, store.id, of_node(id)).front().new_value == "\"one\"");
  record(78, "three");
  CHECK(history(store, store.id, of_node(id)).front().new_value == "\"three\"");
  CHECK(history(store, store.id, of_node(id)).size() == 2);
}
