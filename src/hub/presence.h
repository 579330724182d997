#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/presence.h"

namespace memsync::hub {

class StoreReader;

/// Only members are shown: somebody who was removed may still have reported a moment ago.
void keep_members(StoreReader& reader, const model::WorkspaceId& workspace,
                  std::vector<model::PresentMember>& present);

/// Who is here, of this hub's memory only: nothing of it is stored. Whoever is not heard of for 60 s has
/// left. Thread-safe.
class PresenceBook {
 public:
  static constexpr std::chrono::seconds k_stale{60};
  static constexpr std::size_t k_sessions_of_user = 50; // more are not taken
  static constexpr std::size_t k_listed = 100;          // so that one event holds them

  /// What one reporter says of its sessions; those it named before and does not name now have left. How many
  /// were taken.
  std::size_t report(const model::UserId& user, const std::string& name, const std::string& reporter,
                     const std::vector<model::Presence>& sessions, base::Timestamp now);
  /// Forgets what this person does in workspaces other than these.
  void keep_only(const model::UserId& user, const std::set<model::WorkspaceId>& workspaces);

  /// The most active first, then by name and session; at most k_listed.
  std::vector<model::PresentMember> list(const model::WorkspaceId& workspace, base::Timestamp now);

  /// Workspaces in which something others see has changed since the last call, or somebody became stale.
  /// Being heard of again without a change is none.
  std::set<model::WorkspaceId> take_changed(base::Timestamp now);
  /// They could not be told.
  void put_back(const std::set<model::WorkspaceId>& changed);

 private:
  struct Entry {
    std::string name;
    model::Presence presence;
    base::Timestamp last_seen;
  };
  using Reporter = std::pair<model::UserId, std::string>;

  std::mutex mutex_;
  std::map<Reporter, std::vector<Entry>> entries_; // guarded by mutex_
  std::set<model::WorkspaceId> changed_;           // guarded by mutex_
};

} // namespace memsync::hub
