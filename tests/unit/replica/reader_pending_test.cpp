#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

Reader::PendingPage pending(TeamStore& store, std::size_t limit = 100, std::string_view cursor = {},
                            std::optional<model::DocumentId> document = std::nullopt) {
  return must(store.replica->read(
      [&](Reader& reader) { return reader.pending(reader.workspaces(), document, limit, cursor); }));
}

bool is_dirty(TeamStore& store, const model::DocumentId& document) {
  return store.read([&](Reader& reader) { return reader.is_dirty(reader.workspace(store.id), document); });
}

/// The hub refuses an operation for good.
void refuse_for_good(TeamStore& store, const WriteReceipt& receipt) {
  model::Entry entry = store.entry(receipt.operations.front(), receipt.outcomes.front());
  entry.status = model::Status::rejected;
  entry.code = ErrorCode::permission;
  entry.nodes.clear();
  store.apply({entry});
}

} // namespace

TEST_CASE("an operation is pending until the hub's log has it") {
  TeamStore store;
  NodeId id;
  const WriteReceipt receipt = store.edit([&](Editor& editor) -> base::Result<> {
    TRY_ASSIGN(id, editor.create(titled("Plan"), {}));
    return editor.update(id, titled("Better plan"));
  });
  const auto page = pending(store);
  REQUIRE(page.rows.size() == 2);
  CHECK(page.total == 2);
  CHECK(page.rows[0].operation.kind == model::OperationKind::create);
  CHECK(page.rows[1].operation.kind == model::OperationKind::update);
  CHECK(page.rows[1].node_title == "Better plan");
  CHECK(page.rows[1].document_title == "Better plan");
  CHECK(page.rows[0].state == PendingState::queued);
  CHECK(page.rows[0].at == store.clock.now());
  CHECK(is_dirty(store, id));

  store.confirm(receipt);
  CHECK(pending(store).rows.empty());
  CHECK(!is_dirty(store, id));
  CHECK(store.node(store.team(), id).node.title.value == "Better plan");
  CHECK(store.findings().empty());
}

TEST_CASE("an operation that was sent or waits for another says so") {
  TeamStore store;
  for (int i = 0; i < 3; ++i) store.create(titled("x"));
  store.sql("UPDATE workspace SET sent_n = 1 WHERE kind = 'team'");
  store.sql("DELETE FROM touch WHERE n = 3"); // as when what it changes is gone
  const auto page = pending(store);
  CHECK(page.total == 3); // what was sent may still be merged
  CHECK(page.rows[0].state == PendingState::sending);
  CHECK(page.rows[1].state == PendingState::queued);
  CHECK(page.rows[2].state == PendingState::parked);
  CHECK(!page.rows[2].reason.empty());
}

TEST_CASE("a rejected operation is kept, counted apart and says why") {
  TeamStore store;
  const WriteReceipt receipt = store.edit([&](Editor& editor) { return editor.create(titled("x"), {}); });
  const NodeId id = receipt.operations.front().target_node();
  refuse_for_good(store, receipt);
  const auto page = pending(store);
  REQUIRE(page.rows.size() == 1);
  CHECK(page.total == 0);
  CHECK(page.rejected == 1);
  CHECK(page.rows[0].state == PendingState::rejected);
  CHECK(page.rows[0].reason.starts_with("permission"));
  CHECK(!is_dirty(store, id));
  CHECK(!store.read([&](Reader& reader) { return reader.find_node(reader.workspace(store.id), id); }));
  CHECK(store.findings().empty());
}

TEST_CASE("rejected operations count for each document that they touch, and for no other") {
  TeamStore store;
  const NodeId a = store.bob_creates("a", ""), b = store.bob_creates("b", "");
  const NodeId step = store.bob_creates("step", "", a);
  refuse_for_good(store, store.edit([&](Editor& editor) { return editor.update(a, titled("aa")); }));
  refuse_for_good(store, store.edit([&](Editor& editor) { return editor.update(step, titled("leap")); }));
  const WriteReceipt unborn = store.edit([&](Editor& editor) { return editor.create(titled("c"), {}); });
  refuse_for_good(store, unborn);
  store.read([&](Reader& reader) {
    const WorkspaceRow team = reader.workspace(store.id);
    CHECK(reader.rejected_count(team) == 3);
    CHECK(reader.rejected_count(team, a) == 2);
    CHECK(reader.rejected_count(team, b) == 0);
    CHECK(reader.rejected_count(team, unborn.operations.front().document) == 1);
    const auto dirty = reader.dirty_documents(reader.workspaces());
    REQUIRE(dirty.size() == 1); // the one that was never made has no row
    CHECK(dirty.front().id == a);
    CHECK(!dirty.front().is_dirty());
    return 0;
  });
  CHECK(pending(store, 10, "", a).rejected == 2);
  CHECK(pending(store, 10, "", a).rows.size() == 2);
  CHECK(pending(store, 10, "", b).rejected == 0);
  CHECK(pending(store).rejected == 3);
}

