#include "hub/admin.h"

#include "hub/accounts.h"
#include "hub/password.h"

namespace memsync::hub {

using base::ErrorCode;
using model::Role;

namespace {

Answer<User> find_person(StoreReader& reader, std::string_view email) {
  TRY_ASSIGN(auto address, parse_email(email));
  auto user = reader.find_user_by_email(address);
  if (!user) return refuse(ErrorCode::not_found, fmt::format("nobody here has the address {}", address));
  return *std::move(user);
}

/// By id or slug, else by the name that only one team has.
Answer<Workspace> find_named(StoreReader& reader, std::string_view name) {
  if (const auto id = model::WorkspaceId::parse(name))
    if (auto workspace = reader.find_workspace(*id)) return *std::move(workspace);
  if (auto workspace = reader.find_workspace_by_slug(name)) return *std::move(workspace);
  std::optional<Workspace> found;
  for (Workspace& workspace : reader.list_workspaces()) {
    if (workspace.kind != model::WorkspaceKind::team || workspace.name != name) continue;
    if (found)
      return refuse(ErrorCode::validation,
                    fmt::format("several workspaces are called {}: give the id or the slug of one", name));
    found = std::move(workspace);
  }
  if (!found)
    return refuse(ErrorCode::not_found, fmt::format("no workspace has the id, slug or name {}", name));
  return *std::move(found);
}

TokenRequest first_token() {
  TokenRequest request;
  request.name = "first token";
  return request;
}

} // namespace

Answer<Admin::Initialized> Admin::init(std::string_view email, std::string name, std::string team) {
  return store_.write([&](StoreTxn& txn) -> Answer<Initialized> {
    if (!txn.list_users().empty())
      return refuse(ErrorCode::validation, "this hub has users already: invite people instead");
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto user, hub::create_user(work, email, name));
    TRY_ASSIGN(auto workspace, hub::create_workspace(work, user.id, model::WorkspaceKind::team, team));
    TRY_ASSIGN(auto token, issue_token(work, user.id, first_token()));
    return Initialized{user.id, workspace.id, token.secret};
  });
}

Answer<Admin::NewUser> Admin::create_user(std::string_view email, std::string name) {
  return store_.write([&](StoreTxn& txn) -> Answer<NewUser> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto user, hub::create_user(work, email, name));
    TRY_ASSIGN(auto token, issue_token(work, user.id, first_token()));
    return NewUser{user, txn.list_workspaces_of(user.id).front().first.id, token.secret};
  });
}

Answer<std::vector<User>> Admin::users() {
  return store_.read([](StoreReader& reader) -> Answer<std::vector<User>> { return reader.list_users(); });
}

Answer<std::size_t> Admin::set_password(std::string_view email, std::string_view password) {
  TRY_ASSIGN(auto hash, hash_password(password));
  return store_.write([&](StoreTxn& txn) -> Answer<std::size_t> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto user, find_person(txn, email));
    txn.set_password_hash(user.id, hash);
    note(work, AuditAction::password_set, {}, user.id);
    return end_sessions(work, user.id);
  });
}

Answer<IssuedInvitation> Admin::invite(std::string_view workspace, std::string_view email, Role role,
                                       const std::optional<base::Timestamp>& expires_at) {
  return store_.write([&](StoreTxn& txn) -> Answer<IssuedInvitation> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    return issue_invitation(work, found.id, email, role, expires_at);
  });
}

Answer<IssuedToken> Admin::create_token(std::string_view email, const TokenRequest& request) {
  return store_.write([&](StoreTxn& txn) -> Answer<IssuedToken> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto user, find_person(txn, email));
    return issue_token(work, user.id, request);
  });
}

Answer<std::vector<Token>> Admin::tokens(std::string_view email) {
  return store_.read([&](StoreReader& reader) -> Answer<std::vector<Token>> {
    TRY_ASSIGN(auto user, find_person(reader, email));
    return reader.list_tokens(user.id);
  });
}

Answer<> Admin::revoke_token(const TokenId& id) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    const auto token = txn.find_token(id);
    if (!token) return refuse(ErrorCode::not_found, "no such token");
    txn.revoke_token(id, work.now);
    note(work, AuditAction::token_revoked, {}, token->user, token->name);
    return {};
  });
}

Answer<std::vector<Workspace>> Admin::workspaces() {
  return store_.read(
      [](StoreReader& reader) -> Answer<std::vector<Workspace>> { return reader.list_workspaces(); });
}

Answer<WorkspaceDetails> Admin::create_workspace(std::string_view owner_email, std::string name) {
  return store_.write([&](StoreTxn& txn) -> Answer<WorkspaceDetails> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto user, find_person(txn, owner_email));
    TRY_ASSIGN(auto workspace, hub::create_workspace(work, user.id, model::WorkspaceKind::team, name));
    return describe(txn, workspace, Role::owner);
  });
}

Answer<> Admin::rename_workspace(std::string_view workspace, std::string name) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    return change_workspace(work, found.id, {std::move(name), std::nullopt, std::nullopt});
  });
}

Answer<> Admin::delete_workspace(std::string_view workspace, std::string_view confirmed_name) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    return hub::delete_workspace(work, found.id, confirmed_name);
  });
}

Answer<std::vector<wire::MemberInfo>> Admin::members(std::string_view workspace) {
  return store_.read([&](StoreReader& reader) -> Answer<std::vector<wire::MemberInfo>> {
    TRY_ASSIGN(auto found, find_named(reader, workspace));
    return reader.list_members(found.id);
  });
}

Answer<> Admin::change_role(std::string_view workspace, std::string_view email, Role role) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    TRY_ASSIGN(auto user, find_person(txn, email));
    return set_role(work, found.id, user.id, role);
  });
}

Answer<> Admin::remove_member(std::string_view workspace, std::string_view email) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    TRY_ASSIGN(auto user, find_person(txn, email));
    return end_membership(work, found.id, user.id, AuditAction::member_removed);
  });
}

Answer<std::vector<AuditEvent>> Admin::audit(std::size_t limit) {
  return audit({}, std::numeric_limits<std::int64_t>::max(), limit);
}

Answer<std::vector<AuditEvent>> Admin::audit(const AuditQuery& query, std::int64_t before,
                                             std::size_t limit) {
  return store_.read([&](StoreReader& reader) -> Answer<std::vector<AuditEvent>> {
    AuditFilter filter = query.filter;
    if (!query.workspace.empty()) {
      TRY_ASSIGN(const auto workspace, find_named(reader, query.workspace));
      filter.workspace = workspace.id;
    }
    if (!query.email.empty()) {
      TRY_ASSIGN(const auto user, find_person(reader, query.email));
      filter.user = user.id;
    }
    return reader.list_audit(filter, before, limit);
  });
}

Answer<std::vector<Invitation>> Admin::invitations(std::string_view workspace) {
  return store_.read([&](StoreReader& reader) -> Answer<std::vector<Invitation>> {
    TRY_ASSIGN(auto found, find_named(reader, workspace));
    return reader.list_invitations(found.id);
  });
}

Answer<> Admin::revoke_invitation(std::string_view workspace, const InvitationId& id) {
  return store_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, random_, clock_.now(), {}};
    TRY_ASSIGN(auto found, find_named(txn, workspace));
    return hub::revoke_invitation(work, found.id, id);
  });
}

} // namespace memsync::hub
