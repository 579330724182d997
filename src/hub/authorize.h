#pragma once

#include "hub/answer.h"
#include "hub/store.h"

namespace memsync::hub {

/// Who a secret stands for, and whether its use is to be noted.
struct Authenticated {
  Principal principal;
  bool is_use_due = false;
};
/// Of an API token, an access token or the cookie of a browser; `unauthenticated`, the same for every
/// reason.
Answer<Authenticated> authenticate(StoreReader& reader, std::string_view secret, base::Timestamp now);

/// `permission` for a token that stands for less than its owner: it must not widen itself.
Answer<> require_whole(const Principal& principal);

/// The one decision who may do what where, made from what the store says at this moment: the token must
/// still be valid and cover the workspace and the permission, the role must allow it. The role then.
///
/// `unauthenticated` for a revoked or expired token; `not_found` for strangers, who do not learn that the
/// workspace exists; `removed` with the proof for a former member; `permission` naming what is missing.
Answer<model::Role> authorize(StoreReader& reader, const Principal& principal, model::Permission permission,
                              const model::WorkspaceId& workspace, base::Timestamp now);

/// True when the role and the token allow it; for the decisions on single operations.
bool is_allowed(const Principal& principal, model::Role role, model::Permission permission);

/// The failure that names a missing permission.
base::Error missing(model::Permission permission);

} // namespace memsync::hub
