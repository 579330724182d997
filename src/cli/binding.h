#pragma once

#include <string_view>

#include "replica/replica.h"
#include "wire/hub_messages.h"

namespace memsync::cli {

/// A store belongs to one person on one hub, for good: two accounts in one file would mix what must stay
/// apart. Both functions refuse another hub or person with `permission` and the advice to use another
/// MEMSYNC_HOME. `hub` is Endpoint::str().

/// Binds an unbound store to the hub; does nothing when it is bound to it already.
base::Result<> bind_store(replica::Replica& replica, std::string_view hub);

/// Changes nothing: whether a login of this person at this hub fits the store.
base::Result<> check_binding(replica::Replica& replica, std::string_view hub, const model::UserId& user);

} // namespace memsync::cli
