#include "hub/sign_in.h"

#include "base/utf8.h"
#include "hub/access_token.h"
#include "hub/accounts.h"
#include "hub/authorize.h"
#include "hub/password.h"
#include "hub/secret.h"

namespace memsync::hub {

using base::ErrorCode;
using base::Timestamp;

namespace {

constexpr std::chrono::days k_session_lifetime{30};
constexpr std::chrono::hours k_browser_lifetime{12};
constexpr std::chrono::days k_key_lifetime{30};
constexpr std::chrono::days k_ended_kept{30}; // so that a list can still show what ended
// All failed sign-ins together: an attack must not fill the disk.
constexpr RateRule k_audited_failures{600, 600};
constexpr std::string_view k_all = "all";
constexpr std::string_view k_tried = "sign-ins tried for this account";

base::Error wrong() {
  return refuse(ErrorCode::unauthenticated,
                "the e-mail address or the password is wrong, or the account has no password yet");
}

/// What an unknown address is checked against, so that it takes as long as a known one.
const std::string& stand_in_hash() {
  static const std::string hash = hash_password("nobody has this password").value_or("");
  return hash;
}

Answer<std::string> parse_client(std::string_view client) {
  TRY_ASSIGN(auto name, parse_name("client", client));
  return name;
}

/// The key to sign with, made when there is none or the last one is old.
SigningKey current_key(StoreTxn& txn, base::Random& random, Timestamp now) {
  auto newest = txn.newest_signing_key();
  if (newest && newest->created_at + k_key_lifetime > now) return *std::move(newest);
  const SigningKey made = make_signing_key(random, now);
  txn.add_signing_key(made);
  txn.drop_signing_keys(now - k_key_lifetime - std::chrono::hours(1)); // the one before still verifies
  return made;
}

Session make_session(Work& work, const User& user, SessionKind kind, const std::string& client) {
  const std::chrono::hours lifetime = kind == SessionKind::browser ? k_browser_lifetime : k_session_lifetime;
  return {SessionId::random(work.random), user.id, kind, client, work.now, work.now, work.now + lifetime, {}};
}

/// Both tokens of a session, the refresh token not yet stored.
SignedIn issue(Work& work, const User& user, const Session& session) {
  const Timestamp now = std::chrono::floor<std::chrono::seconds>(work.now);
  const SigningKey key = current_key(work.txn, work.random, work.now);
  return {user, session.id, sign_access_token(key, {user.id, session.id, now, now + k_access_lifetime}),
          make_secret(SecretKind::refresh, work.random), session.expires_at};
}

void end(Work& work, const Session& session, AuditAction action) {
  work.txn.end_session(session.id, work.now);
  note(work, action, {}, session.user, session.client);
}

} // namespace

SignIn::SignIn(Workplace work, const SignInRules& rules)
    : work_(work),
      by_account_(rules.by_account),
      by_account_anywhere_(rules.by_account_anywhere),
      by_address_(rules.by_address),
      refreshes_(rules.refreshes),
      audited_failures_(k_audited_failures) {}

void SignIn::note_failure(const std::optional<User>& user, std::string_view address) {
  if (audited_failures_.take(k_all, 1, work_.clock.instant())) return;
  const AuditEvent event{0,
                         work_.clock.now(),
                         AuditAction::sign_in_failed,
                         {},
                         {},
                         user ? user->id : model::UserId{},
                         fmt::format("from {}", address)};
  work_.write_soon([event](StoreTxn& txn) { txn.add_audit(event); });
}

Answer<> SignIn::require_person(const Principal& principal) {
  auto answer = require_whole(principal);
  if (answer || audited_failures_.take(k_all, 1, work_.clock.instant())) return answer;
  const AuditEvent event{0,  work_.clock.now(),    AuditAction::denied, principal.user, {},
                         {}, answer.error().detail};
  work_.write_soon([event](StoreTxn& txn) { txn.add_audit(event); });
  return answer;
}

Answer<User> SignIn::check_password(std::string_view email, std::string_view password,
                                    std::string_view address) {
  const base::Instant now = work_.clock.instant();
  TRY(by_address_.require(address, 1, now, "sign-ins tried from this address"));
  const auto parsed = parse_email(email);
  const std::string account = parsed ? *parsed : std::string(base::truncate_utf8(email, 254));
  const std::string from_here = fmt::format("{} {}", account, address);
  TRY(by_account_.require(from_here, 1, now, k_tried));
  if (auto free = by_account_anywhere_.require(account, 1, now, k_tried); !free) {
    by_account_.give_back(from_here, 1, now);
    return free.error();
  }
  std::optional<User> user;
  std::optional<std::string> hash;
  TRY(work_.store.read([&](StoreReader& reader) -> Answer<> {
    user = reader.find_user_by_email(account);
    if (user) hash = reader.find_password_hash(user->id);
    return {};
  }));
  const bool is_right = is_password(password, hash ? *hash : stand_in_hash());
  if (!hash || !is_right) {
    note_failure(user, address);
    return wrong();
  }
  by_account_.give_back(from_here, 1, now);
  by_account_anywhere_.give_back(account, 1, now);
  return *std::move(user);
}

Answer<SignedIn> SignIn::log_in(std::string_view email, std::string_view password, std::string_view client,
                                std::string_view address) {
  TRY_ASSIGN(const auto name, parse_client(client));
  TRY_ASSIGN(const auto user, check_password(email, password, address));
  return work_.write([&](StoreTxn& txn) -> Answer<SignedIn> {
    Work work{txn, work_.random, work_.clock.now(), user.id};
    txn.drop_sessions(work.now - k_ended_kept);
    const Session session = make_session(work, user, SessionKind::tokens, name);
    SignedIn made = issue(work, user, session);
    txn.add_session(session, *parse_secret(SecretKind::refresh, made.refresh_token));
    note(work, AuditAction::signed_in, {}, user.id, fmt::format("{} from {}", name, address));
    return made;
  });
}

Answer<BrowserSignedIn> SignIn::log_in_browser(std::string_view email, std::string_view password,
                                               std::string_view client, std::string_view address) {
  TRY_ASSIGN(const auto name, parse_client(client));
  TRY_ASSIGN(const auto user, check_password(email, password, address));
  return work_.write([&](StoreTxn& txn) -> Answer<BrowserSignedIn> {
    Work work{txn, work_.random, work_.clock.now(), user.id};
    txn.drop_sessions(work.now - k_ended_kept);
    BrowserSignedIn made{user, make_secret(SecretKind::browser, work_.random)};
    txn.add_session(make_session(work, user, SessionKind::browser, name),
                    *parse_secret(SecretKind::browser, made.cookie));
    note(work, AuditAction::signed_in, {}, user.id, fmt::format("{} from {}", name, address));
    return made;
  });
}

/// New tokens; nothing when the token was used up before, and its session is over now.
Answer<std::optional<SignedIn>> SignIn::exchange(StoreTxn& txn, const SecretHash& hash, Timestamp now) {
  using Exchanged = std::optional<SignedIn>;
  Work work{txn, work_.random, now, {}};
  if (const auto spent = txn.find_spent_refresh(hash)) {
    const auto session = txn.find_session(*spent);
    if (session && is_open(*session, now)) end(work, *session, AuditAction::refresh_reused);
    return Exchanged();
  }
  const auto session = txn.find_session(hash);
  const auto user = session ? txn.find_user(session->user) : std::nullopt;
  if (!user || session->kind != SessionKind::tokens || !is_open(*session, now))
    return refuse(ErrorCode::unauthenticated, "this session is over: sign in again");
  SignedIn made = issue(work, *user, *session);
  txn.rotate_refresh(session->id, hash, *parse_secret(SecretKind::refresh, made.refresh_token), now);
  return Exchanged(std::move(made));
}

Answer<SignedIn> SignIn::refresh(std::string_view refresh_token, std::string_view address) {
  TRY(refreshes_.require(address, 1, work_.clock.instant(), "refreshes"));
  const auto hash = parse_secret(SecretKind::refresh, refresh_token);
  const auto over = refuse(ErrorCode::unauthenticated, "this session is over: sign in again");
  if (!hash) return over;
  TRY_ASSIGN(auto exchanged,
             work_.write([&](StoreTxn& txn) { return exchange(txn, *hash, work_.clock.now()); }));
  if (!exchanged) return over;
  return *std::move(exchanged);
}

Answer<> SignIn::log_out(const Principal& principal) {
  return work_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, work_.random, work_.clock.now(), principal.user};
    if (const auto session = txn.find_session(principal.session)) {
      end(work, *session, AuditAction::signed_out);
    } else if (const auto token = txn.find_token(principal.token); token && !token->revoked_at) {
      txn.revoke_token(token->id, work.now);
      note(work, AuditAction::token_revoked, {}, principal.user, token->name);
    }
    return {};
  });
}

