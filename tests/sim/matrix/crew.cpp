#include "tests/sim/matrix/crew.h"

#include "replica/digest_check.h"
#include "replica/sync_store.h"

namespace memsync::matrix {

using hub::must;
using replica::SyncStore;

namespace {

void must_do(const base::Result<>& result) {
  if (!result) FAIL(result.error().message);
}

} // namespace

Machine::Machine(hub::HubFixture& hub, const std::string& owner)
    : name(owner), person(hub.member(owner, model::Role::admin)), hub_(hub) {
  replica_ =
      must(replica::Replica::open({folder_.file("home"), storage::Access::read_write, ""}, clock, random_));
  must_do(SyncStore(*replica_, 0).adopt_account(must(hub.hub->me(person.principal))));
  must(replica_->database().write([&](storage::WriteTxn& txn) -> base::Result<bool> {
    txn.run("UPDATE workspace SET epoch = ?1 WHERE kind = 'team'", hub.hub->epoch().value);
    return true;
  }));
}

void Machine::push() {
  SyncStore store(*replica_, 0);
  constexpr std::size_t k_batch = 500;
  for (std::uint64_t after = 0;;) {
    const wire::PushRequest request = must(store.next_push(hub_.team, after, k_batch));
    if (request.operations.empty()) return;
    must_do(store.note_pushed(hub_.team, must(hub_.hub->push(person.principal, hub_.team, request))));
    after = request.operations.back().n;
  }
}

void Machine::pull() {
  SyncStore store(*replica_, 0);
  const model::Cursor cursor = row().cursor;
  const auto entries = hub_.entries(person, cursor.sequence.value);
  if (entries.empty()) return;
  const auto applied =
      must(store.apply_entries(hub_.team, hub_.hub->epoch(), entries, entries.back().sequence));
  REQUIRE_EQ(applied.entries, entries.size());
}

replica::WorkspaceRow Machine::row() {
  return read([](replica::Reader&, const replica::WorkspaceRow& row) { return row; });
}

std::vector<std::string> Machine::findings() {
  std::vector<std::string> findings = must(replica_->check());
  replica::DigestCheck digest(hub_.team, must(hub_.hub->digest(person.principal, hub_.team)));
  auto outcome = replica::DigestCheck::Outcome::working;
  while (outcome == replica::DigestCheck::Outcome::working)
    outcome = must(digest.step(*replica_, std::chrono::seconds(10)));
  if (outcome != replica::DigestCheck::Outcome::equal)
    findings.emplace_back("the store's digest differs from the hub's");
  const std::size_t pending = read([](replica::Reader& reader, const replica::WorkspaceRow& row) {
    return reader.pending_count(row) + reader.rejected_count(row);
  });
  if (pending > 0) findings.push_back(fmt::format("{} operations were not accepted", pending));
  return findings;
}

} // namespace memsync::matrix
