#include <algorithm>
#include <fmt/format.h>

#include "tests/sim/model/world.h"

/// The replica's half of the protocol (SYNC.md, docs/sync.md) over a network that loses, delays, reorders
/// and repeats.
namespace memsync::model_sim {

using model::Operation;

namespace {

constexpr Millis k_timeout = 300;

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

} // namespace

/// Asks the hub and hands the answer over, if it is still the request that `request` names by then.
template <class Ask, class Take>
void World::call(Machine& machine, std::uint64_t Lane::*request, std::size_t workspace, Ask ask, Take take) {
  const std::uint64_t id = ++last_request_;
  machine.lanes[workspace].*request = id;
  if (is_lost(machine)) return;
  const auto arrive = [this, &machine, request, workspace, id, ask, take, generation = machine.generation] {
    auto answer = std::make_shared<decltype(ask())>(ask());
    if (is_lost(machine)) return;
    scheduler_.after(latency(), [&machine, request, workspace, id, take, answer, generation] {
      Lane& lane = machine.lanes[workspace];
      if (machine.generation != generation || lane.*request != id) return;
      lane.*request = 0;
      take(lane, *answer);
    });
  };
  scheduler_.after(latency(), arrive);
  if (faults_ && chance(6)) scheduler_.after(latency() + latency(), arrive); // repeated by a proxy
}

void World::tick(Machine& machine) {
  if (!machine.is_running) return;
  for (std::size_t workspace = 0; workspace < k_workspaces; ++workspace) {
    Lane& lane = machine.lanes[workspace];
    if (lane.push_request != 0 && lane.push_sent + k_timeout < scheduler_.now()) lane.push_request = 0;
    if (lane.pull_request != 0 && lane.pull_sent + k_timeout < scheduler_.now()) lane.pull_request = 0;
    if (chance(25)) lane.wants_pull = true; // a heartbeat told the head
    lane.pushed_through = 0;
    advance(machine, workspace);
  }
}

void World::advance(Machine& machine, std::size_t workspace) {
  Lane& lane = machine.lanes[workspace];
  Replica& replica = lane.replica;
  if (replica.cursor().epoch.value == 0 || replica.staging()) lane.wants_snapshot = true;
  if (lane.wants_snapshot) return advance_snapshot(machine, workspace);
  if (lane.wants_probe && lane.push_request == 0) return push(machine, workspace, {});
  if (lane.wants_pull && lane.pull_request == 0) pull(machine, workspace, replica.cursor());
  if (lane.push_request != 0) return;
  std::vector<Operation> batch;
  const std::size_t most = 1 + random_.below(8);
  for (const Operation& operation : replica.outbox())
    if (operation.n > lane.pushed_through && batch.size() < most) batch.push_back(operation);
  if (batch.empty()) return;
  replica.mark_sent(batch.back().n);
  push(machine, workspace, std::move(batch));
}

void World::push(Machine& machine, std::size_t workspace, std::vector<Operation> operations) {
  Lane& lane = machine.lanes[workspace];
  lane.push_replica = lane.replica.id();
  lane.push_sent = scheduler_.now();
  const auto ask = [this, workspace, replica = lane.push_replica, epoch = lane.replica.cursor().epoch,
                    operations = std::move(operations)] {
    return push_at_hub(workspace, replica, epoch, operations);
  };
  call(machine, &Lane::push_request, workspace, ask,
       [this, &machine, workspace](Lane& at, PushAnswer& answer) {
         take_pushed(at, std::move(answer));
         advance(machine, workspace);
       });
}

PushAnswer World::push_at_hub(std::size_t workspace, const model::ReplicaId& replica, model::Epoch epoch,
                              const std::vector<Operation>& operations) {
  HubWorkspace& hub = hub_.workspaces[workspace];
  const model::Sequence before = hub.head();
  PushAnswer answer =
      hub.push(replica, epoch, operations, hub_time(), [&](const Row& row, const Items& items) {
        const std::size_t known = by_session_.at(row.operation.session);
        require(ledger_[known].workspace == workspace, "20: an operation is in another workspace");
        trace(fmt::format("hub {} {}: {} {} of {} is {}", workspace, row.entry.sequence.value,
                          row.operation.session, model::name_of(row.entry.kind), row.entry.target.view(),
                          model::name_of(row.entry.status)));
        hub_.oracles[workspace].committed(row, items, ledger_[known].seen_text);
        if (row.entry.sequence.value % 8 == 0)
          hub_.states[workspace][row.entry.sequence.value] = std::make_shared<const Items>(items);
      });
  if (hub.head() != before) publish(workspace);
  return answer;
}

/// The stream: each machine gets the newest rows, some of them perhaps again, perhaps not at all.
void World::publish(std::size_t workspace) {
  const HubWorkspace& hub = hub_.workspaces[workspace];
  for (auto& machine : machines_) {
    if (!machine->is_running || is_lost(*machine)) continue;
    const std::uint64_t back = std::min(hub.head().value, 1 + random_.below(6));
    auto answer = hub.pull({hub.epoch(), model::Sequence{hub.head().value - back}}, back);
    if (!std::holds_alternative<Page>(answer)) continue;
    auto page = std::make_shared<Page>(std::move(std::get<Page>(answer)));
    scheduler_.after(latency(), [this, &m = *machine, workspace, page, generation = machine->generation] {
      if (m.generation == generation) take(m, workspace, *page);
    });
  }
}

void World::take(Machine& machine, std::size_t workspace, const Page& page) {
  Lane& lane = machine.lanes[workspace];
  if (lane.wants_snapshot || lane.replica.staging() || lane.replica.cursor().epoch.value == 0) return;
  if (page.epoch != lane.replica.cursor().epoch) {
    lane.wants_probe = true;
    return advance(machine, workspace);
  }
  const model::Cursor before = lane.replica.cursor();
  const Replica::Taken taken = lane.replica.take(page);
  const model::Cursor after = lane.replica.cursor();
  require(after >= before, "4: a cursor went back");
  const auto& states = hub_.states[workspace];
  if (const auto state = states.find(after.sequence.value);
      state != states.end() && after.epoch == hub_.workspaces[workspace].epoch())
    require(lane.replica.confirmed() == *state->second, "4: a replica differs from the log up to its cursor");
  lane.wants_pull = taken == Replica::Taken::gap || after.sequence < page.head;
  if (taken == Replica::Taken::forked) {
    // Which operations of the outbox the hub has, only the answer to a push can tell.
    lane.pushed_through = 0;
    lane.wants_pull = false;
    if (lane.replica.outbox().empty()) lane.replica.renew(model::ReplicaId::random(random_), {});
  }
  judge_tree(lane.replica.visible());
  advance(machine, workspace);
}

void World::pull(Machine& machine, std::size_t workspace, model::Cursor after) {
  Lane& lane = machine.lanes[workspace];
  lane.pull_sent = scheduler_.now();
  lane.wants_pull = false;
  const auto ask = [this, workspace, after, limit = 1 + random_.below(30)] {
    return hub_.workspaces[workspace].pull(after, limit);
  };
  call(machine, &Lane::pull_request, workspace, ask,
       [this, &machine, workspace](Lane& at, PullAnswer& answer) {
         auto* page = std::get_if<Page>(&answer);
         if (!page) {
           at.replica.abandon_snapshot();
           at.wants_snapshot = true;
         } else if (!at.replica.staging()) {
           return take(machine, workspace, *page);
         } else if (!at.replica.stage_tail(*page)) {
           at.replica.abandon_snapshot();
         }
         advance(machine, workspace);
       });
}

void World::take_pushed(Lane& lane, PushAnswer answer) {
  if (lane.replica.id() != lane.push_replica) return; // about numbers of an id that the store gave up
  const auto renew = [&](const std::vector<Mark>& accepted) {
    lane.replica.renew(model::ReplicaId::random(random_), accepted);
    lane.pushed_through = 0;
  };
  std::visit(Overload{[&](Pushed& pushed) {
                        lane.wants_probe = false;
                        lane.wants_pull = true;
                        for (const auto& result : pushed.results)
                          lane.pushed_through = std::max(lane.pushed_through, result.n);
                        lane.replica.note_pushed(pushed);
                      },
                      [&](OtherEpoch& other) {
                        lane.wants_probe = false;
                        lane.replica.adopt(other);
                        lane.replica.abandon_snapshot();
                        lane.adopted_epoch = other.epoch;
                        lane.wants_snapshot = true;
                      },
                      [&](Forked& forked) { renew(forked.accepted); }, [&](Gap&) { renew({}); }},
             answer);
}

void World::advance_snapshot(Machine& machine, std::size_t workspace) {
  Lane& lane = machine.lanes[workspace];
  Replica& replica = lane.replica;
  if (lane.pull_request != 0 || lane.push_request != 0) return;
  lane.pull_sent = scheduler_.now();
  if (!replica.staging()) {
    const auto ask = [this, workspace, id = replica.id(), marks = replica.sent_marks()] {
      return hub_.workspaces[workspace].open_snapshot(id, marks);
    };
    return call(machine, &Lane::pull_request, workspace, ask,
                [this, &machine, workspace](Lane& at, SnapshotOpened& opened) {
                  const model::Epoch known = at.replica.cursor().epoch;
                  if (known.value != 0 && opened.epoch != known && opened.epoch != at.adopted_epoch) {
                    at.wants_snapshot = false;
                    at.wants_probe = true;
                  } else {
                    at.replica.begin_snapshot(opened);
                  }
                  advance(machine, workspace);
                });
  }
  const Replica::Staging& staging = *replica.staging();
  if (staging.end && staging.cursor >= *staging.end) {
    replica.finish_snapshot();
    lane.wants_snapshot = false;
    lane.pushed_through = 0;
    judge_tree(replica.visible());
    return advance(machine, workspace);
  }
  if (staging.end) return pull(machine, workspace, {staging.opened.epoch, staging.cursor});
  const auto ask = [this, workspace, session = staging.opened.session, key = staging.key,
                    limit = 1 + random_.below(6)] {
    return hub_.workspaces[workspace].snapshot_page(session, key, limit);
  };
  call(machine, &Lane::pull_request, workspace, ask,
       [this, &machine, workspace](Lane& at, SnapshotAnswer& answer) {
         if (const auto* page = std::get_if<SnapshotPage>(&answer))
           at.replica.stage(*page);
         else
           at.replica.abandon_snapshot();
         advance(machine, workspace);
       });
}

} // namespace memsync::model_sim
