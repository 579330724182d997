#include "tests/sim/world.h"

#include <cstdio>
#include <fmt/format.h>
#include <sqlite3.h>

#include "tests/sim/oracle.h"
#include "tests/sim/visible.h"

namespace memsync::sim {

using replica::Reconnect;
using replica::SyncNow;
using replica::Tick;

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
  open_hub();
  hub::Admin admin(clock_, random_, *store_);
  const auto owner = must(admin.init("p0@example.com", "Person 0", "Team"));
  workspaces_ = {owner.workspace, must(admin.create_workspace("p0@example.com", "Second")).id};
  std::vector<std::string> tokens{owner.token};
  const std::size_t machines = 3 + random_.below(3);
  for (std::size_t i = 1; i < machines; ++i) {
    const std::string email = fmt::format("p{}@example.com", i);
    tokens.push_back(must(admin.create_user(email, fmt::format("Person {}", i))).token);
    const auto principal = must(hub_->authenticate(tokens.back()));
    for (const model::WorkspaceId& workspace : workspaces_) {
      const auto invitation = must(admin.invite(workspace.view(), email, model::Role::admin));
      must(hub_->accept_invitation(invitation.token, "", principal, "127.0.0.1"));
    }
  }
  for (std::size_t i = 0; i < machines; ++i)
    machines_.push_back(
        std::make_unique<Machine>(*this, i, tokens[i], (folder_ / fmt::format("machine{}", i)).string()));
}

World::~World() {
  machines_.clear();
  hub_.reset();
  store_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::open_hub() {
  auto store =
      hub::SqliteStore::open({(folder_ / "hub.db").string(), "", "", 1, std::chrono::seconds(10)}, random_);
  require(store.has_value(), store ? "" : "the hub's store cannot be opened: " + store.error().message);
  store_ = *std::move(store);
  hub::HubOptions options;
  options.threads = hub::HubOptions::Threads::none;
  const hub::RateRule unlimited{1'000'000'000, 1'000'000'000};
  options.push_requests = options.push_operations = options.stream_opens = options.invitation_tries =
      unlimited;
  auto hub = hub::Hub::open(clock_, random_, *store_, broker_, options);
  require(hub.has_value(), hub ? "" : "the hub cannot be opened: " + hub.error().message);
  hub_ = *std::move(hub);
  hub_->streams().set_wake([] {});
}

/// Lets the hub hand out what was committed; what a hub with threads does by itself.
void World::pump() {
  hub_->streams().step();
  hub_->streams().dispatch();
}

void World::close_hub() {
  for (auto& machine : machines_)
    if (machine->is_running()) machine->client().cut();
  hub_.reset();
  store_.reset();
}

void World::save_hub() {
  close_hub();
  std::filesystem::remove_all(folder_ / "backup");
  std::filesystem::create_directory(folder_ / "backup");
  for (const auto& file : std::filesystem::directory_iterator(folder_))
    if (file.path().filename().string().starts_with("hub.db"))
      std::filesystem::copy(file.path(), folder_ / "backup" / file.path().filename());
  open_hub();
}

/// The hub goes back to its backup, under a new epoch as the operator's command gives it.
void World::restore_hub() {
  if (!std::filesystem::exists(folder_ / "backup")) return;
  trace("the hub is restored from its backup");
  close_hub();
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(folder_ / fmt::format("hub.db{}", suffix));
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "backup"))
    std::filesystem::copy(file.path(), folder_ / file.path().filename(),
                          std::filesystem::copy_options::overwrite_existing);
  sqlite3* database = nullptr;
  const std::string renew = fmt::format("UPDATE hub SET epoch = {}", 1 + random_.below(1'000'000'000));
  const bool renewed = sqlite3_open((folder_ / "hub.db").c_str(), &database) == SQLITE_OK &&
                       sqlite3_exec(database, renew.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  sqlite3_close(database);
  require(renewed, "the epoch cannot be renewed");
  open_hub();
}

void World::plan() {
  const Millis length = 20'000 + random_.below(20'000);
  for (auto& machine : machines_) plan_machine(*machine, length);
  plan_restore(length);
  for (Millis at = 0; at < length + 200'000; at += 250) scheduler_.after(at, [this] { pump(); });
  scheduler_.run_until(length);
}

void World::plan_machine(Machine& m, Millis length) {
  m.clock().set_skew(static_cast<std::int64_t>(random_.below(2'000'000)) - 1'000'000);
  m.start();
  for (std::size_t i = 0; i < options_.edits_per_machine; ++i)
    scheduler_.after(random_.below(length), [&m] { m.edit(); });
  for (int i = 0; i < 10; ++i)
    scheduler_.after(random_.below(length), [this, &m] { VisibleJudge(*this).judge(m); });
  for (int i = 0; i < 2; ++i) {
    const Millis at = random_.below(length);
    scheduler_.after(at, [&m] { m.crash(); });
    scheduler_.after(at + random_.below(3'000), [&m] {
      if (!m.is_running()) m.start();
    });
  }
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
}

void World::plan_restore(Millis length) {
  const Millis saved = random_.below(length / 2);
  const Millis restored = saved + 1 + random_.below(length / 2);
  if (chance(25)) {
    scheduler_.after(saved, [this] { save_hub(); });
    scheduler_.after(restored, [this] { restore_hub(); });
  } else if (chance(40)) {
    Machine& m = *machines_[random_.below(machines_.size())];
    scheduler_.after(saved, [&m] { m.save_copy(); });
    scheduler_.after(restored, [this, &m] {
      trace(fmt::format("machine {} is put back to its copy", m.index()));
      m.restore_copy();
    });
  }
}

/// No more faults: within a bounded number of rounds everything must come to rest.
void World::settle() {
  faults_ = false;
  for (auto& machine : machines_) {
    machine->is_partitioned = false;
    if (!machine->is_running()) machine->start();
  }
  for (Millis round = 0; round < k_quiet_rounds; ++round) {
    for (auto& machine : machines_) machine->post(SyncNow{});
    scheduler_.run_until(scheduler_.now() + k_quiet_round);
    if (Oracle(*this).is_at_rest()) return;
  }
  throw Violation{"the machines did not come to rest: " + Oracle(*this).unrest()};
}

void World::run() {
  for (auto& machine : machines_) std::filesystem::create_directories(machine->folder);
  plan();
  settle();
  Oracle(*this).judge();
}

void World::trace(const std::string& line) {
  if (options_.trace) fmt::print(stderr, "{:>7} {}\n", scheduler_.now(), line);
}

} // namespace memsync::sim
