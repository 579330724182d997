#include "hub/push.h"

#include <atomic>
#include <set>
#include <thread>

#include "hub/commit_queue.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

TEST_CASE("a push gives each operation the next sequence and an entry in the log") {
  HubFixture f;
  Writer writer(f.random);
  const auto answer = f.push(f.olga, writer, {writer.create("one"), writer.create("two")});
  CHECK(answer.epoch == f.hub->epoch());
  CHECK(answer.head.value == 2);
  CHECK(answer.last_n == 2);
  REQUIRE(answer.results.size() == 2);
  CHECK(answer.results[1].sequence.value == 2);
  const auto entries = f.entries(f.olga);
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].nodes.at(0).node.title.value == "two");
  CHECK(entries[1].by.author == f.olga.id);
  f.check_sound();
}

TEST_CASE("a push that comes again gets its first answer and changes nothing") {
  HubFixture f;
  Writer writer(f.random);
  const std::vector operations{writer.create("one"), writer.create("two")};
  const auto first = f.push(f.olga, writer, operations);
  const auto again = f.push(f.olga, writer, operations);
  CHECK(again.results == first.results);
  CHECK(again.head == first.head);
  CHECK(f.entries(f.olga).size() == 2);
}

TEST_CASE("a push that overlaps an earlier one applies only what is new") {
  HubFixture f;
  Writer writer(f.random);
  const auto one = writer.create("one");
  const auto two = writer.create("two");
  const auto three = writer.create("three");
  f.push(f.olga, writer, {one, two});
  const auto answer = f.push(f.olga, writer, {two, three});
  REQUIRE(answer.results.size() == 2);
  CHECK(answer.results[0].sequence.value == 2);
  CHECK(answer.results[1].sequence.value == 3);
}

TEST_CASE(
    "an operation of a newer version is refused alone and kept by name; the rest of its batch goes on") {
  HubFixture f;
  Writer writer(f.random);
  const auto first = writer.create("first");
  auto newer = writer.start(model::OperationKind::update, first.target_node());
  newer.newer_kind = "pin";
  auto field = writer.retitle(first.target_node(), "second");
  field.extra = R"({"fields":{"mood":{"set":"good"}}})";
  const auto last = writer.create("last");
  const auto answer = f.push(f.olga, writer, {first, Writer::sealed(newer), Writer::sealed(field), last});
  REQUIRE(answer.results.size() == 4);
  CHECK(answer.results[1].code == ErrorCode::validation);
  CHECK(answer.results[2].code == ErrorCode::validation);
  CHECK(answer.results[3].status == Status::applied);
  const auto entries = f.entries(f.olga);
  CHECK(entries.at(1).newer_kind == "pin");
  CHECK(entries.at(1).status == Status::rejected);
  f.check_sound();
}

TEST_CASE("an operation that skips a number is a gap, in the batch and after what is known") {
  HubFixture f;
  Writer writer(f.random);
  const auto one = writer.create("one");
  const auto two = writer.create("two");
  const auto three = writer.create("three");
  CHECK(code_of(f.hub->push(f.olga.principal, f.team, writer.request({one, three}))) == ErrorCode::gap);
  const auto answer = f.hub->push(f.olga.principal, f.team, writer.request({two}));
  CHECK(code_of(answer) == ErrorCode::gap);
  CHECK(answer.error().last_n == 0);
  CHECK(f.entries(f.olga).empty());
}

TEST_CASE("a known number with other content is a fork and names what the hub accepted") {
  HubFixture f;
  Writer writer(f.random);
  const auto one = writer.create("one");
  f.push(f.olga, writer, {one});
  auto other = writer.create("other");
  other.n = 1;
  auto next = writer.create("next");
  next.n = 2;
  const auto answer = f.hub->push(f.olga.principal, f.team, writer.request({other, next}));
  CHECK(code_of(answer) == ErrorCode::forked);
  REQUIRE(answer.error().accepted.size() == 1);
  CHECK(answer.error().accepted[0] == wire::OperationMark{1, one.hash});
  CHECK(f.entries(f.olga).size() == 1);
}

TEST_CASE("what was rejected is not named as accepted: a copy of the replica offers it again") {
  HubFixture f;
  Writer writer(f.random);
  const auto one = writer.create("one");
  f.push(f.olga, writer, {one, writer.create("")});
  auto other = writer.create("other");
  other.n = 2;
  const auto answer = f.hub->push(f.olga.principal, f.team, writer.request({one, other}));
  CHECK(code_of(answer) == ErrorCode::forked);
  REQUIRE(answer.error().accepted.size() == 1);
  CHECK(answer.error().accepted[0] == wire::OperationMark{1, one.hash});
}

