#include <doctest/doctest.h>

#include "model/limits.h"
#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using base::ErrorCode;
using model::NodeId;

namespace {

NodeRow find(Store& store, const NodeId& id) { return store.node(store.local(), id); }

} // namespace

TEST_CASE("an operation carries claims cut to the limit, the cursor as base and a growing clock") {
  TeamStore store;
  store.bob_creates("x", "");
  Editor::Context context;
  context.claims = {"claude-code/2.1", std::string(300, 's'), "a\xFF"};
  const WriteReceipt receipt = store.edit(
      [&](Editor& editor) -> base::Result<> {
        TRY(editor.create(titled("one"), {}));
        TRY(editor.create(titled("two"), {}));
        return {};
      },
      context);
  REQUIRE(receipt.operations.size() == 2);
  const auto& [one, two] = std::tie(receipt.operations[0], receipt.operations[1]);
  CHECK(one.client == "claude-code/2.1");
  CHECK(one.session.size() == model::limits::k_provenance_bytes);
  CHECK(one.project.empty()); // not UTF-8
  CHECK(one.base == model::Sequence{1});
  CHECK(one.n == 1);
  CHECK(two.n == 2);
  CHECK(two.clock > one.clock);
  CHECK(!one.tx.is_empty());
  CHECK(one.tx == two.tx);
  CHECK(receipt.last_n == 2);
  CHECK(receipt.version == "77.1+2");
  CHECK(store.number("SELECT count(*) FROM outbox") == 2);
}

TEST_CASE("operations of a bulk import share no tx and may be more than one tx holds") {
  TeamStore store;
  Editor::Context context;
  const auto create_many = [&](Editor& editor) -> base::Result<> {
    for (std::size_t i = 0; i <= model::limits::k_tx_operations; ++i) TRY(editor.create(titled("x"), {}));
    return {};
  };
  CHECK(code_of(store.try_edit(create_many, context)) == ErrorCode::too_large);
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  context.alone = true;
  const WriteReceipt receipt = store.edit(create_many, context);
  CHECK(receipt.operations.front().tx.is_empty());
  CHECK(store.number("SELECT count(*) FROM outbox") == 501);
}

TEST_CASE("an edit beyond the bytes of a tx, or an operation beyond its own, is refused") {
  TeamStore store;
  const std::string page(100 * 1024, 'x');
  CHECK(code_of(store.try_edit([&](Editor& editor) -> base::Result<> {
          for (int i = 0; i < 6; ++i) TRY(editor.create(titled("x", page), {}));
          return {};
        })) == ErrorCode::too_large);
  // Quotes take two bytes when encoded: too much for one operation, not for an edit.
  CHECK(code_of(store.try_edit([&](Editor& editor) {
          return editor.create(titled("x", std::string(model::limits::k_content_bytes, '"')), {});
        })) == ErrorCode::too_large);
}

TEST_CASE("a failed operation rolls the whole edit back and names itself") {
  TeamStore store;
  const auto failed = store.try_edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.create(titled("fine"), {}));
    TRY(editor.create(titled("  "), {}));
    return {};
  });
  CHECK(code_of(failed) == ErrorCode::validation);
  CHECK(message_of(failed).starts_with("create: title is empty"));
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  CHECK(store.number("SELECT count(*) FROM node") == 0);
  CHECK(store.number("SELECT count(*) FROM prose") == 0);
  CHECK(store.team().next_n == 1);
}

TEST_CASE("a write in the local workspace is final: no outbox, the next sequence, nothing to wait for") {
  Store store;
  const WriteReceipt receipt =
      store.edit(store.local().id, [&](Editor& editor) { return editor.create(titled("x"), {}); });
  CHECK(receipt.last_n == 0);
  CHECK(receipt.version == "0.1+1");
  CHECK(store.local().cursor.sequence.value == 1);
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  CHECK(store.number("SELECT count(*) FROM base") == 0);
  CHECK(find(store, receipt.operations.front().target_node()).sync == SyncState::synced);
}

TEST_CASE("siblings are placed at the end or after one of them") {
  Store store;
  const NodeId document = store.remember("doc");
  const NodeId a = store.remember("a", "", {document, {}});
  const auto misplaced = store.try_edit(store.local().id, [&](Editor& editor) {
    return editor.create(titled("x"), {a, document});
  });
  CHECK(code_of(misplaced) == ErrorCode::not_found);
  CHECK(code_of(store.try_edit(store.local().id, [&](Editor& editor) {
          return editor.create(titled("x"), {NodeId::random(store.random), {}});
        })) == ErrorCode::not_found);
}

TEST_CASE("creating an id that exists has no effect") {
  Store store;
  const NodeId id = store.remember("first");
  must(store.try_edit(store.local().id,
                      [&](Editor& editor) { return editor.create(titled("second"), {}, id); }));
  CHECK(find(store, id).node.title.value == "first");
}

