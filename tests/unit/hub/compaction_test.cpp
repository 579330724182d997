#include "hub/compaction.h"

#include <map>

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

using namespace std::chrono_literals;

/// Texts of items by id, as a replica would hold them.
using State = std::map<std::string, model::Node>;

void apply(State& state, const model::Entry& entry) {
  for (const auto& effect : entry.nodes) model::install(state[effect.node.id.str()], effect);
}

/// What a replica without a past fetches: the pages of a snapshot, then the tail.
State fetch_snapshot(HubFixture& f) {
  State state;
  const auto opened = must(f.hub->open_snapshot(f.olga.principal, f.team, {}));
  std::string key;
  do {
    const auto texts = must(f.hub->snapshot_page(f.olga.principal, f.team, opened.session, key));
    const auto page = must(wire::decode_snapshot_page(must(base::parse_json(wire::encode(texts)))));
    for (const auto& effect : page.nodes) model::install(state[effect.node.id.str()], effect);
    key = page.next_key;
  } while (!key.empty());
  for (const auto& entry : f.entries(f.olga, opened.at.value)) apply(state, entry);
  return state;
}

model::Sequence floor_of(HubFixture& f) {
  return must(f.store->read(
                  [&](StoreReader& reader) -> base::Result<LogRange> { return reader.log_range(f.team); }))
      .floor;
}

void pull_as(HubFixture& f, const model::ReplicaId& replica, std::uint64_t after) {
  PullRequest request{{f.hub->epoch(), model::Sequence{after}}, 10};
  request.replica = replica;
  must(f.hub->pull(f.olga.principal, f.team, request));
}

/// A document, and a node in it that was deleted.
struct Deleted : HubFixture {
  Writer writer{random};
  model::NodeId document = add(olga, writer, "document");
  model::NodeId gone = add(olga, writer, "gone", document);

  Deleted() {
    writer.base = model::Sequence{2};
    push(olga, writer, {writer.remove(gone)});
  }
};

Compacted compact(HubFixture& f) { return must(f.hub->compact()); }

} // namespace

TEST_CASE(
    "the floor moves to what is older than 30 days, and a replica that was never seen does not hold it") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 4; ++i) f.add(f.olga, writer, "old");
  CHECK(compact(f).entries == 0);
  f.age(20 * 24h);
  for (int i = 0; i < 3; ++i) f.add(f.olga, writer, "young");
  f.age(11 * 24h);
  CHECK(compact(f).entries == 4);
  CHECK(floor_of(f).value == 4);
  CHECK(compact(f).entries == 0);
  f.check_sound();
}

TEST_CASE("a clock that jumps makes nothing old: each round counts two hours at most") {
  Deleted f;
  CHECK(compact(f).entries == 0); // the first round believes the clock
  f.clock.jump(200 * 24h);
  CHECK(compact(f).entries == 0);
  CHECK(compact(f).nodes == 0);
  f.reopen(); // it is on disk
  CHECK(compact(f).entries == 0);
  f.clock.jump(-400 * 24h); // one that goes back stops compaction for as long, and no longer
  CHECK(compact(f).entries == 0);
  f.clock.jump(200 * 24h);
  f.age(89 * 24h);
  CHECK(compact(f).entries == 3);
  CHECK(compact(f).nodes == 0);
  f.age(2 * 24h);
  CHECK(compact(f).nodes == 1);
  f.check_sound();
}

TEST_CASE("a replica seen in 90 days keeps what it has not read, one seen earlier does not") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 6; ++i) f.add(f.olga, writer, "node");
  const auto slow = model::ReplicaId::random(f.random), fast = model::ReplicaId::random(f.random);
  pull_as(f, slow, 2);
  pull_as(f, fast, 6);
  f.age(31 * 24h);
  compact(f);
  CHECK(floor_of(f).value == 2);
  f.reopen(); // what was noted is on disk
  f.age(58 * 24h);
  compact(f);
  CHECK(floor_of(f).value == 2);
  f.age(2 * 24h);
  compact(f);
  CHECK(floor_of(f).value == 6);
}

TEST_CASE("a stream says how far its replica is, and an open snapshot holds the floor") {
  HubFixture f;
  Writer writer(f.random);
  for (int i = 0; i < 5; ++i) f.add(f.olga, writer, "node");
  struct Silent final : StreamSink {
    void on_ready() override {}
  } sink;
  StreamRequest request;
  request.workspaces = {f.team};
  request.after = {{f.hub->epoch(), model::Sequence{4}}};
  request.view = StreamView::ops;
  request.replicas = {model::ReplicaId::random(f.random)};
  const auto stream = must(f.hub->open_stream(f.olga.principal, request, sink));
  f.age(31 * 24h);
  must(f.hub->open_snapshot(f.olga.principal, f.team, {}));
  f.add(f.olga, writer, "late");
  compact(f);
  CHECK(floor_of(f).value == 4);
}

