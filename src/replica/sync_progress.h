#pragma once

#include <map>
#include <string>

#include "replica/reader.h"

namespace memsync::replica {

/// How far the sync of some workspaces has come since it was first looked at. Read from the store, so that it
/// is right whichever process syncs, and goes on where a killed one left off.
class SyncProgress {
 public:
  /// What there is to see now. Never falls back while a workspace keeps its log.
  void look(storage::ReadTxn& txn, const std::vector<WorkspaceRow>& workspaces);

  /// Own changes that were handed to the hub since the first look, and those still to be.
  std::size_t sent() const { return sent_; }
  std::size_t unsent() const { return unsent_; }
  /// Entries of the hub's log that were applied since then, own changes among them, and those known and not
  /// applied.
  std::size_t received() const { return received_; }
  std::size_t unreceived() const { return unreceived_; }
  /// Notes of a first copy that are here; how many there will be is not known.
  std::size_t copied() const { return copied_; }

  /// Steps done and, unless a first copy is under way, all there are: a change of ours is sent and received.
  double steps_done() const { return static_cast<double>(sent_ + received_ + copied_); }
  std::optional<double> all_steps() const;

  /// "sent 200 of 1000, received 30 of 50": for people, in lower case, without what there is none of; empty
  /// when there is nothing to tell.
  std::string describe() const;

 private:
  struct Start {
    model::ReplicaId replica;
    std::uint64_t first_unsent = 0;
    model::Cursor cursor;
  };
  std::map<model::WorkspaceId, Start> starts_;
  std::size_t sent_ = 0, unsent_ = 0, received_ = 0, unreceived_ = 0, copied_ = 0;
};

} // namespace memsync::replica
