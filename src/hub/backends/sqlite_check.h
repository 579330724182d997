#pragma once

#include "hub/store.h"
#include "storage/database.h"

namespace memsync::hub {

/// Reads all content and adds what is wrong with it to the report: row hashes, columns that repeat parts of
/// a state, gapless logs with one result per operation, members that exist, and for every log that was
/// never compacted that its entries add up to the stored nodes.
void check_contents(storage::ReadTxn& txn, CheckReport& report);

} // namespace memsync::hub
