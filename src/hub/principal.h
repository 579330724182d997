#pragma once

#include <bitset>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/permissions.h"

namespace memsync::hub {

using TokenId = base::Id<struct TokenTag>;
using InvitationId = base::Id<struct InvitationTag>;
using SessionId = base::Id<struct SessionTag>;

/// A set of permissions, such as what a token may be used for.
class PermissionSet {
 public:
  PermissionSet() = default;
  static PermissionSet all() {
    PermissionSet set;
    set.bits_.set();
    return set;
  }
  PermissionSet& add(model::Permission permission) {
    return bits_.set(static_cast<std::size_t>(permission)), *this;
  }
  bool has(model::Permission permission) const { return bits_.test(static_cast<std::size_t>(permission)); }
  bool is_all() const { return bits_.all(); }
  /// True when everything here is in `other`, too.
  bool is_within(const PermissionSet& other) const { return (bits_ & ~other.bits_).none(); }
  bool operator==(const PermissionSet&) const = default;

 private:
  std::bitset<model::EnumNames<model::Permission>::names.size()> bits_;
};

/// Who asks: a person, through one of their API tokens or signed in. Made only from a valid secret, and a
/// snapshot: what it allows is looked up again by every request and before every event of a stream.
struct Principal {
  model::UserId user;
  TokenId token;                               // empty: signed in, in `session`
  SessionId session;                           // empty: by `token`
  PermissionSet scopes = PermissionSet::all(); // the token's; the role in the workspace limits them further
  std::vector<model::WorkspaceId> workspaces;  // the token works only there; empty: everywhere
  std::optional<base::Timestamp> expires_at;
  /// What limits count by.
  std::string_view key() const { return session.is_empty() ? token.view() : session.view(); }
  /// True when it stands for the person with everything they may do.
  bool is_whole() const { return scopes.is_all() && workspaces.empty(); }
  bool operator==(const Principal&) const = default;
};

} // namespace memsync::hub
