#pragma once

#include "tests/crash/team.h"

namespace memsync::crash {

/// A hub's store: people and memberships, pushes of every kind, a snapshot, compaction, checkpoints.
class HubWorkload final : public Workload {
 public:
  HubWorkload();

  std::string name() const override { return "hub"; }
  std::string path() const override { return folder_.file("hub.db"); }
  base::Result<std::unique_ptr<Subject>> open(const std::string& vfs) override;
  base::Result<> write_one(Subject& subject) override;

 private:
  struct Open;
  static HubOnDisk& hub_of(Subject& subject);
  hub::Hub& live_hub() { return *hub_of(live()).hub; }
  hub::Admin admin_of(Subject& subject) { return {clock_, random_, *hub_of(subject).store}; }

  void record_people();
  hub::Principal record_joining(const std::string& email, model::Role role);
  void record_pushes();
  void record_push(Peer& peer, const hub::Principal& principal, const std::string& name);
  void record_memberships();
  void record_compaction();

  vfs::Disk peers_disk_{2};
  vfs::Process peers_{peers_disk_};
  hub::Principal olga_, mary_;
  model::WorkspaceId team_;
  std::unique_ptr<Peer> olgas_, marys_;
};

} // namespace memsync::crash
