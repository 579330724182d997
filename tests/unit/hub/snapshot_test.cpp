#include <map>

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

/// A replica that fetches a snapshot and follows the log, keeping node texts.
struct Follower {
  std::map<model::NodeId, model::Node> nodes;
  std::map<model::RelationshipId, model::Relationship> relationships;
  model::Sequence cursor;

  void take(const wire::SnapshotPage& page) {
    for (const auto& effect : page.nodes) model::install(nodes[effect.node.id], effect);
    for (const auto& relationship : page.relationships) relationships[relationship.id] = relationship;
  }
  void apply(const model::Entry& entry) {
    for (const auto& effect : entry.nodes) model::install(nodes[effect.node.id], effect);
    for (const auto& relationship : entry.relationships) relationships[relationship.id] = relationship;
    cursor = entry.sequence;
  }
  bool operator==(const Follower&) const = default;
};

wire::SnapshotPage fetch(HubFixture& f, const std::string& session, const std::string& key,
                         std::size_t max_bytes = model::limits::k_page_bytes) {
  const auto texts = must(f.hub->snapshot_page(f.olga.principal, f.team, session, key, max_bytes));
  return must(wire::decode_snapshot_page(must(base::parse_json(wire::encode(texts)))));
}

Follower from_log(HubFixture& f) {
  Follower follower;
  for (const auto& entry : f.entries(f.olga)) follower.apply(entry);
  return follower;
}

} // namespace

TEST_CASE("a page of a snapshot ends with the item that reaches its size") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  for (int i = 0; i < 5; ++i) f.add(f.olga, writer, "node", document);
  const auto opened = must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, {}}));
  std::string key;
  std::size_t pages = 0;
  do {
    const auto page = fetch(f, opened.session, key, 1);
    CHECK(page.nodes.size() == (page.next_key.empty() ? 0 : 1));
    ++pages;
    key = page.next_key;
  } while (!key.empty());
  CHECK(pages == 7); // the last one has nothing but the end
}

TEST_CASE("a snapshot taken while others write, with its tail, is the state the whole log makes") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  std::vector<model::NodeId> nodes;
  const std::string content(60'000, 'x');
  for (int i = 0; i < 60; ++i) {
    auto op = writer.create("node", document);
    op.fields.content = model::TextChange{content, {}};
    f.push(f.olga, writer, {Writer::sealed(op)});
    nodes.push_back(op.target_node());
  }
  auto relate = writer.start(model::OperationKind::relate, model::NodeId::random(f.random));
  relate.relationship_type = "SOLVES";
  relate.from = nodes[0];
  relate.to = nodes[1];
  f.push(f.olga, writer, {Writer::sealed(relate)});

  const auto opened = must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, {}}));
  CHECK(opened.at.value == 62);
  CHECK(opened.nodes == 61);
  Follower follower;
  int pages = 0;
  std::string key;
  for (;;) {
    const auto page = fetch(f, opened.session, key);
    follower.take(page);
    ++pages;
    for (const auto& node : {nodes[0], nodes[30], nodes[59]})
      f.push(f.olga, writer, {writer.retitle(node, "new")});
    f.add(f.olga, writer, "late", document);
    if (page.next_key.empty()) {
      REQUIRE(page.end.has_value());
      for (const auto& entry : f.entries(f.olga, opened.at.value))
        if (entry.sequence <= *page.end) follower.apply(entry);
      break;
    }
    key = page.next_key;
  }
  CHECK(pages > 2);
  for (const auto& entry : f.entries(f.olga, follower.cursor.value)) follower.apply(entry);
  CHECK(follower == from_log(f));
  f.check_sound();
}

TEST_CASE("a snapshot contains exactly those outstanding operations that have left something in it") {
  HubFixture f;
  Writer writer(f.random);
  const auto one = writer.create("one");
  auto rejected = writer.create("rejected");
  rejected.hash = base::Hash128::of("forged");
  const auto lost = writer.create("never arrived");
  f.push(f.olga, writer, {one, rejected});
  const std::vector<wire::OperationMark> outstanding{
      {1, one.hash}, {2, rejected.hash}, {3, lost.hash}, {1, lost.hash}};
  CHECK(must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, outstanding})).contains ==
        std::vector<std::uint64_t>{1});
  const Person mia = f.member("mia");
  CHECK(must(f.hub->open_snapshot(mia.principal, f.team, {writer.id, outstanding})).contains.empty());
}

TEST_CASE(
    "a snapshot session is its owner's, ends an hour after its last page and holds the floor until then") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer writer(f.random);
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "early");
  const auto session = must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, {}})).session;
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "late");
  const auto compact = [&](std::uint64_t floor) {
    return must(f.store->write([&](StoreTxn& txn) -> Answer<model::Sequence> {
      return txn.compact(f.team, model::Sequence{floor});
    }));
  };
  CHECK(compact(5).value == 3);
  CHECK(code_of(f.hub->snapshot_page(mia.principal, f.team, session, "")) == ErrorCode::resync);
  f.clock.advance(std::chrono::minutes(50));
  CHECK(fetch(f, session, "").nodes.size() == 6);
  f.clock.advance(std::chrono::minutes(50));
  CHECK(fetch(f, session, "").nodes.size() == 6);
  f.clock.advance(std::chrono::minutes(61));
  CHECK(code_of(f.hub->snapshot_page(f.olga.principal, f.team, session, "")) == ErrorCode::resync);
  must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, {}}));
  CHECK(compact(5).value == 5);
}

TEST_CASE("a cursor below the floor, beyond the head or of another epoch is answered by resync") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 4; ++i) f.add(f.olga, writer, "node");
  must(f.store->write(
      [&](StoreTxn& txn) -> Answer<model::Sequence> { return txn.compact(f.team, model::Sequence{2}); }));
  const auto pull = [&](model::Cursor after) { return f.hub->pull(f.olga.principal, f.team, {after, 10}); };
  const model::Epoch epoch = f.hub->epoch();
  CHECK(code_of(pull({epoch, model::Sequence{1}})) == ErrorCode::resync);
  CHECK(must(pull({epoch, model::Sequence{2}})).entries.size() == 2);
  CHECK(must(pull({epoch, model::Sequence{4}})).entries.empty());
  CHECK(code_of(pull({epoch, model::Sequence{5}})) == ErrorCode::resync);
  const auto other = pull({model::Epoch{epoch.value + 1}, model::Sequence{4}});
  CHECK(code_of(other) == ErrorCode::resync);
  CHECK(other.error().epoch == epoch);
  f.check_sound();
}

TEST_CASE("a pull gives at most what was asked for and says whether there is more") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 5; ++i) f.add(f.olga, writer, "node");
  const auto page = f.pull(f.olga, 1, 3);
  CHECK(page.range.from.value == 1);
  CHECK(page.range.to.value == 4);
  CHECK(page.range.head.value == 5);
  CHECK(page.range.more);
  CHECK_FALSE(f.pull(f.olga, 4).range.more);
}
