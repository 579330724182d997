#pragma once

#include "replica/damage.h"
#include "tests/crash/team.h"

namespace memsync::crash {

/// A replica's store: local edits, a first sync, its own and other people's rows of the log, rejected work, a
/// new log, a fork, a snapshot, fetched history, the search index, checkpoints, the doctor, a removal.
class ReplicaWorkload final : public Workload {
 public:
  ReplicaWorkload();

  std::string name() const override { return "replica"; }
  std::string path() const override { return folder_.file("home/memory.db"); }
  base::Result<std::unique_ptr<Subject>> open(const std::string& vfs) override;
  base::Result<> write_one(Subject& subject) override;

 private:
  struct Open;
  static replica::Replica& replica_of(Subject& subject);
  static replica::SyncStore store_of(Subject& subject) { return {replica_of(subject), 0}; }

  void record_local_work();
  void record_first_sync();
  void record_team_work();
  void record_rejection();
  void record_recovery();
  void record_upkeep();

  // Of the team, each some steps.
  void record_snapshot();
  void record_push();
  void record_pull();
  void record_edit(const model::WorkspaceId& workspace, std::string name,
                   std::function<base::Result<>(replica::Editor&)> change);
  model::NodeId record_creation(const model::WorkspaceId& workspace, std::string title,
                                const model::NodeId& parent = {});
  void adopt_account(const std::string& name);
  replica::WorkspaceRow team_row();

  vfs::Disk other_disk_{2};
  vfs::Process others_{other_disk_};
  std::unique_ptr<HubOnDisk> hub_;
  hub::Principal olga_, mary_; // Mary's store is under test
  model::WorkspaceId team_;
  std::unique_ptr<Peer> olgas_;
};

} // namespace memsync::crash
