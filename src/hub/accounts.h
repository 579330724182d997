#pragma once

#include "hub/answer.h"
#include "hub/hub.h"
#include "hub/store.h"

/// People, their tokens and workspaces, and who is a member of what: the rules, inside one transaction.
/// Whether somebody may do it was decided before (by authorize, or by who may run the operator's commands).
namespace memsync::hub {

/// What a change is made with, and by whom.
struct Work {
  StoreTxn& txn;
  base::Random& random;
  base::Timestamp now;
  model::UserId actor; // empty: the operator
};

void note(Work& work, AuditAction action, const model::WorkspaceId& workspace, const model::UserId& subject,
          std::string detail = {});

/// Trimmed and in lower case; `validation` when it is no address.
base::Result<std::string> parse_email(std::string_view text);
/// Trimmed: 1 to 80 characters of one line, of people, workspaces and tokens; `what` is for the message.
base::Result<std::string> parse_name(std::string_view what, std::string_view text);

/// The account and its personal workspace; `validation` when the address has one already.
Answer<User> create_user(Work& work, std::string_view email, std::string_view name);

/// Ends what is open of the user's sign-ins; how many those were. API tokens stay.
std::size_t end_sessions(Work& work, const model::UserId& user);

/// As asked for; the caller has checked that it is not wider than it may be.
Answer<IssuedToken> issue_token(Work& work, const model::UserId& user, const TokenRequest& request);

/// 2 to 40 letters a-z, digits and dashes, no dash at an end.
base::Result<std::string> parse_slug(std::string_view text);

/// A team gets the slug, or without one a free slug made of its name; `validation` when it is taken,
/// `too_large` when the owner has too many teams.
Answer<Workspace> create_workspace(Work& work, const model::UserId& owner, model::WorkspaceKind kind,
                                   std::string_view name, const std::optional<std::string>& slug = {});
Answer<> change_workspace(Work& work, const model::WorkspaceId& id, const WorkspaceChange& change);
/// A team only, and only with its exact name as confirmation; `validation` otherwise.
Answer<> delete_workspace(Work& work, const model::WorkspaceId& id, std::string_view confirmed_name);

/// The last owner stays one (`validation`); not_found for somebody who is no member. Whoever gets a lower
/// role or goes takes the open invitations along that they issued there.
Answer<> set_role(Work& work, const model::WorkspaceId& workspace, const model::UserId& user,
                  model::Role role);
/// Leaves the tombstone behind that proves the removal. `action` is member_removed or member_left.
Answer<> end_membership(Work& work, const model::WorkspaceId& workspace, const model::UserId& user,
                        AuditAction action);

/// Makes an invitation, for 7 days if not said otherwise (at most 30), and closes earlier open ones for that
/// address there. `too_large` when the team is full.
Answer<IssuedInvitation> issue_invitation(Work& work, const model::WorkspaceId& workspace,
                                          std::string_view email, model::Role role,
                                          const std::optional<base::Timestamp>& expires_at = {});
/// `validation` for one that was accepted; nothing happens to one that is over.
Answer<> revoke_invitation(Work& work, const model::WorkspaceId& workspace, const InvitationId& id);
/// open, accepted, revoked or expired.
std::string_view status_of(const Invitation& invitation, base::Timestamp now);
/// The invitation if it can still be accepted; not_found, the same for every reason.
Answer<Invitation> find_open_invitation(StoreReader& reader, std::string_view secret, base::Timestamp now);
/// Makes the user a member and uses the invitation up; `too_large` when the team is full.
Answer<> join(Work& work, const Invitation& invitation, const model::UserId& user);

/// The workspace as its member sees it, with everybody in it.
WorkspaceDetails describe(StoreReader& reader, const Workspace& workspace, model::Role role);

} // namespace memsync::hub
