#pragma once

#include "replica/rows.h"
#include "storage/database.h"

namespace memsync::replica {

/// Makes the items of the local workspace readable again, of which no hub has a copy. A damaged row is set
/// aside as it was found; what can still be read of it stays in place, a node at least with its title,
/// place and the content that the search index kept. Orphans become documents. How many were set aside.
std::size_t salvage_items(storage::WriteTxn& txn, const WorkspaceRow& local, base::Timestamp now);

} // namespace memsync::replica
