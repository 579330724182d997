#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"
#include "wire/operation_codec.h"

using namespace memsync;
using namespace memsync::replica;
using model::Epoch;
using model::NodeId;
using model::Sequence;

namespace {

void reject(TeamStore& store, const model::Operation& operation, base::ErrorCode code) {
  model::Entry entry = store.entry(operation, {});
  entry.status = model::Status::rejected;
  entry.code = code;
  store.apply({entry});
}

/// The hub refuses for good what was written.
void reject(TeamStore& store, const WriteReceipt& receipt) {
  reject(store, receipt.operations.front(), base::ErrorCode::permission);
}

/// The hub refuses what was offered because the node that one of them completes is not there.
void strand(TeamStore& store, const std::vector<model::Operation>& offered) {
  for (const model::Operation& each : offered)
    reject(store, each,
           each.kind == model::OperationKind::complete ? base::ErrorCode::not_found
                                                       : base::ErrorCode::tx_failed);
}

/// A snapshot of an empty log at that position.
void take_snapshot(TeamStore& store, SyncStore& sync, Epoch epoch, Sequence at,
                   std::vector<std::uint64_t> contains) {
  must(sync.begin_snapshot(store.id, {"session", epoch, at, std::move(contains), 0}));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = at;
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));
}

WriteReceipt write(TeamStore& store, std::string_view title) {
  return store.edit([&](Editor& editor) -> base::Result<> {
    TRY(editor.create(titled(title), {}));
    return {};
  });
}

std::vector<std::uint64_t> numbers(const wire::PushRequest& push) {
  std::vector<std::uint64_t> numbers;
  for (const model::Operation& operation : push.operations) numbers.push_back(operation.n);
  return numbers;
}

} // namespace

TEST_CASE("an operation acknowledged before the log told the time is offered to a restored hub") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  write(store, "first");
  must(sync.next_push(store.id, 0, 100));
  take_snapshot(store, sync, store.epoch, Sequence{1}, {1});
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  store.confirm(write(store, "second"));

  must(sync.adopt_log(store.id, 0));
  CHECK(numbers(must(sync.next_push(store.id, 0, 100))) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("what is offered to a restored hub has no hole where the old log rejected an operation") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  const WriteReceipt first = write(store, "first"), second = write(store, "second"),
                     third = write(store, "third");
  must(sync.next_push(store.id, 0, 100));
  store.confirm(first);
  reject(store, second);
  store.confirm(third);

  must(sync.adopt_log(store.id, 0));
  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  CHECK(numbers(push) == std::vector<std::uint64_t>{1, 2});
  CHECK(push.operations[1].target == third.operations.front().target);
  CHECK(write(store, "fourth").operations.front().n == 3);
}

TEST_CASE("a rejected operation is kept when a restored hub rejects another under its number") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  reject(store, write(store, "first"));
  must(sync.adopt_log(store.id, 0));
  const WriteReceipt second = write(store, "second");
  CHECK(second.operations.front().n == 1);
  reject(store, second);
  CHECK(store.number("SELECT count(*) FROM rejected") == 2);

  const auto page = store.read([&](Reader& reader) {
    return must(reader.pending({reader.workspace(store.id)}, std::nullopt, 10, ""));
  });
  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].replica != page.rows[1].replica);
  store.edit(
      [&](Editor& editor) { return editor.forget_rejected(page.rows[0].replica, 1), base::Result<>(); });
  CHECK(store.number("SELECT count(*) FROM rejected") == 1);
}

TEST_CASE("what was sent and a restored hub has stays until the hub tells what became of it") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  const WriteReceipt first = write(store, "first"), second = write(store, "second");
  must(sync.next_push(store.id, 0, 100));
  must(sync.adopt_log(store.id, 1));

  const wire::SnapshotRequest request = must(sync.snapshot_request(store.id));
  REQUIRE(request.outstanding.size() == 1);
  CHECK(request.outstanding.front() == wire::OperationMark{1, first.operations.front().hash});
  take_snapshot(store, sync, Epoch{78}, Sequence{1}, {});
  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(push.operations.size() == 2);
  CHECK(push.operations[0].hash == first.operations.front().hash);

  wire::PushAnswer answer;
  answer.epoch = Epoch{78};
  answer.results = {{1, model::Status::rejected, Sequence{1}, base::ErrorCode::permission, std::nullopt}};
  must(sync.note_pushed(store.id, answer));
  CHECK(store.number("SELECT count(*) FROM rejected") == 1);
}