Answer<> SignIn::log_out_everywhere(const Principal& principal, Extent extent) {
  TRY(require_person(principal));
  return work_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, work_.random, work_.clock.now(), principal.user};
    for (const Session& session : txn.list_sessions(principal.user))
      if (is_open(session, work.now)) end(work, session, AuditAction::signed_out);
    if (extent == Extent::sessions) return {};
    for (const Token& token : txn.list_tokens(principal.user)) {
      if (token.revoked_at) continue;
      txn.revoke_token(token.id, work.now);
      note(work, AuditAction::token_revoked, {}, principal.user, token.name);
    }
    return {};
  });
}

Answer<> SignIn::end_session(const Principal& principal, const SessionId& id) {
  TRY(require_person(principal));
  return work_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, work_.random, work_.clock.now(), principal.user};
    const auto session = txn.find_session(id);
    if (!session || session->user != principal.user) return refuse(ErrorCode::not_found, "no such session");
    if (is_open(*session, work.now)) end(work, *session, AuditAction::signed_out);
    return {};
  });
}

Answer<std::vector<Session>> SignIn::sessions(const Principal& principal) {
  return work_.store.read([&](StoreReader& reader) -> Answer<std::vector<Session>> {
    auto sessions = reader.list_sessions(principal.user);
    const Timestamp now = work_.clock.now();
    std::erase_if(sessions, [&](const Session& session) { return !is_open(session, now); });
    return sessions;
  });
}

Answer<> SignIn::change_password(const Principal& principal, std::string_view current, std::string_view next,
                                 std::string_view address) {
  TRY(require_person(principal));
  std::optional<User> user;
  bool has_password = false;
  TRY(work_.store.read([&](StoreReader& reader) -> Answer<> {
    user = reader.find_user(principal.user);
    has_password = reader.find_password_hash(principal.user).has_value();
    return {};
  }));
  if (!user) return refuse(ErrorCode::unauthenticated, "the account is gone: sign in again");
  if (has_password && current.empty())
    return refuse(ErrorCode::validation, "'current' must be the password before this one");
  if (has_password) TRY(check_password(user->email, current, address));
  TRY_ASSIGN(const auto hash, hash_password(next));
  return work_.write([&](StoreTxn& txn) -> Answer<> {
    Work work{txn, work_.random, work_.clock.now(), principal.user};
    txn.set_password_hash(principal.user, hash);
    note(work, AuditAction::password_set, {}, principal.user);
    for (const Session& session : txn.list_sessions(principal.user))
      if (session.id != principal.session && is_open(session, work.now))
        end(work, session, AuditAction::signed_out);
    return {};
  });
}

} // namespace memsync::hub
