#include "tests/sim/machine.h"

#include <filesystem>
#include <fmt/format.h>

#include "tests/sim/user.h"
#include "tests/sim/world.h"

namespace memsync::sim {

Machine::Machine(World& world, std::size_t index, std::string token, hub::Principal principal,
                 std::string folder)
    : world_(world),
      index_(index),
      token_(std::move(token)),
      principal_(std::move(principal)),
      folder_(std::move(folder)),
      clock_(world.scheduler()),
      random_(world.random().next()),
      disk_(world.random().next()) {}

Machine::~Machine() = default;

void Machine::start() {
  if (is_running()) return;
  process_ = std::make_unique<vfs::Process>(disk_);
  auto opened =
      replica::Replica::open({folder_, storage::Access::read_write, process_->vfs()}, clock_, random_);
  require(opened.has_value(), opened ? "" : "19: a store cannot be opened: " + opened.error().message);
  replica_ = *std::move(opened);
  client_ = std::make_unique<SimHubClient>(world_, *this);
  engine_ = std::make_unique<replica::Engine>(*replica_, *client_, replica::Engine::Options{0, 20});
  next_wake_ = 0;
  post(replica::Tick{});
}

void Machine::start_later(Millis delay) {
  world_.scheduler().after(delay, [this] { start(); });
}

void Machine::crash() { end_process(); }

void Machine::arm(const vfs::Fault& fault) {
  if (is_running()) disk_.arm(fault);
}

void Machine::end_process() {
  ++incarnation_;
  engine_.reset();
  client_.reset();
  replica_.reset();
  process_.reset();
  disk_.heal();
  strikes_ = disk_.strikes();
  if (disk_.has_power()) return;
  disk_.power_on(random_.next());
  std::filesystem::remove(folder_ + "/memory.db.lock"); // its notes last until the system restarts
}

bool Machine::survives(bool has_failed) {
  const bool was_struck = std::exchange(strikes_, disk_.strikes()) != disk_.strikes();
  if (process_->is_alive() && !(has_failed && was_struck)) return true;
  world_.trace(fmt::format("machine {} {}", index_,
                           !process_->is_alive() ? disk_.has_power() ? "was killed" : "lost its power"
                                                 : "gave up after a fault of its disk"));
  end_process();
  start_later(1 + world_.random().below(2'000));
  return false;
}

void Machine::post(replica::EngineMessage message) {
  // By way of the scheduler, as messages cross threads: never from inside the engine's own step.
  world_.scheduler().after(0, [this, incarnation = incarnation_, message = std::move(message)] {
    if (incarnation == incarnation_ && is_running()) step(message);
  });
}

void Machine::step(replica::EngineMessage message) {
  auto wake = engine_->step(std::move(message));
  if (!survives(!wake)) return;
  require(wake.has_value(),
          wake ? "" : fmt::format("the engine of machine {} failed: {}", index_, wake.error().message));
  require(engine_->counters().mismatches == 0,
          fmt::format("25: the state of machine {} differs from the hub's digest", index_));
  wake_at(*wake);
}

void Machine::wake_at(base::Instant instant) {
  const Millis due = std::max(SimClock::at(instant), world_.scheduler().now() + 1);
  if (next_wake_ > world_.scheduler().now() && next_wake_ <= due) return;
  next_wake_ = due;
  world_.scheduler().after(due - world_.scheduler().now(), [this, due, incarnation = incarnation_] {
    if (incarnation == incarnation_ && next_wake_ == due) step(replica::Tick{});
  });
}

void Machine::edit() {
  if (!is_running()) return;
  const std::uint64_t strikes = disk_.strikes();
  const bool has_failed = !User(world_, *this).act([&] { return disk_.strikes() > strikes; });
  if (survives(has_failed)) post(replica::LocalCommit{});
}

void Machine::save_copy() { copy_ = Copy{disk_.image(), world_.ledger().size()}; }

void Machine::restore_copy() {
  if (!copy_) return;
  was_restored_ = true;
  end_process();
  // What was acknowledged since the copy and never reached the hub is gone with the disk it was on.
  for (std::size_t i = copy_->at; i < world_.ledger().size(); ++i)
    if (world_.ledger()[i].machine == index_) world_.ledger()[i].is_waived = true;
  disk_.restore(copy_->image);
  start();
}

} // namespace memsync::sim
