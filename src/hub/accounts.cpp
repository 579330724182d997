#include "hub/accounts.h"

#include <algorithm>

#include "base/utf8.h"
#include "hub/notifier.h"
#include "hub/secret.h"

namespace memsync::hub {

using base::ErrorCode;
using base::Result;
using model::Role;
using model::WorkspaceKind;

namespace {

constexpr std::chrono::days k_invitation_lifetime{7};
constexpr std::chrono::days k_longest_invitation{30};
// Every member is shown in every answer that describes the team, and is looked at by every change of it.
constexpr std::size_t k_most_members = 500;
constexpr std::size_t k_most_open_invitations = 500;
constexpr std::int64_t k_most_teams_owned = 100;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blank = " \t\r\n";
  const auto first = text.find_first_not_of(k_blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(k_blank) - first + 1);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::int64_t count_owners(StoreReader& reader, const model::WorkspaceId& workspace) {
  const auto members = reader.list_members(workspace);
  return std::count_if(members.begin(), members.end(),
                       [](const wire::MemberInfo& member) { return member.role == Role::owner; });
}

/// The membership that is to change; not while it is the last owner's.
Answer<Membership> find_changeable(StoreReader& reader, const model::WorkspaceId& workspace,
                                   const model::UserId& user) {
  const auto member = reader.find_member(workspace, user);
  if (!member || member->removed) return refuse(ErrorCode::not_found, "no such member of this workspace");
  if (member->role == Role::owner && count_owners(reader, workspace) == 1)
    return refuse(ErrorCode::validation, "a workspace keeps one owner: make somebody else owner first");
  return *member;
}

bool is_open(const Invitation& invitation, base::Timestamp now) {
  return !invitation.accepted_at && !invitation.revoked_at && invitation.expires_at > now;
}

Answer<> require_room(StoreReader& reader, const model::WorkspaceId& workspace) {
  if (reader.list_members(workspace).size() < k_most_members) return {};
  return refuse(ErrorCode::too_large,
                fmt::format("a team has at most {} members: remove somebody first", k_most_members));
}

/// "Engines & Co." -> "engines-co"
std::string slug_of(std::string_view name) {
  constexpr std::size_t k_longest = 30; // with room for a number
  std::string slug;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_kept)
      slug += c;
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
  }
  slug.resize(std::min(slug.size(), k_longest));
  while (slug.ends_with('-')) slug.pop_back();
  return slug.size() < 2 ? "team" : slug;
}

std::string free_slug(StoreReader& reader, std::string_view name) {
  const std::string wanted = slug_of(name);
  std::string slug = wanted;
  for (int number = 2; reader.find_workspace_by_slug(slug); ++number)
    slug = fmt::format("{}-{}", wanted, number);
  return slug;
}

/// The slug, unless another workspace than `self` has it.
Answer<std::string> require_free(StoreReader& reader, std::string_view slug, const model::WorkspaceId& self) {
  TRY_ASSIGN(auto parsed, parse_slug(slug));
  const auto taken = reader.find_workspace_by_slug(parsed);
  if (taken && taken->id != self)
    return refuse(ErrorCode::validation, fmt::format("the slug '{}' is taken: choose another", parsed));
  return parsed;
}

/// Whoever loses rights could else give them back to themselves through what they issued before.
void close_invitations_by(Work& work, const model::WorkspaceId& workspace, const model::UserId& user) {
  for (const Invitation& invitation : work.txn.list_invitations(workspace)) {
    if (invitation.invited_by != user || !is_open(invitation, work.now)) continue;
    work.txn.close_invitation(invitation.id, std::nullopt, work.now);
    note(work, AuditAction::invitation_revoked, workspace, {}, invitation.email);
  }
}

std::int64_t count_teams_owned(StoreReader& reader, const model::UserId& user) {
  const auto workspaces = reader.list_workspaces_of(user);
  return std::count_if(workspaces.begin(), workspaces.end(), [](const auto& each) {
    return each.first.kind == WorkspaceKind::team && each.second == Role::owner;
  });
}

} // namespace