TEST_CASE("a document is dirty when something below it is, another one is not") {
  TeamStore store;
  const NodeId a = store.create(titled("a")), b = store.create(titled("b"));
  const NodeId step = store.create(titled("step"), {a, {}});
  must(store.replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
    txn.run("DELETE FROM outbox");
    return {};
  }));
  CHECK(!is_dirty(store, a));
  store.edit([&](Editor& editor) { return editor.complete(step, true); });
  CHECK(is_dirty(store, a));
  CHECK(!is_dirty(store, b));
  store.read([&](Reader& reader) {
    const WorkspaceRow team = reader.workspace(store.id);
    CHECK(reader.is_pending(team, a, reader.clock()));
    CHECK(!reader.is_pending(team, b, reader.clock()));
    CHECK(reader.pending_count(team) == 1);
    const auto dirty = reader.dirty_documents(reader.workspaces());
    REQUIRE(dirty.size() == 1);
    CHECK(dirty.front().id == a);
    CHECK(dirty.front().pending == 1);
    CHECK(dirty.front().is_dirty());
    return 0;
  });
}

TEST_CASE("a move makes both documents dirty") {
  TeamStore store;
  const NodeId a = store.create(titled("a")), b = store.create(titled("b"));
  const NodeId step = store.create(titled("step"), {a, {}});
  store.sql("DELETE FROM outbox");
  store.edit([&](Editor& editor) { return editor.move(step, {b, {}}); });
  CHECK(is_dirty(store, a));
  CHECK(is_dirty(store, b));
  CHECK(pending(store, 10, "", a).rows.size() == 1);
  CHECK(pending(store, 10, "", b).total == 1);
}

TEST_CASE(
    "what a document had in the outbox at one moment is told from what came later, whatever its number") {
  TeamStore store;
  const NodeId a = store.create(titled("a"));
  const auto clock = [&] { return store.read([](Reader& reader) { return reader.clock(); }); };
  const auto is_pending = [&](model::Hlc latest) {
    return store.read(
        [&](Reader& reader) { return reader.is_pending(reader.workspace(store.id), a, latest); });
  };
  const model::Hlc before = clock();
  CHECK(is_pending(before));
  store.sql("DELETE FROM outbox");
  CHECK(!is_pending(before));
  store.edit([&](Editor& editor) { return editor.update(a, titled("b")); });
  CHECK(!is_pending(before));
  CHECK(is_pending(clock()));
  const model::Hlc after = clock();
  store.edit([&](Editor& editor) { return editor.update(a, titled("c")); });
  must(SyncStore(*store.replica, 0).renew_replica(store.id, std::nullopt));
  CHECK(!is_pending(before));
  CHECK(is_pending(after));
}

TEST_CASE("the local workspace is never dirty") {
  Store store;
  const NodeId id = store.remember("x");
  store.read([&](Reader& reader) {
    CHECK(!reader.is_dirty(local_of(reader), id));
    CHECK(reader.dirty_documents(reader.workspaces()).empty());
    return 0;
  });
}

TEST_CASE("pages of pending operations together are the whole list") {
  TeamStore store;
  const WriteReceipt first = store.edit([&](Editor& editor) { return editor.create(titled("refused"), {}); });
  refuse_for_good(store, first);
  for (int i = 0; i < 6; ++i) store.create(titled(fmt::format("{}", i)));
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto page = pending(store, 2, cursor);
    CHECK(page.rows.size() <= 2);
    CHECK(page.total == 6);
    for (const PendingRow& row : page.rows) seen.push_back(*row.operation.fields.title);
    cursor = page.next_cursor;
  } while (!cursor.empty());
  CHECK(seen == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "refused"});
  for (const std::string_view bad : {"x", "o.1", "q.1.2.", "o.1.x."})
    CHECK(code_of(store.replica->read([&](Reader& reader) {
            return reader.pending(reader.workspaces(), std::nullopt, 2, bad);
          })) == ErrorCode::validation);
}

TEST_CASE("open conflicts are listed by document and found by a prefix of their id") {
  TeamStore store;
  const NodeId a = store.create(titled("a")), b = store.create(titled("b"));
  model::Conflict conflict;
  conflict.id = model::ConflictId::random(store.random);
  conflict.node = a;
  conflict.local = "\"mine\"";
  model::Entry entry = store.bobs_entry(model::OperationKind::update, a);
  entry.conflicts.push_back(conflict);
  store.apply({entry});
  const auto find = [&](std::string_view name) {
    return store.replica->read(
        [&](Reader& reader) { return reader.resolve_conflict_id(reader.workspace(store.id), name); });
  };
  store.read([&](Reader& reader) {
    const WorkspaceRow team = reader.workspace(store.id);
    CHECK(reader.open_conflicts(team, std::nullopt).size() == 1);
    CHECK(reader.open_conflicts(team, a).size() == 1);
    CHECK(reader.open_conflicts(team, b).empty());
    CHECK(reader.document(team, a).conflicts == 1);
    return 0;
  });
  CHECK(must(find(conflict.id.view().substr(0, 6))).local == "\"mine\"");
  CHECK(code_of(find("zzzzzzzz")) == ErrorCode::not_found);
  CHECK(message_of(find("zzzzzzzz")).find(conflict.id.str()) != std::string::npos);

  store.edit([&](Editor& editor) { return editor.resolve(conflict.id, model::Resolution::keep_server, ""); });
  CHECK(message_of(find(conflict.id.view())).find("resolved already") != std::string::npos);
  CHECK(store
            .read([&](Reader& reader) {
              return reader.open_conflicts(reader.workspace(store.id), std::nullopt);
            })
            .empty());
  CHECK(code_of(store.try_edit([&](Editor& editor) {
          return editor.resolve(conflict.id, model::Resolution::keep_server, "");
        })) == ErrorCode::not_found);
}
