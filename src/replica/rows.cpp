#include "replica/rows.h"

namespace memsync::replica {

std::string_view name_of(SyncState state) {
  switch (state) {
    case SyncState::synced: return "synced";
    case SyncState::pending: return "pending";
    case SyncState::conflict: return "conflict";
  }
  return {};
}

std::string_view name_of(PendingState state) {
  switch (state) {
    case PendingState::queued: return "queued";
    case PendingState::sending: return "sending";
    case PendingState::parked: return "parked";
    case PendingState::rejected: return "rejected";
  }
  return {};
}

} // namespace memsync::replica
