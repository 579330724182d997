#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "hub/principal.h"
#include "hub/records.h"

/// What the hub keeps of people who signed in, and what a store does with it.
namespace memsync::hub {

/// A browser that did nothing for so long is signed out.
inline constexpr std::chrono::minutes k_browser_idle{30};
/// How exactly `used_at` of a session and of a token is kept: a commit for every request would cost more
/// than the request.
inline constexpr std::chrono::minutes k_session_use_noted{1};
inline constexpr std::chrono::minutes k_token_use_noted{10};

enum class SessionKind {
  tokens, // an access token for 15 minutes and a refresh token that changes with every use
  browser // a cookie
};

/// One sign-in with a password, until it is signed out or over.
struct Session {
  SessionId id;
  model::UserId user;
  SessionKind kind = SessionKind::tokens;
  std::string client; // as it named itself
  base::Timestamp created_at, used_at, expires_at;
  std::optional<base::Timestamp> ended_at;
};

inline bool is_open(const Session& session, base::Timestamp now) {
  const bool is_idle = session.kind == SessionKind::browser && session.used_at + k_browser_idle <= now;
  return !session.ended_at && session.expires_at > now && !is_idle;
}

/// A key that signs access tokens.
struct SigningKey {
  std::string id;
  std::array<std::uint8_t, 32> seed{};
  base::Timestamp created_at;
};

enum class DeviceState { waiting, allowed, denied };

/// A terminal that waits for somebody to allow it.
struct DeviceRequest {
  std::string user_code; // "WDJB-MJHT"
  std::string client;    // as it named itself
  std::string address;   // from where it asks
  DeviceState state = DeviceState::waiting;
  model::UserId user; // who decided
  base::Timestamp created_at, expires_at;
};

struct SecretHash;

/// What a store finds of it, as of one moment; nothing for what is unknown.
class SessionReader {
 public:
  virtual ~SessionReader() = default;
  virtual std::optional<Session> find_session(const SessionId& id) = 0;
  /// By its current refresh token or its cookie.
  virtual std::optional<Session> find_session(const SecretHash& secret) = 0;
  /// Which session a refresh token that was used up belonged to.
  virtual std::optional<SessionId> find_spent_refresh(const SecretHash& secret) = 0;
  /// Newest first, ended ones included.
  virtual std::vector<Session> list_sessions(const model::UserId& user) = 0;
  virtual std::optional<SigningKey> find_signing_key(std::string_view id) = 0;
  virtual std::optional<SigningKey> newest_signing_key() = 0;
  virtual std::optional<DeviceRequest> find_device(const SecretHash& code) = 0;
  virtual std::optional<DeviceRequest> find_device(std::string_view user_code) = 0;
  virtual std::int64_t count_devices() = 0;
};

/// What a store changes of it.
class SessionWriter {
 public:
  virtual ~SessionWriter() = default;
  virtual void add_session(const Session& session, const SecretHash& secret) = 0;
  /// The session's one refresh token is `next` from now on, the one before is spent.
  virtual void rotate_refresh(const SessionId& id, const SecretHash& spent, const SecretHash& next,
                              base::Timestamp now) = 0;
  virtual void touch_session(const SessionId& id, base::Timestamp now) = 0;
  /// Ends its access tokens and streams, too.
  virtual void end_session(const SessionId& id, base::Timestamp now) = 0;
  /// Forgets sessions that ended or expired before.
  virtual void drop_sessions(base::Timestamp before) = 0;
  virtual void touch_token(const TokenId& id, base::Timestamp now) = 0;
  virtual void add_signing_key(const SigningKey& key) = 0;
  virtual void drop_signing_keys(base::Timestamp made_before) = 0;
  virtual void add_device(const DeviceRequest& request, const SecretHash& code) = 0;
  virtual void decide_device(std::string_view user_code, DeviceState state, const model::UserId& user) = 0;
  virtual void drop_device(const SecretHash& code) = 0;
  virtual void drop_devices(base::Timestamp expired_before) = 0;
};

} // namespace memsync::hub

template <>
struct memsync::model::EnumNames<memsync::hub::SessionKind> {
  static constexpr std::array<std::string_view, 2> names{"tokens", "browser"};
};

template <>
struct memsync::model::EnumNames<memsync::hub::DeviceState> {
  static constexpr std::array<std::string_view, 3> names{"waiting", "allowed", "denied"};
};
