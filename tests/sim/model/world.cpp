#include "tests/sim/model/world.h"

#include <cstdio>
#include <fmt/format.h>

namespace memsync::model_sim {

using model::Operation;

namespace {

constexpr std::int64_t k_start = 1'790'000'000'000;
constexpr std::int64_t k_year = std::int64_t{365} * 24 * 3'600'000;
constexpr int k_quiet_rounds = 200;
constexpr Millis k_quiet_round = 200;

} // namespace

World::World(const RunOptions& options) : options_(options), random_(options.seed * 7919 + 13) {
  for (std::size_t i = 0; i < k_workspaces; ++i)
    hub_.workspaces.emplace_back(model::Epoch{1 + random_.below(1'000'000)});
  const std::size_t machines = 3 + random_.below(chance(30) ? 6 : 3);
  for (std::size_t i = 0; i < machines; ++i) {
    auto machine = std::make_unique<Machine>();
    machine->index = i;
    for (std::size_t w = 0; w < k_workspaces; ++w)
      machine->lanes.emplace_back(model::ReplicaId::random(random_));
    machines_.push_back(std::move(machine));
  }
}

base::Timestamp World::hub_time() const {
  return base::Timestamp(std::chrono::milliseconds(k_start + static_cast<std::int64_t>(scheduler_.now())));
}

void World::run() {
  plan();
  settle();
  judge();
}

void World::plan() {
  const Millis length = 2'000 + random_.below(3'000);
  // In some runs all clocks agree and are coarse, so that equal stamps meet.
  const bool equal_clocks = chance(25);
  for (auto& machine : machines_) {
    if (!equal_clocks) machine->skew = static_cast<std::int64_t>(random_.below(4'000)) - 2'000;
    plan_machine(*machine, length);
    if (equal_clocks || !chance(50)) continue;
    scheduler_.after(random_.below(length), [this, &m = *machine] {
      m.skew = static_cast<std::int64_t>(random_.below(2 * k_year)) - k_year;
    });
  }
  if (chance(50))
    for (int i = 0; i < 3; ++i)
      scheduler_.after(random_.below(length), [this] {
        for (HubWorkspace& workspace : hub_.workspaces)
          workspace.compact(model::Sequence{random_.below(workspace.head().value + 1)});
      });
  plan_restore(length);
  scheduler_.run_until(length);
}

void World::plan_machine(Machine& m, Millis length) {
  for (std::size_t i = 0; i < options_.edits_per_machine; ++i)
    scheduler_.after(random_.below(length), [this, &m] { edit(m); });
  for (Millis at = random_.below(200); at < length; at += 100 + random_.below(200))
    scheduler_.after(at, [this, &m] { tick(m); });
  for (int i = 0; i < 2; ++i) {
    const Millis at = random_.below(length);
    scheduler_.after(at, [this, &m] { crash(m); });
    scheduler_.after(at + random_.below(500), [&m] { m.is_running = true; });
  }
  if (!chance(60)) return;
  const Millis at = random_.below(length);
  scheduler_.after(at, [&m] { m.is_partitioned = true; });
  scheduler_.after(at + random_.below(length), [&m] { m.is_partitioned = false; });
}

/// Once per run at most: one store is put back to an older copy, or the hub to a backup.
void World::plan_restore(Millis length) {
  const Millis saved = random_.below(length / 2);
  const Millis restored = saved + 1 + random_.below(length / 2);
  if (chance(25)) {
    scheduler_.after(saved, [this] { backup_ = std::make_unique<Hub>(hub_); });
    scheduler_.after(restored, [this] { restore_hub(); });
  } else if (chance(40)) {
    Machine& m = *machines_[random_.below(machines_.size())];
    scheduler_.after(saved, [this, &m] {
      m.copied_at = ledger_.size();
      for (const Lane& lane : m.lanes) m.copy.push_back(lane.replica);
    });
    scheduler_.after(restored, [this, &m] { restore_machine(m); });
  }
}

void World::edit(Machine& machine) {
  if (!machine.is_running) return;
  const std::size_t workspace = random_.below(k_workspaces);
  Replica& replica = machine.lanes[workspace].replica;
  auto change = User(random_).act(replica.visible());
  if (!change) return;
  Operation& operation = change->operation;
  constexpr model::Strategy k_strategies[] = {model::Strategy::client_wins, model::Strategy::server_wins,
                                              model::Strategy::manual};
  if (chance(30)) operation.strategy = k_strategies[random_.below(3)];
  const std::int64_t coarse = static_cast<std::int64_t>(scheduler_.now()) / 250 * 250;
  operation.clock = model::Hlc::next(
      replica.seen_clock(), base::Timestamp(std::chrono::milliseconds(k_start + coarse + machine.skew)));
  operation.session = fmt::format("s{}", ledger_.size());
  const std::string what =
      fmt::format("machine {} writes {} of {} {} in {} at {}", machine.index, model::name_of(operation.kind),
                  operation.target.view(), operation.session, workspace, replica.cursor().sequence.value);
  const std::string session = operation.session;
  if (!replica.write(std::move(operation))) return;
  trace(what);
  judge_tree(replica.visible());
  by_session_[session] = ledger_.size();
  ledger_.push_back({machine.index, workspace, session, std::move(change->seen_text), false});
  scheduler_.after(random_.below(20), [this, &machine, workspace] {
    if (machine.is_running) advance(machine, workspace);
  });
}

void World::crash(Machine& machine) {
  ++machine.generation;
  machine.is_running = false;
  for (Lane& lane : machine.lanes) {
    Lane fresh(lane.replica.id());
    fresh.replica = std::move(lane.replica);
    lane = std::move(fresh);
  }
}

void World::restore_machine(Machine& machine) {
  if (machine.copy.empty()) return;
  trace(fmt::format("machine {} is put back to its copy", machine.index));
  crash(machine);
  for (std::size_t i = 0; i < k_workspaces; ++i) machine.lanes[i].replica = machine.copy[i];
  for (std::size_t i = machine.copied_at; i < ledger_.size(); ++i)
    if (ledger_[i].machine == machine.index) ledger_[i].is_waived = true;
  machine.is_running = true;
}

void World::restore_hub() {
  if (!backup_) return;
  trace("the hub is restored from its backup");
  hub_ = *backup_;
  for (HubWorkspace& workspace : hub_.workspaces)
    workspace.renew(model::Epoch{1'000'001 + random_.below(1'000'000)});
}

void World::settle() {
  faults_ = false;
  for (auto& machine : machines_) {
    machine->is_running = true;
    machine->is_partitioned = false;
  }
  for (int round = 0; round < k_quiet_rounds; ++round) {
    for (auto& machine : machines_) {
      for (Lane& lane : machine->lanes) lane.wants_pull = true;
      tick(*machine);
    }
    scheduler_.run_until(scheduler_.now() + k_quiet_round);
    if (is_at_rest()) return;
  }
  throw Violation{"6: the machines did not come to rest: " + unrest()};
}

void World::trace(const std::string& line) const {
  if (options_.trace) fmt::print(stderr, "{:>6} {}\n", scheduler_.now(), line);
}

} // namespace memsync::model_sim
