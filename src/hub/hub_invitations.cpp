#include "base/log.h"
#include "hub/hub_implementation.h"
#include "hub/invitation_mail.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Permission;
using model::Role;
using model::UserId;
using model::WorkspaceId;

Answer<IssuedInvitation> Hub::invite(const Principal& principal, const WorkspaceId& id,
                                     std::string_view email, Role role,
                                     const std::optional<base::Timestamp>& expires_at) {
  return implementation_->change(principal, Permission::member_invite, id,
                                 [&](Work& work, Role own) -> Answer<IssuedInvitation> {
                                   // Roles are listed from the strongest on: nobody gives more than they
                                   // have.
                                   if (role < own) return missing(Permission::member_change_role);
                                   return issue_invitation(work, id, email, role, expires_at);
                                 });
}

Answer<std::vector<Invitation>> Hub::invitations(const Principal& principal, const WorkspaceId& id) {
  return implementation_->read(principal, Permission::member_invite, id,
                               [&](StoreReader& reader, Role) -> Answer<std::vector<Invitation>> {
                                 return reader.list_invitations(id);
                               });
}

Answer<> Hub::revoke_invitation(const Principal& principal, const WorkspaceId& id,
                                const InvitationId& invitation) {
  return implementation_->change(principal, Permission::member_invite, id, [&](Work& work, Role) {
    return hub::revoke_invitation(work, id, invitation);
  });
}

Hub::Mailing Hub::mail_invitation(const Principal& principal, const Invitation& invitation,
                                  const std::string& link) {
  Implementation& hub = *implementation_;
  if (!hub.options.mailer) return Mailing::off;
  const auto names = hub.store.read([&](StoreReader& reader) -> Answer<std::pair<std::string, std::string>> {
    const auto workspace = reader.find_workspace(invitation.workspace);
    const auto inviter = reader.find_user(principal.user);
    return std::pair(inviter ? inviter->name : "", workspace ? workspace->name : "");
  });
  if (!names) return Mailing::off;
  const AuditEvent failure{0,  hub.clock.now(), AuditAction::mail_failed, {}, invitation.workspace,
                           {}, invitation.email};
  const auto done = [&hub, failure](const base::Result<>& sent) {
    if (sent) return;
    base::log(base::LogLevel::warning, "an invitation was not mailed: {}", sent.error().message);
    hub.workplace.write_soon([failure](StoreTxn& txn) { txn.add_audit(failure); });
  };
  Mail mail = invitation_mail(invitation, names->first, names->second, link);
  if (hub.postbox)
    hub.postbox->post(std::move(mail), done);
  else
    done(hub.options.mailer->send(mail));
  return Mailing::queued;
}

Answer<InvitationInfo> Hub::invitation_info(std::string_view secret, std::string_view address) {
  Implementation& hub = *implementation_;
  TRY(Implementation::limit(hub.invitation_tries, address, 1, hub.clock.instant(), "invitations tried"));
  return hub.store.read([&](StoreReader& reader) -> Answer<InvitationInfo> {
    TRY_ASSIGN(auto invitation, find_open_invitation(reader, secret, hub.clock.now()));
    const auto inviter = reader.find_user(invitation.invited_by);
    const auto workspace = reader.find_workspace(invitation.workspace);
    return InvitationInfo{invitation.email,
                          workspace ? workspace->name : "",
                          inviter ? inviter->name : "the operator of this hub",
                          invitation.role,
                          invitation.expires_at,
                          reader.find_user_by_email(invitation.email).has_value()};
  });
}

namespace {

/// Who accepts: the principal, if the invitation is theirs, or a new account for its address.
Answer<User> find_invited(Work& work, const Invitation& invitation, const std::string& name,
                          const std::optional<Principal>& principal) {
  if (!principal) {
    if (work.txn.find_user_by_email(invitation.email))
      return refuse(ErrorCode::sign_in_required,
                    fmt::format("{} has an account: sign in and accept again", invitation.email));
    return create_user(work, invitation.email, name);
  }
  auto user = work.txn.find_user(principal->user);
  if (!user || user->email != invitation.email)
    return refuse(ErrorCode::permission, "this invitation is for another address: sign in with that one");
  return *std::move(user);
}

} // namespace

Answer<wire::InvitationAccepted> Hub::accept_invitation(std::string_view secret, std::string name,
                                                        const std::optional<Principal>& principal,
                                                        std::string_view address) {
  Implementation& hub = *implementation_;
  TRY(Implementation::limit(hub.invitation_tries, address, 1, hub.clock.instant(), "invitations tried"));
  auto accepted = hub.queue.write(
      [&](StoreTxn& txn) -> Answer<wire::InvitationAccepted> {
        Work work{txn, hub.random, hub.clock.now(), principal ? principal->user : UserId{}};
        TRY_ASSIGN(auto invitation, find_open_invitation(txn, secret, work.now));
        TRY_ASSIGN(auto user, find_invited(work, invitation, name, principal));
        work.actor = user.id;
        TRY(hub::join(work, invitation, user.id));
        // Accepting must not widen a narrow token.
        TokenRequest request;
        request.name = "invitation";
        if (principal) {
          request.scopes = principal->scopes;
          request.workspaces = principal->workspaces;
          // A session's end is no limit of the person.
          if (principal->session.is_empty()) request.expires_at = principal->expires_at;
        }
        TRY_ASSIGN(auto token, issue_token(work, user.id, request));
        const auto workspace = txn.find_workspace(invitation.workspace);
        const auto member = txn.find_member(invitation.workspace, user.id);
        return wire::InvitationAccepted{user.id,         user.name,    user.email,  invitation.workspace,
                                        workspace->name, member->role, token.secret};
      },
      hub.has_threads());
  return accepted;
}

} // namespace memsync::hub