TEST_CASE("a move cannot put a node below itself, and takes its subtree to another document") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId a = store.remember("a"), b = store.remember("b");
  const NodeId parent = store.remember("parent", "", {a, {}});
  const NodeId child = store.remember("child", "", {parent, {}});
  const auto move = [&](const NodeId& node, const Position& to) {
    return store.try_edit(local, [&](Editor& editor) { return editor.move(node, to); });
  };
  CHECK(code_of(move(parent, {child, {}})) == ErrorCode::validation);
  CHECK(code_of(move(parent, {parent, {}})) == ErrorCode::validation);
  CHECK(code_of(move(parent, {a, parent})) == ErrorCode::validation);
  must(move(parent, {b, {}}));
  CHECK(find(store, child).document == b);
  must(move(parent, {}));
  CHECK(find(store, child).document == parent);
  CHECK(store.findings().empty());
}

TEST_CASE("tags are set as a delta against those that are visible") {
  Store store;
  const NodeId id = store.remember("x");
  const auto set = [&](const std::vector<std::string>& tags) {
    return store.edit(store.local().id, [&](Editor& editor) { return editor.set_tags(id, tags); });
  };
  set({"a", "b", "a"});
  CHECK(find(store, id).node.tags.value == std::vector<std::string>{"a", "b"});
  const WriteReceipt receipt = set({"b", "c"});
  CHECK(receipt.operations.front().fields.tags == model::SetChange{{"c"}, {"a"}});
  CHECK(set({"b", "c"}).operations.empty());
  std::vector<std::string> many;
  for (int i = 0; i < 51; ++i) many.push_back(fmt::format("t{}", i));
  CHECK(code_of(store.try_edit(store.local().id, [&](Editor& editor) {
          return editor.set_tags(id, many);
        })) == ErrorCode::too_large);
}

TEST_CASE("a new text says which text its author saw") {
  TeamStore store;
  const NodeId id = store.create(titled("x", "first"));
  const WriteReceipt receipt =
      store.edit([&](Editor& editor) { return editor.update(id, titled("x", "second")); });
  CHECK(receipt.operations.front().fields.content->base_text_hash == base::Hash128::of("first"));
}

TEST_CASE("context is a JSON object in canonical form") {
  Store store;
  model::FieldChanges fields = titled("x");
  fields.context = "{ \"b\": 1, \"a\": [ ] }";
  const NodeId id = store.create(store.local().id, fields);
  CHECK(find(store, id).node.context.value == R"({"a":[],"b":1})");
  for (const std::string_view bad : {"[]", "1", "{", "{\"a\":1,\"a\":2}"}) {
    fields.context = bad;
    CHECK(code_of(store.try_edit(store.local().id, [&](Editor& editor) {
            return editor.create(fields, {});
          })) == ErrorCode::validation);
  }
}

TEST_CASE("a hidden node is refused by every edit until it is restored") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId document = store.remember("doc");
  const NodeId child = store.remember("child", "", {document, {}});
  const NodeId other = store.remember("other");
  store.edit(local, [&](Editor& editor) { return editor.remove(document); });
  const auto refused = [&](auto f) { return code_of(store.try_edit(local, f)) == ErrorCode::not_found; };
  CHECK(refused([&](Editor& editor) { return editor.update(child, titled("x")); }));
  CHECK(refused([&](Editor& editor) { return editor.set_tags(child, {"x"}); }));
  CHECK(refused([&](Editor& editor) { return editor.complete(child, true); }));
  CHECK(refused([&](Editor& editor) { return editor.assign(child, {}); }));
  CHECK(refused([&](Editor& editor) { return editor.move(child, {other, {}}); }));
  CHECK(refused([&](Editor& editor) { return editor.comment(child, "x"); }));
  CHECK(refused([&](Editor& editor) { return editor.relate(child, other, "SOLVES"); }));
  CHECK(refused([&](Editor& editor) { return editor.relate(other, child, "SOLVES"); }));
  CHECK(refused([&](Editor& editor) { return editor.remove(document); }));
  CHECK(refused([&](Editor& editor) { return editor.restore(NodeId::random(store.random)); }));
  CHECK(refused([&](Editor& editor) { return editor.update(NodeId::random(store.random), titled("x")); }));

  const auto restore_child = store.try_edit(local, [&](Editor& editor) { return editor.restore(child); });
  CHECK(code_of(restore_child) == ErrorCode::validation);
  CHECK(message_of(restore_child).find(document.str()) != std::string::npos);
  store.edit(local, [&](Editor& editor) { return editor.restore(document); });
  CHECK(!refused([&](Editor& editor) { return editor.update(child, titled("x")); }));
  CHECK(store.edit(local, [&](Editor& editor) { return editor.restore(document); }).operations.empty());
}

