#include "hub/authorize.h"

#include <algorithm>

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

base::Error no_workspace() {
  return refuse(ErrorCode::not_found, "no such workspace, or you are not a member of it");
}

} // namespace

Answer<Principal> authenticate(StoreReader& reader, std::string_view secret, base::Timestamp now) {
  const auto hash = parse_secret(SecretKind::token, secret);
  if (!hash) return no_token();
  const auto token = reader.find_token(*hash);
  if (!is_valid(token, now)) return no_token();
  return Principal{token->user, token->id, token->scopes, token->workspaces, token->expires_at};
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
  if (!is_valid(reader.find_token(principal.token), now)) return no_token();
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
