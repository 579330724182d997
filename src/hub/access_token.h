#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "hub/session.h"

namespace memsync::hub {

/// What an access token says: a JWT (RFC 7519) of which the hub writes and reads one form only,
///
///     {"alg":"EdDSA","kid":"...","typ":"JWT"} .
///     {"exp":s,"iat":s,"iss":"memsync-hub","sid":"...","sub":"..."}
///
/// signed with Ed25519 (RFC 8037) by the key that `kid` names. The algorithm is fixed: what the header says
/// is compared, never followed. It says who signed in and until when, not what they may do.
struct AccessClaims {
  model::UserId user;
  SessionId session;
  base::Timestamp issued_at, expires_at; // whole seconds
};

SigningKey make_signing_key(base::Random& random, base::Timestamp now);

std::string sign_access_token(const SigningKey& key, const AccessClaims& claims);

/// The id of the key that is to verify the token; nothing for text that is no access token of this form.
std::optional<std::string> find_key_id(std::string_view token);

/// The claims, if the key signed them and they are not expired.
std::optional<AccessClaims> verify_access_token(const SigningKey& key, std::string_view token,
                                                base::Timestamp now);

} // namespace memsync::hub
