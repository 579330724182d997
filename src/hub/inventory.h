#pragma once

#include <map>
#include <string>
#include <vector>

#include "hub/store.h"

namespace memsync::hub {

/// Who and what a hub knows beside its logs, as lines for people by a key that two copies share. The clients
/// refill the logs of a hub restored from a backup; this they cannot refill.
struct Inventory {
  std::map<std::string, std::string> people, workspaces, memberships, invitations, tokens;
  std::map<std::string, model::Role> roles;           // by the key of the membership
  std::map<std::string, std::string> password_hashes; // by the key of the account
  base::Timestamp newest;                             // of what happened last here
};

Inventory take_inventory(StoreReader& reader, base::Timestamp now);

/// How a backup differs from the hub it replaces; each line names one thing.
struct Difference {
  std::vector<std::string> missing;  // made after the backup: unknown to the restored hub
  std::vector<std::string> returned; // ended after the backup (removed, revoked, used): valid again
  std::vector<std::string> changed;  // a role or password that was another one: the earlier is valid again
};
Difference compare(const Inventory& replaced, const Inventory& backup);

} // namespace memsync::hub
