#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/principal.h"
#include "hub/rate_limit.h"
#include "hub/session.h"
#include "hub/workplace.h"

namespace memsync::hub {

inline constexpr std::chrono::minutes k_access_lifetime{15};

/// How often signing in may be tried; a success does not count against the account.
struct SignInRules {
  RateRule by_account{10, 1};            // from one address
  RateRule by_account_anywhere{100, 10}; // from all: few addresses must not keep its owner out
  RateRule by_address{30, 10};           // of an IPv4 address or the /64 of an IPv6 address
  RateRule refreshes{60, 60};            // by address
};

/// What somebody gets who signed in: both secrets are shown once and kept nowhere.
struct SignedIn {
  User user;
  SessionId session;
  std::string access_token; // for 15 minutes
  std::string refresh_token;
  base::Timestamp refresh_expires_at;
};

/// A browser that signed in.
struct BrowserSignedIn {
  User user;
  std::string cookie; // the secret
};

/// Signing in with a password and everything after it. Every method waits for the database, and those that
/// look at a password compute for some 60 ms: to be called from pool threads.
///
/// `address` is the caller's, `client` what it calls itself (1 to 80 characters).
class SignIn {
 public:
  SignIn(Workplace work, const SignInRules& rules);

  /// `unauthenticated`, the same for an unknown address, an account without a password and a wrong one;
  /// `rate_limited`, again the same.
  Answer<SignedIn> log_in(std::string_view email, std::string_view password, std::string_view client,
                          std::string_view address);
  Answer<BrowserSignedIn> log_in_browser(std::string_view email, std::string_view password,
                                         std::string_view client, std::string_view address);
  /// New tokens for a refresh token, which works once. One that was used up ends its session: either its
  /// owner or somebody with a copy shows it, and nobody can tell which.
  Answer<SignedIn> refresh(std::string_view refresh_token, std::string_view address);

  /// Ends the session, or revokes the API token, that the principal came with.
  Answer<> log_out(const Principal& principal);
  enum class Extent { sessions, sessions_and_tokens };
  /// Ends all sessions of the person, the caller's too; `permission` for a limited token.
  Answer<> log_out_everywhere(const Principal& principal, Extent extent);
  /// Ends one session of the person; `not_found` for anybody else's.
  Answer<> end_session(const Principal& principal, const SessionId& id);
  /// Open ones, newest first.
  Answer<std::vector<Session>> sessions(const Principal& principal);

  /// Sets a password of 10 to 1,024 bytes and ends all sessions but the caller's. `current` must be the one
  /// before, if there is one (`unauthenticated` else). `permission` for a limited token.
  Answer<> change_password(const Principal& principal, std::string_view current, std::string_view next,
                           std::string_view address);

 private:
  /// As require_whole; a refusal is audited.
  Answer<> require_person(const Principal& principal);
  Answer<User> check_password(std::string_view email, std::string_view password, std::string_view address);
  void note_failure(const std::optional<User>& user, std::string_view address);
  Answer<std::optional<SignedIn>> exchange(StoreTxn& txn, const SecretHash& hash, base::Timestamp now);

  Workplace work_;
  RateLimiter by_account_, by_account_anywhere_, by_address_, refreshes_, audited_failures_;
};

} // namespace memsync::hub
