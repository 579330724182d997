#include <fmt/format.h>

#include "tests/sim/user.h"
#include "tests/sim/world.h"

namespace memsync::sim {

namespace fs = std::filesystem;

Machine::Machine(World& world, std::size_t index, std::string token, std::string store)
    : folder(std::move(store)),
      world_(world),
      index_(index),
      token_(std::move(token)),
      clock_(world.scheduler()),
      random_(world.random().next()) {}

Machine::~Machine() = default;

void Machine::start() {
  auto opened = replica::Replica::open({folder, storage::Access::read_write, ""}, clock_, random_);
  require(opened.has_value(), opened ? "" : "a store cannot be opened: " + opened.error().message);
  replica_ = *std::move(opened);
  client_ = std::make_unique<SimHubClient>(world_, *this);
  engine_ = std::make_unique<replica::Engine>(*replica_, *client_, replica::Engine::Options{0, 20});
  ++incarnation_;
  next_wake_ = 0;
  post(replica::Tick{});
}

void Machine::crash() {
  ++incarnation_;
  engine_.reset();
  client_.reset();
  replica_.reset();
}

void Machine::post(replica::EngineMessage message) {
  // By way of the scheduler, as messages cross threads: never from inside the engine's own step.
  world_.scheduler().after(0, [this, incarnation = incarnation_, message = std::move(message)] {
    if (incarnation == incarnation_) step(message);
  });
}

void Machine::step(replica::EngineMessage message) {
  auto wake = engine_->step(std::move(message));
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
  User(world_, *this).act();
  post(replica::LocalCommit{});
}

void Machine::save_copy() {
  const bool was_running = is_running();
  crash();
  fs::remove_all(folder + ".copy");
  fs::copy(folder, folder + ".copy", fs::copy_options::recursive);
  copied_at_ = world_.ledger().size();
  if (was_running) start();
}

void Machine::restore_copy() {
  if (!fs::exists(folder + ".copy")) return;
  was_restored_ = true;
  crash();
  // What was acknowledged since the copy and never reached the hub is gone with the disk it was on.
  for (std::size_t i = copied_at_; i < world_.ledger().size(); ++i)
    if (world_.ledger()[i].machine == index_) world_.ledger()[i].is_waived = true;
  fs::remove_all(folder);
  fs::copy(folder + ".copy", folder, fs::copy_options::recursive);
  start();
}

} // namespace memsync::sim