TEST_CASE("what looks the same in two logs is asked about after the hub was restored") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  const WriteReceipt first = write(store, "first"), second = write(store, "second");
  must(sync.next_push(store.id, 0, 100));
  store.confirm(first);
  store.confirm(second);
  must(sync.adopt_log(store.id, 2));
  CHECK(must(sync.snapshot_request(store.id)).outstanding.size() == 2);

  // A copy of this store had offered both, and the new log rejected the first.
  take_snapshot(store, sync, Epoch{78}, Sequence{2}, {2});
  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(numbers(push) == std::vector<std::uint64_t>{1});
  CHECK(push.operations[0].hash == first.operations.front().hash);
  CHECK(store.number("SELECT n FROM acknowledged") == 2);
}

TEST_CASE("what a copy never sent is not taken for what the original sent under its numbers") {
  TeamStore copy;
  SyncStore sync(*copy.replica, 0);
  write(copy, "of the copy");
  must(sync.adopt_log(copy.id, 3));
  CHECK(numbers(must(sync.next_push(copy.id, 0, 100))) == std::vector<std::uint64_t>{1});
}

TEST_CASE("a copy does not send what its original offered to a restored hub already") {
  TeamStore copy;
  copy.sql("UPDATE workspace SET cursor = 5 WHERE kind = 'team'");
  SyncStore sync(*copy.replica, 0);
  write(copy, "of both");
  model::Operation offered = must(sync.next_push(copy.id, 0, 100)).operations.front();
  offered.base = {};
  wire::seal(offered);
  must(sync.renew_replica(copy.id, std::vector{wire::OperationMark{1, offered.hash}}));
  CHECK(must(sync.next_push(copy.id, 0, 100)).operations.empty());
}

TEST_CASE("a copy sends again what an earlier log had acknowledged and the new one has not, once") {
  TeamStore copy;
  SyncStore sync(*copy.replica, 0);
  const WriteReceipt lost = write(copy, "rejected by the new log"), kept = write(copy, "in both logs");
  copy.confirm(lost);
  copy.confirm(kept);
  const std::vector accepted{wire::OperationMark{2, kept.operations.front().hash}};
  must(sync.renew_replica(copy.id, accepted));
  const wire::PushRequest push = must(sync.next_push(copy.id, 0, 100));
  REQUIRE(push.operations.size() == 1);
  CHECK(push.operations[0].target == lost.operations.front().target);
  CHECK(push.operations[0].base == Sequence{});
  CHECK(copy.number("SELECT count(*) FROM acknowledged") == 1);
}

TEST_CASE("an edit made between a new log and its snapshot has seen nothing of the new log") {
  TeamStore store;
  store.sql("UPDATE workspace SET cursor = 5 WHERE kind = 'team'");
  SyncStore sync(*store.replica, 0);
  const NodeId node = store.create(titled("Plan"));
  must(sync.adopt_log(store.id, 0));
  store.edit([&](Editor& editor) { return editor.update(node, titled("Better plan")); });

  must(sync.begin_snapshot(store.id, {"session", Epoch{78}, Sequence{9}, {}, 0}));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  CHECK(push.epoch == Epoch{78});
  REQUIRE(push.operations.size() == 2);
  CHECK(push.operations[0].base == Sequence{});
  CHECK(push.operations[1].base == Sequence{});
  CHECK(store.node(store.team(), node).node.title.value == "Better plan");
}

TEST_CASE("an edit made while a snapshot of the same log is fetched keeps what it had seen") {
  TeamStore store;
  store.sql("UPDATE workspace SET cursor = 5 WHERE kind = 'team'");
  SyncStore sync(*store.replica, 0);
  must(sync.begin_snapshot(store.id, {"session", store.epoch, Sequence{9}, {}, 0}));
  store.create(titled("Plan"));
  wire::SnapshotPage page;
  page.session = "session";
  page.end = Sequence{9};
  must(sync.stage_page(store.id, page));
  must(sync.finish_snapshot(store.id));

  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(push.operations.size() == 1);
  CHECK(push.operations[0].base == Sequence{5});
}

TEST_CASE("an edit that a restored hub was offered before its node is offered again when the node is there") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  const NodeId node = store.bob_creates("Bob's", "text");
  store.confirm(store.edit([&](Editor& editor) -> base::Result<> { // together with a node of Ann's
    TRY(editor.create(titled("below"), {node, std::nullopt}));
    return editor.complete(node, true);
  }));
  must(sync.adopt_log(store.id, 0));
  store.epoch = Epoch{78};
  take_snapshot(store, sync, store.epoch, {}, {});
  strand(store, must(sync.next_push(store.id, 0, 100)).operations);
  REQUIRE(store.number("SELECT count(*) FROM rejected") == 2);
  store.bob_creates("another", "");
  CHECK(store.number("SELECT count(*) FROM rejected") == 2);

  store.bob_creates("Bob's", "text", {}, node);
  CHECK(store.number("SELECT count(*) FROM rejected") == 0);
  CHECK(store.node(store.team(), node).node.completed.value);
  CHECK(numbers(must(sync.next_push(store.id, 0, 100))) == std::vector<std::uint64_t>{3, 4});
  CHECK(store.findings().empty());
}

