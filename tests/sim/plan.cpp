// What happens in a run, and when.

#include <fmt/format.h>

#include "tests/sim/visible.h"
#include "tests/sim/world.h"

namespace memsync::sim {

using vfs::Fault;

void World::plan() {
  const Millis length = 20'000 + random_.below(20'000);
  for (auto& machine : machines_) plan_machine(*machine, length);
  for (std::size_t person = 1; person < machines_.size(); ++person) plan_membership(person, length);
  plan_hub(length);
  plan_restore(length);
  for (Millis at = 0; at < length + 200'000; at += 250) scheduler_.after(at, [this] { pump(); });
  scheduler_.run_until(length);
}

void World::plan_machine(Machine& m, Millis length) {
  m.clock().set_skew(static_cast<std::int64_t>(random_.below(2'000'000)) - 1'000'000);
  m.start();
  for (std::size_t i = 0; i < options_.edits / machines_.size(); ++i)
    scheduler_.after(random_.below(length), [&m] { m.edit(); });
  for (int i = 0; i < 5; ++i)
    scheduler_.after(random_.below(length), [this, &m] { VisibleJudge(*this).judge(m); });
  if (chance(60)) {
    const Millis at = random_.below(length);
    scheduler_.after(at, [&m] { m.is_partitioned = true; });
    scheduler_.after(at + random_.below(length / 2), [&m] { m.is_partitioned = false; });
  }
  for (int i = 0; i < 3; ++i)
    scheduler_.after(random_.below(length), [&m] {
      if (m.is_running()) m.client().cut();
    });
  constexpr std::int64_t k_year = std::int64_t{365} * 24 * 3'600'000;
  scheduler_.after(random_.below(length), [this, &m] {
    m.clock().set_skew(static_cast<std::int64_t>(random_.below(2 * k_year)) - k_year);
  });
  plan_disk_faults(m, length);
}

/// A process dies between two of its transactions, or at any write or sync inside one; with or without the
/// power. And its disk fails for a while, or is full.
void World::plan_disk_faults(Machine& m, Millis length) {
  const Millis crash = random_.below(length);
  scheduler_.after(crash, [&m] { m.crash(); });
  scheduler_.after(crash + random_.below(3'000), [&m] { m.start(); });
  for (int i = 0; i < 3; ++i) {
    const auto kind = chance(70) ? Fault::Kind::power_cut : Fault::Kind::kill;
    const std::uint64_t point = 1 + random_.below(40);
    scheduler_.after(random_.below(length), [&m, kind, point] { m.arm({kind, point, false}); });
  }
  if (chance(40)) {
    const auto kind = chance(50) ? Fault::Kind::io_error : Fault::Kind::full;
    const Fault fault{kind, 1 + random_.below(20), chance(30)};
    const Millis at = random_.below(length);
    scheduler_.after(at, [&m, fault] { m.arm(fault); });
    scheduler_.after(at + random_.below(4'000), [&m] { m.heal(); });
  }
}

void World::plan_hub(Millis length) {
  for (int i = 0; i < 2; ++i) {
    const auto kind = chance(70) ? Fault::Kind::power_cut : Fault::Kind::kill;
    const std::uint64_t point = 1 + random_.below(60);
    scheduler_.after(random_.below(length), [this, kind, point] { site_->arm({kind, point, false}); });
  }
  if (chance(40)) {
    const Fault fault{chance(50) ? Fault::Kind::io_error : Fault::Kind::full, 1 + random_.below(40),
                      chance(30)};
    const Millis at = random_.below(length);
    scheduler_.after(at, [this, fault] { site_->arm(fault); });
    scheduler_.after(at + random_.below(4'000), [this] { site_->heal(); });
  }
  if (chance(50))
    for (int i = 0; i < 2; ++i) scheduler_.after(random_.below(length), [this] { compact(); });
}

void World::plan_restore(Millis length) {
  const auto moments = [this](Millis within) {
    const Millis saved = random_.below(within / 2);
    return std::pair(saved, saved + 1 + random_.below(within / 2));
  };
  if (chance(25)) {
    const auto [saved, restored] = moments(length);
    scheduler_.after(saved, [this] {
      if (is_hub_up())
        for (const model::WorkspaceId& workspace : workspaces_) archive(workspace);
      if (is_hub_up()) site_->save_backup();
    });
    const bool was_wrong = restored % 3 == 0;
    scheduler_.after(restored, [this, was_wrong] {
      if (was_wrong && is_hub_up()) {
        for (const model::WorkspaceId& workspace : workspaces_) archive(workspace);
        if (is_hub_up()) site_->set_aside();
      }
      restore_hub();
    });
    if (was_wrong)
      scheduler_.after(restored + (length - restored) / 2, [this] {
        site_->take_back();
        restore_hub();
      });
  }
  if (chance(40)) {
    const auto [saved, restored] = moments(length);
    Machine& m = *machines_[random_.below(machines_.size())];
    scheduler_.after(saved, [&m] { m.save_copy(); });
    scheduler_.after(restored, [this, &m] {
      trace(fmt::format("machine {} is put back to its copy", m.index()));
      m.restore_copy();
    });
  }
}

} // namespace memsync::sim
