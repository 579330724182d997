#pragma once

#include <string>
#include <vector>

#include "model/notification.h"
#include "replica/replica.h"

namespace memsync::replica {

/// Marks these as read, here at once and on the hub with the next sync; unknown ones are passed over. How
/// many were unread.
base::Result<std::size_t> mark_read(Replica& replica, const std::vector<model::NotificationId>& ids);

/// The same for all that are here.
base::Result<std::size_t> mark_all_read(Replica& replica);

/// The ids of those that cannot be read.
std::vector<std::string> find_damaged_notifications(storage::ReadTxn& txn);
/// Forgets these, and has all fetched again with the next sync.
void drop_damaged_notifications(storage::WriteTxn& txn);

} // namespace memsync::replica