TEST_CASE("a push for another epoch applies nothing and says which epoch it is and what is known") {
  HubFixture f;
  Writer writer(f.random);
  f.add(f.olga, writer, "one");
  writer.epoch = model::Epoch{f.hub->epoch().value + 1};
  const auto answer = f.hub->push(f.olga.principal, f.team, writer.request({writer.create("two")}));
  CHECK(code_of(answer) == ErrorCode::epoch);
  CHECK(answer.error().epoch == f.hub->epoch());
  CHECK(answer.error().last_n == 1);
  CHECK(f.entries(f.olga).size() == 1);
}

TEST_CASE("an operation whose hash or shape is wrong is rejected for good and its entry carries no fields") {
  HubFixture f;
  Writer writer(f.random);
  auto forged = writer.create("secret");
  forged.hash = base::Hash128::of("something else");
  auto empty = writer.create("");
  const auto good = writer.create("good");
  const auto answer = f.push(f.olga, writer, {forged, empty, good});
  REQUIRE(answer.results.size() == 3);
  CHECK(answer.results[0].code == ErrorCode::validation);
  CHECK(answer.results[1].code == ErrorCode::validation);
  CHECK(answer.results[2].status == Status::applied);
  CHECK(answer.results[2].sequence.value == 3);
  CHECK(answer.last_n == 3);
  const auto page = f.pull(f.olga, 0);
  CHECK(page.entries.at(0).find("secret") == std::string::npos);
  const auto entries = f.entries(f.olga);
  CHECK(entries[0].status == Status::rejected);
  CHECK(entries[0].hash == forged.hash);
  CHECK(f.push(f.olga, writer, {forged, empty, good}).results == answer.results);
  f.check_sound();
}

TEST_CASE("operations of one tx are all rejected when one fails, and the one that failed is told apart") {
  HubFixture f;
  Writer writer(f.random);
  const model::TxId tx = model::TxId::random(f.random);
  std::vector<model::Operation> operations{writer.create("one"),
                                           writer.retitle(model::NodeId::random(f.random), "nowhere"),
                                           writer.create("three")};
  for (auto& op : operations) {
    op.tx = tx;
    wire::seal(op);
  }
  operations.push_back(writer.create("alone"));
  const auto answer = f.push(f.olga, writer, operations);
  REQUIRE(answer.results.size() == 4);
  CHECK(answer.results[0].code == ErrorCode::tx_failed);
  CHECK(answer.results[1].code == ErrorCode::not_found);
  CHECK(answer.results[2].code == ErrorCode::tx_failed);
  CHECK(answer.results[3].status == Status::applied);
  CHECK(answer.results[3].sequence.value == 4);
  const auto entries = f.entries(f.olga);
  CHECK(entries[0].nodes.empty());
  CHECK(entries[3].nodes.size() == 1);
  f.check_sound();
}

TEST_CASE("operations of one tx see each other and are applied together") {
  HubFixture f;
  Writer writer(f.random);
  auto document = writer.create("document");
  auto node = writer.create("node", document.target_node());
  document.tx = node.tx = model::TxId::random(f.random);
  const auto answer = f.push(f.olga, writer, {Writer::sealed(document), Writer::sealed(node)});
  CHECK(answer.results.at(0).status == Status::applied);
  CHECK(answer.results.at(1).status == Status::applied);
  f.check_sound();
}

TEST_CASE("a tx on a stale base is rejected when another replica changed its target") {
  HubFixture f;
  Writer first(f.random), second(f.random);
  const auto node = f.add(f.olga, first, "one");
  second.base = model::Sequence{1};
  f.push(f.olga, first, {first.retitle(node, "two")});
  auto late = second.retitle(node, "three");
  late.if_base = true;
  CHECK(f.push(f.olga, second, {Writer::sealed(late)}).results.at(0).code == ErrorCode::stale);
}

TEST_CASE("a member deletes what is theirs, and what its author had not seen below it is lifted") {
  HubFixture f;
  const Person ben = f.member("ben");
  Writer hers(f.random), his(f.random);
  const auto document = f.add(f.olga, hers, "document");
  his.base = model::Sequence{1};
  const auto section = f.add(ben, his, "his", document);
  const auto seen = model::Sequence{2};
  hers.base = seen;
  const auto below = f.add(f.olga, hers, "hers", section);
  his.base = seen;
  CHECK(f.push(ben, his, {his.remove(section)}).results.at(0).status == Status::merged);
  CHECK(must(f.hub->node(f.olga.principal, f.team, below)).node.place.value.parent == document);

  const auto second = f.add(ben, his, "his again", document);
  f.add(f.olga, hers, "hers again", second);
  his.base = f.entries(f.olga).back().sequence;
  CHECK(f.push(ben, his, {his.remove(second)}).results.at(0).code == ErrorCode::permission);
  f.check_sound();
}