void note(Work& work, AuditAction action, const model::WorkspaceId& workspace, const model::UserId& subject,
          std::string detail) {
  work.txn.add_audit({0, work.now, action, work.actor, workspace, subject, std::move(detail)});
}

Result<std::string> parse_email(std::string_view text) {
  text = trimmed(text);
  constexpr std::size_t k_longest = 254; // RFC 5321, section 4.5.3.1.3
  const auto at = text.rfind('@');
  const bool has_shape = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                         text.size() <= k_longest && base::is_valid_utf8(text);
  const bool has_odd = std::any_of(text.begin(), text.end(), [](char c) {
    return is_control(c) || std::string_view(" ,;:<>()[]\\\"").find(c) != std::string_view::npos;
  });
  if (!has_shape || has_odd || text.find('@') != at)
    return refuse(ErrorCode::validation, "that is no e-mail address: write it as name@example.org");
  std::string email(text);
  for (char& c : email)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return email;
}

Result<std::string> parse_name(std::string_view what, std::string_view text) {
  text = trimmed(text);
  constexpr std::size_t k_longest = 80;
  if (!base::is_valid_utf8(text) || std::any_of(text.begin(), text.end(), is_control))
    return refuse(ErrorCode::validation, fmt::format("the name of a {} is one line of UTF-8 text", what));
  const std::size_t length = base::count_code_points(text);
  if (length == 0 || length > k_longest)
    return refuse(ErrorCode::validation,
                  fmt::format("the name of a {} has 1 to {} characters", what, k_longest));
  return std::string(text);
}

Answer<User> create_user(Work& work, std::string_view email, std::string_view name) {
  TRY_ASSIGN(auto address, parse_email(email));
  TRY_ASSIGN(auto person, parse_name("person", name));
  if (work.txn.find_user_by_email(address))
    return refuse(ErrorCode::validation, fmt::format("{} has an account already", address));
  const User user{model::UserId::random(work.random), address, person, work.now};
  work.txn.put_user(user);
  note(work, AuditAction::user_created, {}, user.id);
  TRY_ASSIGN(const auto personal, create_workspace(work, user.id, WorkspaceKind::personal, "Personal"));
  return user;
}

Answer<IssuedToken> issue_token(Work& work, const model::UserId& user, const TokenRequest& request) {
  TRY_ASSIGN(auto name, parse_name("token", request.name));
  if (request.expires_at && *request.expires_at <= work.now)
    return refuse(ErrorCode::validation, "the token would have expired already: choose a later time");
  constexpr std::size_t k_most_tokens = 1000; // keeps the list readable and the table small
  const auto existing = work.txn.list_tokens(user);
  const auto live = std::count_if(existing.begin(), existing.end(), [&](const Token& token) {
    return !token.revoked_at && (!token.expires_at || *token.expires_at > work.now);
  });
  if (static_cast<std::size_t>(live) >= k_most_tokens)
    return refuse(ErrorCode::too_large, "too many tokens: revoke some first");
  IssuedToken issued{{TokenId::random(work.random), user, name, request.scopes, request.workspaces, work.now,
                      request.expires_at, std::nullopt, std::nullopt},
                     make_secret(SecretKind::token, work.random)};
  work.txn.put_token(issued.token, *parse_secret(SecretKind::token, issued.secret));
  note(work, AuditAction::token_created, {}, user, issued.token.name);
  return issued;
}