TEST_CASE("a task is completed, reopened and assigned to a member") {
  TeamStore store;
  const NodeId id = store.create(titled("task"));
  store.edit([&](Editor& editor) { return editor.complete(id, true); });
  CHECK(store.node(store.team(), id).node.completed.value);
  store.edit([&](Editor& editor) { return editor.complete(id, false); });
  CHECK(!store.node(store.team(), id).node.completed.value);
  store.edit([&](Editor& editor) { return editor.assign(id, store.bob); });
  CHECK(store.node(store.team(), id).node.assignee.value == store.bob);
  store.edit([&](Editor& editor) { return editor.assign(id, {}); });
  CHECK(store.node(store.team(), id).node.assignee.value.is_empty());
  CHECK(code_of(store.try_edit([&](Editor& editor) {
          return editor.assign(id, model::UserId::random(store.random));
        })) == ErrorCode::validation);
}

TEST_CASE("relating twice is one relationship, unrelating removes it, whatever the case") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const NodeId a = store.remember("a"), b = store.remember("b");
  const auto relate = [&] {
    return must(store.try_edit(local, [&](Editor& editor) { return editor.relate(a, b, "SOLVES"); }));
  };
  CHECK(relate() == relate());
  const auto unrelate = [&] {
    return store.try_edit(local, [&](Editor& editor) { return editor.unrelate(a, b, "solves"); });
  };
  must(unrelate());
  CHECK(code_of(unrelate()) == ErrorCode::not_found);
  CHECK(code_of(store.try_edit(local, [&](Editor& editor) { return editor.relate(a, a, "SOLVES"); })) ==
        ErrorCode::validation);
}

TEST_CASE("a document is made by its title once, and refused when the title is not unique") {
  Store store;
  const model::WorkspaceId local = store.local().id;
  const auto ensure = [&](std::string_view title) {
    return store.try_edit(local, [&](Editor& editor) { return editor.ensure_document(title); });
  };
  const model::DocumentId id = must(ensure("Notes"));
  CHECK(must(ensure("Notes")) == id);
  CHECK(must(ensure(id.view())) != id); // a title that looks like an id is a title
  store.remember("Notes");
  CHECK(code_of(ensure("Notes")) == ErrorCode::validation);
}

TEST_CASE("a project's document has one id on every machine and comes back when it was deleted") {
  const auto workspace = *model::WorkspaceId::parse("0123456789abcdefghjk");
  // SHA-256("0123456789abcdefghjkproject:github.com/a/b") in base32, five bits a character.
  CHECK(project_document_id(workspace, "github.com/a/b").view() == "y47w88zw2vpg61qtpv1t");
  CHECK(project_document_id(workspace, "github.com/a/b") != project_document_id(workspace, "github.com/a/c"));

  Store store;
  const model::WorkspaceId local = store.local().id;
  const auto ensure = [&] {
    return must(store.try_edit(
        local, [&](Editor& editor) { return editor.ensure_project_document("p", "Project"); }));
  };
  const model::DocumentId id = ensure();
  CHECK(id == project_document_id(local, "p"));
  CHECK(ensure() == id);
  CHECK(find(store, id).node.title.value == "Project");
  store.edit(local, [&](Editor& editor) { return editor.remove(id); });
  CHECK(ensure() == id);
  CHECK(store.read([&](Reader& reader) { return reader.is_visible(local_of(reader), id); }));
}

TEST_CASE("strategy is the argument's, else the document's, else the workspace's") {
  TeamStore store;
  const NodeId document = store.create(titled("doc"));
  const NodeId child = store.create(titled("child"), {document, {}});
  Editor::Context context;
  const auto written = [&] {
    return store.edit([&](Editor& editor) { return editor.update(child, titled("x")); }, context)
        .operations.front()
        .strategy;
  };
  CHECK(written() == model::Strategy::merge);
  store.sql("UPDATE workspace SET strategy = 'server_wins'");
  CHECK(written() == model::Strategy::server_wins);
  model::FieldChanges fields;
  fields.strategy = std::optional(model::Strategy::manual);
  store.edit([&](Editor& editor) { return editor.update(document, fields); });
  CHECK(written() == model::Strategy::manual);
  context.strategy = model::Strategy::client_wins;
  CHECK(written() == model::Strategy::client_wins);
}

TEST_CASE("a full document takes no more nodes") {
  Store store;
  const NodeId document = store.remember("doc"), other = store.remember("other");
  store.sql(
      "UPDATE document_size SET nodes = 100000 WHERE document = (SELECT id FROM node WHERE title = 'doc')");
  const auto full = store.try_edit(store.local().id, [&](Editor& editor) {
    return editor.create(titled("x"), {document, {}});
  });
  CHECK(code_of(full) == ErrorCode::too_large);
  CHECK(code_of(store.try_edit(store.local().id, [&](Editor& editor) {
          return editor.move(other, {document, {}});
        })) == ErrorCode::too_large);
}
