#pragma once

#include "storage/connection.h"

namespace memsync::storage {

/// Checks that the file is ours and not newer, switches to WAL and runs the missing migrations, each in its
/// own transaction. The caller holds the writer lock. Throws DatabaseError; a refused file stays untouched.
void prepare_schema(Connection& connection, const OpenOptions& options);

} // namespace memsync::storage
