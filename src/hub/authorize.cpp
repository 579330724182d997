#include "hub/authorize.h"

#include <algorithm>

#include "hub/access_token.h"
#include "hub/secret.h"

namespace memsync::hub {

using base::ErrorCode;

namespace {

bool is_valid(const std::optional<Token>& token, base::Timestamp now) {
  return token && !token->revoked_at && (!token->expires_at || *token->expires_at > now);
}

base::Error no_token() {
  return refuse(ErrorCode::unauthenticated, "the token is missing, wrong, expired or revoked: sign in again");
}

Answer<Authenticated> by_token(StoreReader& reader, const SecretHash& hash, base::Timestamp now) {
  const auto token = reader.find_token(hash);
  if (!is_valid(token, now)) return no_token();
  const bool is_use_due = !token->used_at || *token->used_at + k_token_use_noted <= now;
  return Authenticated{{token->user, token->id, {}, token->scopes, token->workspaces, token->expires_at},
                       is_use_due};
}

Answer<Authenticated> by_cookie(StoreReader& reader, const SecretHash& hash, base::Timestamp now) {
  const auto session = reader.find_session(hash);
  if (!session || session->kind != SessionKind::browser || !is_open(*session, now)) return no_token();
  const bool is_use_due = session->used_at + k_session_use_noted <= now;
  return Authenticated{{session->user, {}, session->id, PermissionSet::all(), {}, session->expires_at},
                       is_use_due};
}

Answer<Authenticated> by_access_token(StoreReader& reader, std::string_view token, base::Timestamp now) {
  const auto key_id = find_key_id(token);
  const auto key = key_id ? reader.find_signing_key(*key_id) : std::nullopt;
  const auto claims = key ? verify_access_token(*key, token, now) : std::nullopt;
  const auto session = claims ? reader.find_session(claims->session) : std::nullopt;
  if (!session || session->user != claims->user || !is_open(*session, now)) return no_token();
  return Authenticated{{session->user, {}, session->id, PermissionSet::all(), {}, claims->expires_at}, false};
}

/// True while the token or the session that the principal came with still stands.
bool is_signed_in(StoreReader& reader, const Principal& principal, base::Timestamp now) {
  if (principal.session.is_empty()) return is_valid(reader.find_token(principal.token), now);
  const auto session = reader.find_session(principal.session);
  return session && is_open(*session, now) && (!principal.expires_at || *principal.expires_at > now);
}

base::Error no_workspace() {
  return refuse(ErrorCode::not_found, "no such workspace, or you are not a member of it");
}

} // namespace

Answer<Authenticated> authenticate(StoreReader& reader, std::string_view secret, base::Timestamp now) {
  if (const auto hash = parse_secret(SecretKind::token, secret)) return by_token(reader, *hash, now);
  if (const auto hash = parse_secret(SecretKind::browser, secret)) return by_cookie(reader, *hash, now);
  return by_access_token(reader, secret, now);
}

Answer<> require_whole(const Principal& principal) {
  if (principal.is_whole()) return {};
  return refuse(ErrorCode::permission,
                "this token is limited: accounts are changed signed in, or with a token for everything");
}

bool is_allowed(const Principal& principal, model::Role role, model::Permission permission) {
  return model::allows(role, permission) && principal.scopes.has(permission);
}

base::Error missing(model::Permission permission) {
  return refuse(
      ErrorCode::permission,
      fmt::format("this needs the permission {}: ask an owner of the workspace", model::name_of(permission)));
}

Answer<model::Role> authorize(StoreReader& reader, const Principal& principal, model::Permission permission,
                              const model::WorkspaceId& workspace, base::Timestamp now) {
  if (!is_signed_in(reader, principal, now)) return no_token();
  const auto& limits = principal.workspaces;
  if (!limits.empty() && std::find(limits.begin(), limits.end(), workspace) == limits.end())
    return no_workspace();
  if (!reader.find_workspace(workspace)) return no_workspace();
  const auto member = reader.find_member(workspace, principal.user);
  if (!member) return no_workspace();
  if (member->removed) {
    wire::Problem proof;
    proof.code = ErrorCode::removed;
    proof.detail = "you are no longer a member of this workspace";
    proof.workspace = workspace;
    proof.user = principal.user;
    proof.epoch = reader.epoch();
    return proof;
  }
  if (!model::allows(member->role, permission)) return missing(permission);
  if (!principal.scopes.has(permission))
    return refuse(ErrorCode::permission, fmt::format("this token lacks the permission {}: use a wider one",
                                                     model::name_of(permission)));
  return member->role;
}

} // namespace memsync::hub
