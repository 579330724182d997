#pragma once

#include <string>
#include <vector>

#include "replica/replica.h"

namespace memsync::replica {

/// One thing that is wrong with a store.
struct Damage {
  enum class Kind {
    structure, // SQLite's own: not repaired in place
    item,      // a row of a node, relationship, comment, conflict or base
    tree,      // parents, documents and their sizes
    overlay,   // what is noted about the outbox does not agree with it
    numbering, // of outbox operations or of the log
    operation, // an operation that cannot be read
    index,     // search
    told,      // a notification
  };
  Kind kind = Kind::structure;
  WorkspaceKey workspace; // 0: of the store as a whole
  std::string what;       // one sentence
};

/// Structure, row hashes, invariants and the search index of everything stored; at most 100 findings. Reads
/// everything: about a second for 100,000 memories. An error means that it could not be looked.
base::Result<std::vector<Damage>> find_damage(Replica& replica);

/// What repair would do about it, one sentence each, in the order in which it does it. `differing`:
/// workspaces whose state is not what the hub's digest says.
std::vector<std::string> plan_repair(const std::vector<WorkspaceRow>& workspaces,
                                     const std::vector<Damage>& damage,
                                     const std::vector<model::WorkspaceId>& differing);

struct Repaired {
  std::size_t set_aside = 0;               // texts that could not be read: see list_set_aside
  std::vector<model::WorkspaceId> refetch; // whose confirmed state the next sync fetches anew
  bool rebuilds_index = false;             // the search index fills again (Replica::index_some)
};

/// Carries out that plan in one transaction. No operation that can be read is lost: what waits in an outbox
/// stays there, and what cannot be read is set aside as it was found. `corrupt` when the file's structure
/// is damaged: then nothing is touched.
base::Result<Repaired> repair(Replica& replica, const std::vector<model::WorkspaceId>& differing);

} // namespace memsync::replica