Result<std::string> parse_slug(std::string_view text) {
  const bool is_good = text.size() >= 2 && text.size() <= 40 && !text.starts_with('-') &&
                       !text.ends_with('-') && std::all_of(text.begin(), text.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
  if (is_good) return std::string(text);
  return refuse(ErrorCode::validation, "a slug has 2 to 40 of a-z, 0-9 and '-', which stands at no end");
}

Answer<Workspace> create_workspace(Work& work, const model::UserId& owner, WorkspaceKind kind,
                                   std::string_view name, const std::optional<std::string>& slug) {
  TRY_ASSIGN(auto title, parse_name("workspace", name));
  Workspace workspace{
      model::WorkspaceId::random(work.random), kind, title, model::Strategy::merge, work.now, {}};
  if (kind == WorkspaceKind::team) {
    if (count_teams_owned(work.txn, owner) >= k_most_teams_owned)
      return refuse(
          ErrorCode::too_large,
          fmt::format("somebody owns at most {} teams: delete or hand over one first", k_most_teams_owned));
    if (slug) {
      TRY_ASSIGN(workspace.slug, require_free(work.txn, *slug, {}));
    } else {
      workspace.slug = free_slug(work.txn, title);
    }
  }
  work.txn.put_workspace(workspace);
  work.txn.put_member(workspace.id, {owner, Role::owner, work.now, false});
  note(work, AuditAction::workspace_created, workspace.id, owner, title);
  return workspace;
}

Answer<> change_workspace(Work& work, const model::WorkspaceId& id, const WorkspaceChange& change) {
  auto workspace = work.txn.find_workspace(id);
  if (!workspace) return refuse(ErrorCode::not_found, "no such workspace");
  if (change.name) {
    TRY_ASSIGN(workspace->name, parse_name("workspace", *change.name));
  }
  if (change.strategy) workspace->strategy = *change.strategy;
  if (change.slug) {
    if (workspace->kind != WorkspaceKind::team)
      return refuse(ErrorCode::validation, "a personal workspace has no slug");
    TRY_ASSIGN(workspace->slug, require_free(work.txn, *change.slug, id));
  }
  work.txn.put_workspace(*workspace);
  note(work, AuditAction::workspace_changed, id, {},
       fmt::format("name {}, strategy {}{}{}", workspace->name, model::name_of(workspace->strategy),
                   workspace->slug.empty() ? "" : ", slug ", workspace->slug));
  return {};
}

Answer<> delete_workspace(Work& work, const model::WorkspaceId& id, std::string_view confirmed_name) {
  const auto workspace = work.txn.find_workspace(id);
  if (!workspace) return refuse(ErrorCode::not_found, "no such workspace");
  if (workspace->kind == WorkspaceKind::personal)
    return refuse(ErrorCode::validation, "a personal workspace belongs to its account and stays");
  if (confirmed_name != workspace->name)
    return refuse(ErrorCode::validation, "to delete a team for everybody in it, confirm with its exact name");
  note(work, AuditAction::workspace_deleted, id, {}, workspace->name);
  work.txn.delete_workspace(id, work.now);
  return {};
}

Answer<> set_role(Work& work, const model::WorkspaceId& workspace, const model::UserId& user, Role role) {
  const auto current = work.txn.find_member(workspace, user);
  if (current && !current->removed && current->role == role) return {};
  TRY_ASSIGN(auto member, find_changeable(work.txn, workspace, user));
  const Role before = member.role;
  member.role = role;
  work.txn.put_member(workspace, member);
  note(work, AuditAction::role_changed, workspace, user,
       fmt::format("{} -> {}", model::name_of(before), model::name_of(role)));
  if (role > before) close_invitations_by(work, workspace, user); // roles are listed from the highest down
  tell_role_changed(work, workspace, user, role);
  return {};
}

Answer<> end_membership(Work& work, const model::WorkspaceId& workspace, const model::UserId& user,
                        AuditAction action) {
  TRY_ASSIGN(auto member, find_changeable(work.txn, workspace, user));
  member.removed = true;
  member.since = work.now;
  work.txn.put_member(workspace, member);
  note(work, action, workspace, user);
  close_invitations_by(work, workspace, user);
  return {};
}

std::size_t end_sessions(Work& work, const model::UserId& user) {
  std::size_t ended = 0;
  for (const Session& session : work.txn.list_sessions(user)) {
    if (!is_open(session, work.now)) continue;
    work.txn.end_session(session.id, work.now);
    note(work, AuditAction::signed_out, {}, user, session.client);
    ++ended;
  }
  return ended;
}

Answer<IssuedInvitation> issue_invitation(Work& work, const model::WorkspaceId& id, std::string_view email,
                                          Role role, const std::optional<base::Timestamp>& expires_at) {
  TRY_ASSIGN(auto address, parse_email(email));
  const base::Timestamp end = expires_at.value_or(work.now + k_invitation_lifetime);
  if (end <= work.now || end > work.now + k_longest_invitation)
    return refuse(ErrorCode::validation, fmt::format("an invitation ends at a time to come, within {} days",
                                                     k_longest_invitation.count()));
  const auto workspace = work.txn.find_workspace(id);
  if (!workspace) return refuse(ErrorCode::not_found, "no such workspace");
  if (workspace->kind != WorkspaceKind::team)
    return refuse(ErrorCode::validation, "a personal workspace has one member: create a team to share");
  if (const auto user = work.txn.find_user_by_email(address)) {
    const auto member = work.txn.find_member(id, user->id);
    if (member && !member->removed)
      return refuse(ErrorCode::validation, fmt::format("{} is a member already", address));
  }
  TRY(require_room(work.txn, id));
  std::size_t open = 0;
  for (const Invitation& earlier : work.txn.list_invitations(id)) {
    if (!is_open(earlier, work.now)) continue;
    if (earlier.email == address)
      work.txn.close_invitation(earlier.id, std::nullopt, work.now);
    else
      ++open;
  }
  if (open >= k_most_open_invitations)
    return refuse(ErrorCode::too_large, "too many open invitations: revoke some first");
  IssuedInvitation issued{{InvitationId::random(work.random), id, address, role, work.actor, work.now, end,
                           std::nullopt, std::nullopt},
                          make_secret(SecretKind::invitation, work.random)};
  work.txn.put_invitation(issued.invitation, *parse_secret(SecretKind::invitation, issued.token));
  note(work, AuditAction::invited, id, {}, fmt::format("{} as {}", address, model::name_of(role)));
  return issued;
}

std::string_view status_of(const Invitation& invitation, base::Timestamp now) {
  if (invitation.accepted_at) return "accepted";
  if (invitation.revoked_at) return "revoked";
  return invitation.expires_at <= now ? "expired" : "open";
}

Answer<Invitation> find_open_invitation(StoreReader& reader, std::string_view secret, base::Timestamp now) {
  const auto hash = parse_secret(SecretKind::invitation, secret);
  const auto invitation = hash ? reader.find_invitation(*hash) : std::nullopt;
  if (!invitation || !is_open(*invitation, now))
    return refuse(ErrorCode::not_found,
                  "this invitation is unknown, used, revoked or too old: ask for a new one");
  return *invitation;
}

Answer<> revoke_invitation(Work& work, const model::WorkspaceId& workspace, const InvitationId& id) {
  for (const Invitation& known : work.txn.list_invitations(workspace)) {
    if (known.id != id) continue;
    if (known.accepted_at)
      return refuse(ErrorCode::validation, "the invitation was accepted: remove the member instead");
    if (known.revoked_at) return {};
    work.txn.close_invitation(id, std::nullopt, work.now);
    note(work, AuditAction::invitation_revoked, workspace, {}, known.email);
    return {};
  }
  return refuse(ErrorCode::not_found, "no such invitation");
}

Answer<> join(Work& work, const Invitation& invitation, const model::UserId& user) {
  const auto member = work.txn.find_member(invitation.workspace, user);
  const bool is_inside = member && !member->removed;
  if (!is_inside) TRY(require_room(work.txn, invitation.workspace));
  work.txn.close_invitation(invitation.id, work.now, std::nullopt);
  if (is_inside) return {};
  work.txn.put_member(invitation.workspace, {user, invitation.role, work.now, false});
  note(work, AuditAction::member_joined, invitation.workspace, user,
       std::string(model::name_of(invitation.role)));
  tell_member_joined(work, invitation, user);
  return {};
}

WorkspaceDetails describe(StoreReader& reader, const Workspace& workspace, Role role) {
  return {{workspace.id, workspace.kind, workspace.name, role, workspace.strategy,
           reader.list_members(workspace.id), reader.list_former_members(workspace.id)},
          workspace.slug,
          workspace.created_at};
}

} // namespace memsync::hub
