#include "tests/sim/hub_site.h"

#include "hub/backends/sqlite_store.h"
#include "tests/sim/violation.h"

namespace memsync::sim {

HubSite::HubSite(base::Clock& clock, base::Random& random, const std::filesystem::path& folder)
    : clock_(clock), random_(random), path_((folder / "hub.db").string()), disk_(random.next()) {
  start();
}

void HubSite::start() {
  process_ = std::make_unique<vfs::Process>(disk_);
  auto store = hub::SqliteStore::open({path_, process_->vfs(), "", 1, std::chrono::seconds(10)}, random_);
  require(store.has_value(), store ? "" : "19: the hub's store cannot be opened: " + store.error().message);
  store_ = *std::move(store);
  hub::HubOptions options;
  options.threads = hub::HubOptions::Threads::none;
  const hub::RateRule unlimited{1e9, 1e9};
  options.push_requests = options.push_operations = options.stream_opens = options.invitation_tries =
      unlimited;
  // A run lasts for a minute: the log is compacted below what everybody read who was seen in it, or below
  // everything, so that whoever was away finds the floor above the cursor.
  options.compaction.log_kept = std::chrono::hours(0);
  options.compaction.replica_awaited = std::chrono::hours(random_.below(2));
  auto hub = hub::Hub::open(clock_, random_, *store_, broker_, options);
  require(hub.has_value(), hub ? "" : "19: the hub cannot be opened: " + hub.error().message);
  hub_ = *std::move(hub);
  hub_->streams().set_wake([] {});
}

void HubSite::stop() {
  hub_.reset();
  store_.reset();
  process_.reset();
  disk_.heal();
  if (disk_.has_power()) return;
  disk_.power_on(random_.next());
  std::filesystem::remove(path_ + ".lock"); // its notes last until the system restarts
}

void HubSite::pump() {
  hub_->streams().step();
  hub_->streams().dispatch();
}

const LogArchive& HubSite::archive(const hub::Principal& owner, const model::WorkspaceId& workspace) {
  LogArchive& archive = archives_[workspace];
  for (;;) {
    const auto page = hub_->pull(owner, workspace, {{hub_->epoch(), model::Sequence{archive.head()}}, 500});
    require(page.has_value(), page ? "" : "the log cannot be read: " + page.error().detail);
    for (const std::string& entry : page->entries) archive.append(entry);
    if (!page->range.more) return archive;
  }
}

void HubSite::save_backup() { backup_ = Backup{disk_.image(), archives_}; }

void HubSite::restore_backup() {
  disk_.restore(backup_->image);
  archives_ = backup_->archives;
  start();
  const model::Epoch epoch{std::max<std::uint64_t>(random_.next(), 1)};
  const auto renewed = store_->write(
      [&](hub::StoreTxn& txn) -> base::Result<> { return txn.renew_epoch(epoch), base::Result<>(); });
  require(renewed.has_value(), "the epoch cannot be renewed");
  stop();
  start();
}

} // namespace memsync::sim