TEST_CASE("at every floor, a snapshot with its tail and every later cursor give what the full log gives") {
  HubFixture f;
  Writer writer(f.random);
  std::vector<model::NodeId> nodes{f.add(f.olga, writer, "document")};
  for (int i = 0; i < 40; ++i) {
    writer.base = model::Sequence{1'000'000}; // has seen everything
    const auto& some = nodes[f.random.below(nodes.size())];
    switch (f.random.below(3)) {
      case 0: {
        const auto op = writer.create("node", nodes.front());
        f.push(f.olga, writer, {op});
        nodes.push_back(op.target_node());
        break;
      }
      case 1: f.push(f.olga, writer, {writer.retitle(some, std::to_string(i))}); break;
      default: f.push(f.olga, writer, {writer.remove(some)}); break;
    }
  }
  std::vector<State> at{{}}; // by sequence, from the full log
  for (const auto& entry : f.entries(f.olga)) {
    at.push_back(at.back());
    apply(at.back(), entry);
  }
  for (std::uint64_t floor = 1; floor < at.size(); floor += 3) {
    CHECK(must(f.store->write([&](StoreTxn& txn) -> Answer<model::Sequence> {
            return txn.compact(f.team, model::Sequence{floor});
          })).value == floor);
    CHECK(fetch_snapshot(f) == at.back());
    for (std::uint64_t c = floor; c < at.size(); ++c) {
      State state = at[c];
      for (const auto& entry : f.entries(f.olga, c)) apply(state, entry);
      CHECK(state == at.back());
    }
    const auto below =
        f.hub->pull(f.olga.principal, f.team, {{f.hub->epoch(), model::Sequence{floor - 1}}, 10});
    CHECK(code_of(below) == ErrorCode::resync);
    must(f.store->write(
        [&](StoreTxn& txn) -> Answer<> { return txn.drop_snapshots(f.clock.now() + 1h), Answer<>(); }));
  }
  f.check_sound();
}

TEST_CASE("a tombstone is purged after 90 days and below the floor, with what hangs on it; history stays") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  const auto gone = f.add(f.olga, writer, "gone", document), below = f.add(f.olga, writer, "below", gone);
  const auto kept = f.add(f.olga, writer, "kept", document);
  f.push(f.olga, writer, {writer.retitle(below, "renamed")});
  writer.base = model::Sequence{5};
  f.push(f.olga, writer, {writer.remove(gone)});
  f.age(89 * 24h);
  CHECK(compact(f).nodes == 0);
  const auto digest = must(f.hub->digest(f.olga.principal, f.team));
  f.age(2 * 24h);
  CHECK(compact(f).nodes == 2);
  CHECK(compact(f).nodes == 0);

  CHECK(fetch_snapshot(f).size() == 2);
  CHECK(fetch_snapshot(f).contains(kept.str()));
  CHECK(must(f.store->read([&](StoreReader& reader) -> base::Result<std::int64_t> {
          return reader.count_document_nodes(f.team, document);
        })) == 2);
  const auto changes = must(f.store->read([&](StoreReader& reader) -> base::Result<std::vector<Change>> {
    return reader.list_node_changes(f.team, below, {{model::Sequence{1'000}, 1'000}, 10, 1'000'000}).rows;
  }));
  CHECK(changes.size() == 1);
  f.reopen(); // forgets the digest it knew
  CHECK(must(f.hub->digest(f.olga.principal, f.team)).digest == digest.digest);
  f.check_sound();
}

TEST_CASE("a deleted document stays as such, without what was in it, and can be restored") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  f.add(f.olga, writer, "in it", document);
  writer.base = model::Sequence{2};
  f.push(f.olga, writer, {writer.remove(document)});
  f.age(91 * 24h);
  CHECK(compact(f).nodes == 1);
  CHECK(compact(f).nodes == 0);
  CHECK(fetch_snapshot(f).size() == 1);
  writer.base = model::Sequence{3};
  const auto answer = f.push(f.olga, writer, {writer.restore(document)});
  CHECK(answer.results.front().status == model::Status::applied);
  f.check_sound();
}

TEST_CASE("what changed below a tombstone after it keeps it") {
  Deleted f;
  f.age(91 * 24h);
  f.push(f.olga, f.writer, {f.writer.remove(f.document)});
  compact(f);
  CHECK(fetch_snapshot(f).size() == 1); // the document, deleted just now
  f.check_sound();
}

TEST_CASE("a digest is the one of the log's state, and changes with every register") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  f.add(f.olga, writer, "node", document);
  const auto digest = must(f.hub->digest(f.olga.principal, f.team));
  model::StateDigest expected;
  for (const auto& [id, node] : fetch_snapshot(f)) expected.add(node);
  CHECK(digest.digest == expected.hex());
  CHECK(digest.items == 2);
  CHECK(digest.head.value == 2);
  f.push(f.olga, writer, {writer.retitle(document, "renamed")});
  CHECK(must(f.hub->digest(f.olga.principal, f.team)).digest != digest.digest);
  CHECK(code_of(f.hub->digest(f.stranger("sam").principal, f.team)) == ErrorCode::not_found);
}
