#include <doctest/doctest.h>

#include "replica/overlay.h"
#include "tests/unit/replica/fixture.h"
#include "wire/effect_codec.h"
#include "wire/operation_codec.h"

using namespace memsync;
using namespace memsync::replica;

namespace {

/// What a newer hub sends: the entry as text, changed by `change`, and read by this version.
template <class Change>
void apply_newer(TeamStore& store, const model::Entry& entry, Change&& change) {
  base::Json json = must(base::parse_json(wire::encode_entry(entry)));
  change(json);
  store.apply({must(wire::decode_entry(json))});
}

model::Entry retitled(TeamStore& store, const model::NodeId& id, const std::string& title) {
  model::Entry entry = store.bobs_entry(model::OperationKind::update, id);
  model::Node node;
  node.id = id;
  node.title = {title, {entry.sequence, entry.clock, store.bobs_replica, store.bob}};
  entry.nodes.push_back({node, {model::Field::title}, false});
  return entry;
}

base::ErrorCode retitle(TeamStore& store, const model::NodeId& id) {
  return code_of(store.try_edit([&](Editor& editor) -> base::Result<WriteReceipt> {
    TRY(editor.update(id, titled("mine")));
    return editor.finish();
  }));
}

} // namespace

TEST_CASE("a register of a newer version is kept through edits and a restart, and makes its node read-only") {
  TeamStore store;
  const auto node = store.bob_creates("Plan", "text");
  apply_newer(store, retitled(store, node, "Plan B"), [](base::Json& json) {
    json["nodes"][0]["f"]["mood"] = {0, "good"};
  });
  const auto unknown = store.node(store.team(), node).node.unknown;
  REQUIRE(unknown.size() == 1);
  CHECK(unknown.at("mood").find("good") != std::string::npos);
  CHECK(retitle(store, node) == base::ErrorCode::validation);
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);

  store.apply({retitled(store, node, "Plan C")});
  store.replica = store.open();
  CHECK(store.node(store.team(), node).node.title.value == "Plan C");
  CHECK(store.node(store.team(), node).node.unknown == unknown);
  CHECK(store.findings().empty());
}

TEST_CASE(
    "a kind of a newer version has its effects, its name in the history, and makes its nodes read-only") {
  TeamStore store;
  const auto node = store.bob_creates("Plan", "text");
  apply_newer(store, retitled(store, node, "Pinned"), [](base::Json& json) { json["kind"] = "pin"; });
  CHECK(store.node(store.team(), node).node.title.value == "Pinned");
  CHECK(store.number("SELECT count(*) FROM log WHERE kind = 'pin'") == 1);
  CHECK(retitle(store, node) == base::ErrorCode::validation);
  CHECK(store.read([&](Reader& reader) { return reader.history(reader.workspace(store.id), {}); })
            ->rows.size() >= 2);
}

TEST_CASE("an operation of a newer version in the outbox is sent as it was written and has no effect here") {
  TeamStore store;
  const auto node = store.create(titled("Plan"));
  const auto receipt = store.edit([&](Editor& editor) { return editor.update(node, titled("Plan B")); });
  model::Operation newer = receipt.operations.at(0);
  newer.newer_kind = "pin";
  wire::seal(newer);
  must(store.replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
    txn.run("UPDATE outbox SET operation = ?1 WHERE n = 2", wire::encode_operation(newer));
    return {};
  }));
  const auto push = must(SyncStore(*store.replica, 0).next_push(store.id, 0, 10));
  REQUIRE(push.operations.size() == 2);
  CHECK(push.operations[1].newer_kind == "pin");
  CHECK(wire::has_valid_hash(push.operations[1]));
}
