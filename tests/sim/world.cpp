#include "tests/sim/world.h"

#include <cstdio>
#include <fmt/format.h>

#include "tests/sim/oracle.h"

namespace memsync::sim {

namespace {

template <class T>
T must(hub::Answer<T> answer) {
  require(answer.has_value(), answer ? "" : "setting up: " + answer.error().detail);
  return *std::move(answer);
}

constexpr Millis k_quiet_rounds = 120;
constexpr Millis k_quiet_round = 1'000;

} // namespace

World::World(const RunOptions& options, const std::filesystem::path& folder)
    : options_(options), folder_(folder), clock_(scheduler_), random_(options.seed * 7919 + 13) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  site_ = std::make_unique<HubSite>(clock_, random_, folder_);
  hub::Admin admin(clock_, random_, site_->store());
  const auto begun = must(admin.init("p0@example.com", "Person 0", "Team"));
  workspaces_ = {begun.workspace, must(admin.create_workspace("p0@example.com", "Second")).id};
  add_person(0, begun.token);
  const std::size_t machines = 3 + random_.below(6);
  for (std::size_t i = 1; i < machines; ++i) {
    const std::string email = fmt::format("p{}@example.com", i);
    add_person(i, must(admin.create_user(email, fmt::format("Person {}", i))).token);
    for (const model::WorkspaceId& workspace : workspaces_) {
      const auto invitation =
          must(admin.invite(workspace.view(), email, chance(70) ? model::Role::admin : model::Role::member));
      must(hub().accept_invitation(invitation.token, "", machines_.back()->principal(), "127.0.0.1"));
    }
  }
}

void World::add_person(std::size_t index, const std::string& token) {
  machines_.push_back(std::make_unique<Machine>(*this, index, token, must(hub().authenticate(token)),
                                                (folder_ / fmt::format("machine{}", index)).string()));
}

World::~World() {
  for (auto& machine : machines_) machine->crash();
  site_->stop();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// --- the hub ---

void World::pump() {
  if (!is_hub_up()) return;
  site_->pump();
  hub_survives();
}

bool World::hub_survives() {
  if (!site_->has_died()) return true;
  trace("the hub died");
  stop_hub();
  start_hub_later(1 + random_.below(3'000));
  return false;
}

void World::stop_hub() {
  for (auto& machine : machines_)
    if (machine->is_running()) machine->client().cut();
  site_->stop();
}

void World::start_hub_later(Millis delay) {
  scheduler_.after(delay, [this] {
    if (!is_hub_up()) site_->start();
  });
}

/// The hub goes back to its backup. Whoever was removed or came since then is as they were at its time.
void World::restore_hub() {
  if (!site_->has_backup()) return;
  trace("the hub is restored from its backup");
  stop_hub();
  site_->restore_backup();
  removed_at_.clear();
  // A replica that was deleted since then cannot refill the log any more.
  for (Acknowledged& operation : ledger_)
    if (ever_removed_.contains({machines_[operation.machine]->principal().user, operation.workspace}))
      operation.is_waived = true;
}

void World::compact() {
  if (!is_hub_up()) return;
  for (const model::WorkspaceId& workspace : workspaces_) archive(workspace);
  const auto noted = hub().note_cursors();
  const auto done = hub().compact();
  if (hub_survives() && noted && done) trace(fmt::format("compacted {} entries", done->entries));
}

// --- the run ---

/// No more faults: within a bounded number of rounds everything must come to rest.
void World::settle() {
  faults_ = false;
  site_->heal();
  for (auto& machine : machines_) {
    machine->is_partitioned = false;
    machine->heal();
    machine->start();
  }
  if (!is_hub_up()) site_->start();
  for (Millis round = 0; round < k_quiet_rounds; ++round) {
    for (auto& machine : machines_) machine->post(replica::SyncNow{});
    scheduler_.run_until(scheduler_.now() + k_quiet_round);
    if (Oracle(*this).is_at_rest()) return;
  }
  throw Violation{"6: the machines did not come to rest: " + Oracle(*this).unrest()};
}

void World::run() {
  plan();
  settle();
  Oracle(*this).judge();
}

void World::trace(const std::string& line) {
  if (options_.trace) fmt::print(stderr, "{:>7} {}\n", scheduler_.now(), line);
}

} // namespace memsync::sim
