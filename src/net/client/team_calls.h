#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/notification.h"
#include "model/presence.h"
#include "net/client/connection.h"
#include "wire/hub_messages.h"

namespace memsync::net::client {

/// A workspace of the caller.
struct TeamInfo {
  model::WorkspaceId id;
  model::WorkspaceKind kind = model::WorkspaceKind::team;
  std::string name, slug; // a personal workspace has no slug
  model::Role role = model::Role::member;
  std::vector<wire::MemberInfo> members;
};

/// An invitation, sent or made.
struct InvitationRow {
  std::string id, email, role, expires_at, status;
  std::string token, url, mail; // only of one that was just made
};

/// An API token of the caller.
struct TokenRow {
  std::string id, name, created_at, last_used_at, expires_at, revoked_at;
  std::vector<std::string> scopes, workspaces;
  std::string secret; // only of one that was just made
};

/// Whether the caller wants to hear of each kind.
using NotificationChoices = std::map<model::NotificationKind, bool>;

/// The hub's routes about teams, tokens and the caller's choices, called one at a time while a person waits.
/// Blocking. Failures carry the hub's code; `offline` when it could not be reached.
class TeamCalls {
 public:
  /// Fails with `validation` when the access cannot be used.
  static base::Result<TeamCalls> make(HubAccess access);

  base::Result<std::vector<TeamInfo>> teams();
  /// Without a slug the hub makes one of the name.
  base::Result<TeamInfo> create(std::string_view name, std::string_view slug);
  /// Who is there at this moment, the most active first.
  base::Result<std::vector<model::PresentMember>> present(const model::WorkspaceId& team);
  base::Result<> rename(const model::WorkspaceId& team, std::string_view name);
  /// `confirmed_name` must be its exact name.
  base::Result<> remove(const model::WorkspaceId& team, std::string_view confirmed_name);
  base::Result<> leave(const model::WorkspaceId& team);
  base::Result<> set_role(const model::WorkspaceId& team, const model::UserId& user, std::string_view role);
  base::Result<> remove_member(const model::WorkspaceId& team, const model::UserId& user);
  /// `expires_at` may be empty.
  base::Result<InvitationRow> invite(const model::WorkspaceId& team, std::string_view email,
                                     std::string_view role, std::string_view expires_at);
  base::Result<std::vector<InvitationRow>> invitations(const model::WorkspaceId& team);
  base::Result<> revoke_invitation(const model::WorkspaceId& team, std::string_view id);

  base::Result<std::vector<TokenRow>> tokens();
  struct TokenWish {
    std::string name, expires_at;                // empty: never
    std::vector<std::string> scopes, workspaces; // empty: all
  };
  base::Result<TokenRow> create_token(const TokenWish& wish);
  base::Result<> revoke_token(std::string_view id);

  base::Result<NotificationChoices> notification_choices();
  /// Changes the kinds given; all of them as they are then.
  base::Result<NotificationChoices> choose_notifications(const NotificationChoices& wanted);

 private:
  explicit TeamCalls(HubAccess access) : access_(std::move(access)) {}
  base::Result<base::Json> call(const std::string& method, const std::string& path, const base::Json& body);

  HubAccess access_;
};

} // namespace memsync::net::client
