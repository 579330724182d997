#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/hub.h"

namespace memsync::hub {

/// What the operator does on the command line, with the authority of whoever may write the file, beside
/// a serving hub or without one: every change is one transaction under the store's writer lock, and a
/// serving hub notices it within 250 ms. People are named by e-mail address, workspaces by id, slug or
/// their unambiguous name; unknown ones are not_found.
class Admin {
 public:
  Admin(base::Clock& clock, base::Random& random, HubStore& store)
      : clock_(clock), random_(random), store_(store) {}

  struct Initialized {
    model::UserId user;
    model::WorkspaceId workspace; // the team
    std::string token;
  };
  /// The first owner and their team, on an empty store; `validation` when it has users.
  Answer<Initialized> init(std::string_view email, std::string name, std::string team);

  struct NewUser {
    User user;
    model::WorkspaceId personal;
    std::string token;
  };
  Answer<NewUser> create_user(std::string_view email, std::string name);
  Answer<std::vector<User>> users();
  /// 10 to 1,024 bytes; stored with argon2id. Ends the person's sign-ins and returns how many were open.
  Answer<std::size_t> set_password(std::string_view email, std::string_view password);

  Answer<IssuedInvitation> invite(std::string_view workspace, std::string_view email, model::Role role,
                                  const std::optional<base::Timestamp>& expires_at = {});
  Answer<std::vector<Invitation>> invitations(std::string_view workspace);
  Answer<> revoke_invitation(std::string_view workspace, const InvitationId& id);
  Answer<IssuedToken> create_token(std::string_view email, const TokenRequest& request);
  Answer<std::vector<Token>> tokens(std::string_view email);
  Answer<> revoke_token(const TokenId& id);

  Answer<std::vector<Workspace>> workspaces();
  Answer<WorkspaceDetails> create_workspace(std::string_view owner_email, std::string name);
  Answer<> rename_workspace(std::string_view workspace, std::string name);
  /// `validation` unless the name is exactly the workspace's.
  Answer<> delete_workspace(std::string_view workspace, std::string_view confirmed_name);
  Answer<std::vector<wire::MemberInfo>> members(std::string_view workspace);
  Answer<> change_role(std::string_view workspace, std::string_view email, model::Role role);
  Answer<> remove_member(std::string_view workspace, std::string_view email);
  /// Newest first.
  Answer<std::vector<AuditEvent>> audit(std::size_t limit);
  struct AuditQuery {
    AuditFilter filter;
    std::string workspace, email; // named as people name them; empty: all
  };
  /// Those with an id below `before`.
  Answer<std::vector<AuditEvent>> audit(const AuditQuery& query, std::int64_t before, std::size_t limit);

 private:
  base::Clock& clock_;
  base::Random& random_;
  HubStore& store_;
};

} // namespace memsync::hub
