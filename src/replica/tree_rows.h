#pragma once

#include "replica/rows.h"
#include "storage/database.h"

namespace memsync::replica {

// Columns of nodes that follow from the tree as a whole.

/// Sets the document of every node to the root above it.
void set_documents(storage::WriteTxn& txn, Space space);
/// Counts the nodes of every document anew.
void count_documents(storage::WriteTxn& txn, Space space);

} // namespace memsync::replica