TEST_CASE("a replica id belongs to the person who used it first") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer writer(f.random);
  f.add(f.olga, writer, "one");
  const auto answer = f.hub->push(mia.principal, f.team, writer.request({writer.create("two")}));
  CHECK(code_of(answer) == ErrorCode::permission);
}

TEST_CASE("a clock ahead of the hub's is set back to it and counted") {
  HubFixture f;
  Writer writer(f.random);
  writer.clock = model::Hlc::from_time(f.clock.now() + std::chrono::hours(24 * 365));
  f.add(f.olga, writer, "from the future");
  CHECK(f.entries(f.olga).at(0).clock.time() == f.clock.now());
  CHECK(f.hub->metrics().render().find("memsync_clock_skew_total 1") != std::string::npos);
}

TEST_CASE("a document takes 100,000 nodes and no more") {
  HubFixture f;
  Writer writer(f.random);
  const auto document = f.add(f.olga, writer, "document");
  must(f.store->write([&](StoreTxn& txn) -> Answer<> {
    txn.count_added_nodes(f.team, document, 99'998);
    return {};
  }));
  f.add(f.olga, writer, "the last", document);
  const auto answer = f.push(f.olga, writer, {writer.create("one too many", document)});
  CHECK(answer.results.at(0).code == ErrorCode::too_large);
}

TEST_CASE("a node moved into another document takes everything below it along") {
  HubFixture f;
  Writer writer(f.random);
  const auto from = f.add(f.olga, writer, "from");
  const auto to = f.add(f.olga, writer, "to");
  const auto node = f.add(f.olga, writer, "node", from);
  const auto leaf = f.add(f.olga, writer, "leaf", node);
  auto move = writer.start(model::OperationKind::move, node);
  move.place = model::Place{to, "V"};
  f.push(f.olga, writer, {Writer::sealed(move)});
  must(f.store->read([&](StoreReader& reader) -> Answer<> {
    CHECK(reader.find_document(f.team, leaf) == to);
    CHECK(reader.count_document_nodes(f.team, from) == 1);
    CHECK(reader.count_document_nodes(f.team, to) == 3);
    CHECK(reader.count_nodes(f.team) == 4);
    return {};
  }));
}

TEST_CASE("a task can be assigned to members only") {
  HubFixture f;
  const Person stranger = f.stranger("stefan");
  Writer writer(f.random);
  const auto task = f.add(f.olga, writer, "task");
  const auto assign = [&](const model::UserId& user) {
    auto op = writer.start(model::OperationKind::assign, task);
    op.fields.assignee = user;
    return f.push(f.olga, writer, {Writer::sealed(op)}).results.at(0);
  };
  CHECK(assign(f.olga.id).status == Status::applied);
  CHECK(assign(stranger.id).code == ErrorCode::validation);
}

TEST_CASE("four threads that push at once leave a log without holes and with every operation") {
  HubFixture f(HubOptions::Threads::own);
  constexpr int k_threads = 4;
  constexpr int k_pushes = 25;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < k_threads; ++t)
    threads.emplace_back([&] {
      Writer writer(f.random);
      for (int i = 0; i < k_pushes; ++i) {
        const auto kept = writer.create("kept");
        auto forged = writer.create("rejected");
        forged.hash = {};
        const auto answer = f.hub->push(f.olga.principal, f.team, writer.request({kept, forged}));
        if (!answer || answer->results.size() != 2) ++failures;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
  const auto entries = f.entries(f.olga);
  REQUIRE(entries.size() == std::size_t{k_threads} * k_pushes * 2);
  std::set<std::pair<std::string, std::uint64_t>> different;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    CHECK(entries[i].sequence.value == i + 1);
    different.emplace(entries[i].replica.str(), entries[i].n);
  }
  CHECK(different.size() == entries.size());
  f.check_sound();
}

TEST_CASE("pushes that wait together are committed together and fail alone") {
  HubFixture f;
  Metrics metrics;
  std::vector<model::UserId> touched;
  CommitQueue queue(*f.store, f.clock, metrics, [&](const auto& users) { touched = users; });
  std::vector<std::string> told;
  const auto submit = [&](const std::string& name, bool keep) {
    CommitQueue::Job job;
    job.body = [&, name, keep](StoreTxn& txn) {
      txn.put_user({model::UserId::random(f.random), name + "@example.org", name, f.clock.now()});
      return keep;
    };
    job.done = [&, name](const base::Result<>& done) { told.push_back(name + (done ? " ok" : " failed")); };
    queue.submit(std::move(job));
  };
  submit("one", true);
  submit("two", false);
  submit("three", true);
  CHECK(queue.step());
  CHECK(told == std::vector<std::string>{"one ok", "two ok", "three ok"});
  CHECK(must(f.admin().users()).size() == 3); // Olga, one, three
  CHECK(metrics.render().find("memsync_commit_jobs_count 1") != std::string::npos);
  queue.close();
  CHECK_FALSE(queue.step());
  submit("late", true);
  CHECK(told.back() == "late failed");
}

TEST_CASE("a damaged row fails the push that needs it and no other of its transaction") {
  HubFixture f;
  Metrics metrics;
  Writer broken(f.random), sound(f.random);
  const auto node = f.add(f.olga, broken, "node");
  f.execute("UPDATE node SET state = replace(state, 'node', 'nude')");
  CommitQueue queue(*f.store, f.clock, metrics, [](const auto&) {});
  const auto submit = [&](Writer& writer, model::Operation op, std::optional<Answer<PushEffect>>& answer,
                          base::Result<>& done) {
    auto push = std::make_shared<PreparedPush>(must(prepare_push(writer.request({std::move(op)}))));
    CommitQueue::Job job;
    job.body = [&, push](StoreTxn& txn) {
      answer = apply_push(txn, f.olga.principal, f.team, *push, f.clock.now());
      return answer->has_value();
    };
    job.done = [&](const base::Result<>& result) { done = result; };
    queue.submit(std::move(job));
  };
  std::optional<Answer<PushEffect>> first, second;
  base::Result<> first_done, second_done;
  submit(broken, broken.retitle(node, "again"), first, first_done);
  submit(sound, sound.create("sound"), second, second_done);
  CHECK(queue.step());
  CHECK_FALSE(first_done.has_value());
  CHECK(first_done.error().code == ErrorCode::corrupt);
  CHECK(second_done.has_value());
  CHECK(f.entries(f.olga).size() == 2);
}

TEST_CASE("texts edited apart are merged, also when one author goes on from a text that was merged already") {
  HubFixture f;
  Writer writer(f.random), other(f.random);
  const std::string start = "one\ntwo\nthree\nfour\nfive\n";
  auto create = writer.create("text");
  create.fields.content = model::TextChange{start, {}};
  f.push(f.olga, writer, {Writer::sealed(create)});
  const auto node = create.target_node();
  const auto edit = [&](Writer& by, const std::string& before, const std::string& after) {
    auto op = by.start(model::OperationKind::update, node);
    op.fields.content = model::TextChange{after, base::Hash128::of(before)};
    return f.push(f.olga, by, {Writer::sealed(op)}).results.at(0).status;
  };
  writer.base = other.base = model::Sequence{1};
  const std::string mine = "ONE\ntwo\nthree\nfour\nfive\n";
  CHECK(edit(writer, start, mine) == Status::applied);
  CHECK(edit(other, start, "one\ntwo\nthree\nfour\nFIVE\n") == Status::merged);
  CHECK(edit(other, "one\ntwo\nthree\nfour\nFIVE\n", "one\ntwo\nTHREE\nfour\nFIVE\n") == Status::merged);
  must(f.store->read([&](StoreReader& reader) -> Answer<> {
    CHECK(reader.find_node(f.team, node)->content.value == "ONE\ntwo\nTHREE\nfour\nFIVE\n");
    return {};
  }));
  f.check_sound();
}

TEST_CASE("a job that makes the whole transaction fail is told so and the others are committed without it") {
  HubFixture f;
  Metrics metrics;
  CommitQueue queue(*f.store, f.clock, metrics, [](const auto&) {});
  std::vector<std::string> told;
  for (const std::string name : {"one", "olga", "three"}) { // Olga's address is taken: a constraint
    CommitQueue::Job job;
    job.body = [&f, name](StoreTxn& txn) {
      txn.put_user({model::UserId::random(f.random), name + "@example.org", name, f.clock.now()});
      return true;
    };
    job.done = [&told, name](const base::Result<>& done) {
      told.push_back(name + (done ? " ok" : " failed"));
    };
    queue.submit(std::move(job));
  }
  CHECK(queue.step());
  CHECK(told == std::vector<std::string>{"one ok", "olga failed", "three ok"});
  CHECK(must(f.admin().users()).size() == 3);
}