TEST_CASE("what was refused when the log was the one it was written on stays refused") {
  TeamStore store;
  store.bob_creates("first", "");
  const WriteReceipt written = write(store, "of Ann");
  reject(store, written.operations.front(), base::ErrorCode::not_found);
  store.bob_creates("second", "");
  CHECK(store.number("SELECT count(*) FROM rejected") == 1);
}

TEST_CASE("a later backup than the one restored first has what was sent anew under its earlier hash") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  store.bob_creates("seen", "");
  const WriteReceipt first = write(store, "first"), second = write(store, "second");
  must(sync.next_push(store.id, 0, 100));
  store.confirm(first);
  store.confirm(second);

  must(sync.adopt_log(store.id, 0));
  const wire::PushRequest anew = must(sync.next_push(store.id, 0, 100));
  REQUIRE(numbers(anew) == std::vector<std::uint64_t>{1, 2});
  CHECK(anew.operations[1].hash != second.operations.front().hash);
  take_snapshot(store, sync, Epoch{78}, Sequence{3}, {1, 2});
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);

  must(sync.adopt_log(store.id, 2));
  const auto outstanding = must(sync.snapshot_request(store.id)).outstanding;
  CHECK(std::count(outstanding.begin(), outstanding.end(),
                   wire::OperationMark{2, second.operations.front().hash}) == 1);
  must(sync.renew_replica(store.id, std::vector<wire::OperationMark>{{1, first.operations.front().hash},
                                                                     {2, second.operations.front().hash}}));
  CHECK(store.number("SELECT count(*) FROM outbox") == 0);
  CHECK(store.number("SELECT count(*) FROM acknowledged") == 2);
}

TEST_CASE("operations get the numbers that a log which came back has them under") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  store.bob_creates("seen", "");
  const WriteReceipt first = write(store, "first"), second = write(store, "second");
  must(sync.next_push(store.id, 0, 100));
  reject(store, first);
  store.confirm(second);
  must(sync.adopt_log(store.id, 0)); // second closes up to 1
  write(store, "third");

  must(sync.adopt_log(store.id, 2, {{2, second.operations.front().hash}}));
  const auto outstanding = must(sync.snapshot_request(store.id)).outstanding;
  CHECK(outstanding.size() == 2); // under both hashes
  CHECK(std::count(outstanding.begin(), outstanding.end(),
                   wire::OperationMark{2, second.operations.front().hash}) == 1);
  take_snapshot(store, sync, store.epoch, Sequence{3}, {2});
  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(numbers(push) == std::vector<std::uint64_t>{3});
  CHECK(push.operations[0].fields.title == "third");
}

TEST_CASE("what another log rejected and the one that came back has is not refused any more") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  const WriteReceipt first = write(store, "first");
  must(sync.next_push(store.id, 0, 100));
  reject(store, first);
  CHECK(store.number("SELECT count(*) FROM rejected") == 1);
  must(sync.adopt_log(store.id, 1, {{1, first.operations.front().hash}}));
  CHECK(store.number("SELECT count(*) FROM rejected") == 0);
}

TEST_CASE("what only the lost log had is sent again where the one that came back has its number taken") {
  TeamStore store;
  SyncStore sync(*store.replica, 0);
  store.bob_creates("seen", "");
  const WriteReceipt first = write(store, "first");
  store.confirm(first);
  reject(store, write(store, "refused"));
  reject(store, write(store, "refused, too"));
  const WriteReceipt fourth = write(store, "fourth");
  store.confirm(fourth);

  // The log restored first takes the first one anew, and the fourth, now its second, only later.
  must(sync.adopt_log(store.id, 0));
  const wire::PushRequest anew = must(sync.next_push(store.id, 0, 100));
  REQUIRE(numbers(anew) == std::vector<std::uint64_t>{1, 2});
  store.epoch = Epoch{78};
  take_snapshot(store, sync, store.epoch, Sequence{1}, {1});
  reject(store, anew.operations[1], base::ErrorCode::not_found);
  for (const char* title : {"third there", "fourth there", "fifth there"}) store.confirm(write(store, title));
  store.bob_creates("back", "");
  CHECK(store.number("SELECT n FROM outbox") == 6);

  must(
      sync.adopt_log(store.id, 4, {{1, first.operations.front().hash}, {4, fourth.operations.front().hash}}));
  take_snapshot(store, sync, Epoch{79}, Sequence{4}, {1, 4});
  const wire::PushRequest push = must(sync.next_push(store.id, 0, 100));
  REQUIRE(numbers(push) == std::vector<std::uint64_t>{5, 6, 7});
  CHECK(push.operations[0].fields.title == "third there");
  CHECK(push.operations[2].fields.title == "fifth there");
}
