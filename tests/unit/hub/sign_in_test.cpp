#include "hub/sign_in.h"

#include "hub/access_token.h"
#include "hub/secret.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

constexpr const char* k_password = "correct horse battery";
constexpr const char* k_email = "olga@example.org";

/// A hub where Olga has a password.
struct SignInFixture : HubFixture {
  SignInFixture() { must(admin().set_password(k_email, k_password)); }
  SignIn& sign_in() { return hub->sign_in(); }
  Answer<SignedIn> log_in(const std::string& email = k_email, const std::string& password = k_password,
                          const std::string& address = "192.0.2.1") {
    return sign_in().log_in(email, password, "laptop", address);
  }
  bool is_valid(const std::string& secret) { return hub->authenticate(secret).has_value(); }
  int count_audit(AuditAction action) {
    const auto events = must(admin().audit(1000));
    return static_cast<int>(std::count_if(events.begin(), events.end(),
                                          [&](const AuditEvent& event) { return event.action == action; }));
  }
};

} // namespace

TEST_CASE("a password gives an access token for 15 minutes and a refresh token for the next") {
  SignInFixture f;
  const auto first = must(f.log_in(" OLGA@example.org "));
  const auto principal = must(f.hub->authenticate(first.access_token));
  CHECK(principal.user == f.olga.id);
  CHECK(principal.is_whole());
  CHECK(must(f.hub->authorize(principal, model::Permission::team_delete, f.team)) == Role::owner);
  f.clock.advance(std::chrono::minutes(15));
  CHECK_FALSE(f.is_valid(first.access_token));
  CHECK(code_of(f.hub->authorize(principal, model::Permission::memory_read, f.team)) ==
        ErrorCode::unauthenticated);
  const auto second = must(f.sign_in().refresh(first.refresh_token, "a"));
  CHECK(second.session == first.session);
  CHECK(f.is_valid(second.access_token));
  CHECK(f.count_audit(AuditAction::signed_in) == 1);
}

TEST_CASE("a refresh token that is shown again ends its session, and only that one") {
  SignInFixture f;
  const auto first = must(f.log_in());
  const auto other = must(f.log_in());
  const auto second = must(f.sign_in().refresh(first.refresh_token, "a"));
  CHECK(code_of(f.sign_in().refresh(first.refresh_token, "a")) == ErrorCode::unauthenticated);
  CHECK_FALSE(f.is_valid(second.access_token));
  CHECK(code_of(f.sign_in().refresh(second.refresh_token, "a")) == ErrorCode::unauthenticated);
  CHECK(f.is_valid(other.access_token));
  CHECK(f.count_audit(AuditAction::refresh_reused) == 1);
}

TEST_CASE("an unknown address, a wrong password and an account without one get the same answer") {
  SignInFixture f;
  const Person mia = f.member("mia");
  const auto unknown = f.log_in("nobody@example.org");
  const auto wrong = f.log_in(k_email, "wrong horse battery");
  const auto none = f.log_in("mia@example.org");
  CHECK(code_of(unknown) == ErrorCode::unauthenticated);
  CHECK(code_of(wrong) == ErrorCode::unauthenticated);
  CHECK(unknown.error().detail == wrong.error().detail);
  CHECK(none.error().detail == wrong.error().detail);
  CHECK(f.count_audit(AuditAction::sign_in_failed) == 3);
}

TEST_CASE("guessing is limited by account from everywhere, also for accounts that do not exist") {
  SignInFixture f;
  f.options.sign_in.by_account_anywhere = {3, 1};
  f.reopen();
  for (const std::string email : {k_email, "nobody@example.org"}) {
    CAPTURE(email);
    for (int i = 0; i < 3; ++i)
      CHECK(code_of(f.log_in(email, "wrong horse", std::to_string(i))) == ErrorCode::unauthenticated);
    const auto refused = f.log_in(email, k_password, "192.0.2.9");
    CHECK(code_of(refused) == ErrorCode::rate_limited);
    CHECK(refused.error().retry_after_s == 60);
  }
  f.clock.advance(std::chrono::minutes(1));
  CHECK(f.log_in().has_value());
}

TEST_CASE("whoever guesses from one address keeps nobody out who signs in from another") {
  SignInFixture f;
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(f.log_in(k_email, "wrong horse", "203.0.113.7")) == ErrorCode::unauthenticated);
  for (int i = 0; i < 10; ++i)
    CHECK(code_of(f.log_in(k_email, k_password, "203.0.113.7")) == ErrorCode::rate_limited);
  CHECK(f.log_in(k_email, k_password, "192.0.2.1").has_value());
}

TEST_CASE("guessing is limited by address for all accounts together") {
  SignInFixture f;
  f.options.sign_in.by_address = {3, 1};
  f.reopen();
  for (int i = 0; i < 3; ++i)
    CHECK(code_of(f.log_in(std::to_string(i) + "@example.org")) == ErrorCode::unauthenticated);
  CHECK(code_of(f.log_in()) == ErrorCode::rate_limited);
  CHECK(f.log_in(k_email, k_password, "192.0.2.2").has_value());
}

TEST_CASE("signing in often with the right password does not lock the account") {
  SignInFixture f;
  f.options.sign_in.by_account = {2, 1};
  f.reopen();
  for (int i = 0; i < 5; ++i) CHECK(f.log_in().has_value());
}

TEST_CASE("signing out ends the session, or the API token, that it is done with") {
  SignInFixture f;
  const auto here = must(f.log_in());
  const auto there = must(f.log_in());
  must(f.sign_in().log_out(must(f.hub->authenticate(here.access_token))));
  CHECK_FALSE(f.is_valid(here.access_token));
  CHECK(code_of(f.sign_in().refresh(here.refresh_token, "a")) == ErrorCode::unauthenticated);
  CHECK(f.is_valid(there.access_token));
  must(f.sign_in().log_out(f.olga.principal));
  CHECK_FALSE(f.is_valid(f.olga.token));
}

TEST_CASE("signing out everywhere ends every session, and the tokens when that is wanted") {
  SignInFixture f;
  const auto first = must(f.log_in());
  const auto second = must(f.log_in());
  must(f.sign_in().log_out_everywhere(f.olga.principal, SignIn::Extent::sessions));
  CHECK_FALSE(f.is_valid(first.access_token));
  CHECK_FALSE(f.is_valid(second.access_token));
  CHECK(f.is_valid(f.olga.token));
  must(f.sign_in().log_out_everywhere(f.olga.principal, SignIn::Extent::sessions_and_tokens));
  CHECK_FALSE(f.is_valid(f.olga.token));
  CHECK(f.count_audit(AuditAction::signed_out) == 2);
}

TEST_CASE("a browser that did nothing for 30 minutes is signed out, one in use stays for 12 hours") {
  SignInFixture f;
  const auto browser = must(f.sign_in().log_in_browser(k_email, k_password, "Browser", "a"));
  for (int i = 0; i < 25; ++i) {
    f.clock.advance(std::chrono::minutes(28));
    CHECK(f.is_valid(browser.cookie));
  }
  f.clock.advance(std::chrono::minutes(28));
  CHECK_FALSE(f.is_valid(browser.cookie));
  const auto idle = must(f.sign_in().log_in_browser(k_email, k_password, "Browser", "a"));
  f.clock.advance(std::chrono::minutes(30));
  CHECK_FALSE(f.is_valid(idle.cookie));
}

TEST_CASE("a new password needs the one before and ends the other sessions") {
  SignInFixture f;
  const auto here = must(f.log_in());
  const auto there = must(f.log_in());
  const auto principal = must(f.hub->authenticate(here.access_token));
  const auto change = [&](const char* current, const char* next) {
    return f.sign_in().change_password(principal, current, next, "a");
  };
  CHECK(code_of(change("", "another password")) == ErrorCode::validation);
  CHECK(code_of(change("wrong horse battery", "another password")) == ErrorCode::unauthenticated);
  CHECK(code_of(change(k_password, "short")) == ErrorCode::validation);
  must(change(k_password, "another password"));
  CHECK(f.is_valid(here.access_token));
  CHECK_FALSE(f.is_valid(there.access_token));
  CHECK(code_of(f.log_in()) == ErrorCode::unauthenticated);
  CHECK(f.log_in(k_email, "another password").has_value());
}

TEST_CASE("a password that the operator sets ends every session, and no API token") {
  SignInFixture f;
  const auto laptop = must(f.log_in());
  const auto browser = must(f.sign_in().log_in_browser(k_email, k_password, "browser", "192.0.2.1"));
  CHECK(must(f.admin().set_password(k_email, "another horse battery")) == 2);
  CHECK_FALSE(f.is_valid(laptop.access_token));
  CHECK_FALSE(f.is_valid(browser.cookie));
  CHECK(code_of(f.sign_in().refresh(laptop.refresh_token, "192.0.2.1")) == ErrorCode::unauthenticated);
  CHECK(f.is_valid(f.olga.token));
  CHECK(must(f.admin().set_password(k_email, "yet another battery")) == 0);
}

TEST_CASE("an account without a password gets its first one with a token for everything, and no other") {
  HubFixture f;
  const Person mia = f.member("mia");
  TokenRequest narrow{"reader", PermissionSet().add(model::Permission::memory_read), {}, {}};
  const auto reader = must(f.hub->authenticate(must(f.hub->create_token(mia.principal, narrow)).secret));
  CHECK(code_of(f.hub->sign_in().change_password(reader, "", k_password, "a")) == ErrorCode::permission);
  must(f.hub->sign_in().change_password(mia.principal, "", k_password, "a"));
  CHECK(f.hub->sign_in().log_in("mia@example.org", k_password, "laptop", "a").has_value());
}

TEST_CASE("somebody sees where they are signed in and ends one session, not somebody else's") {
  SignInFixture f;
  const Person mia = f.member("mia");
  const auto made = must(f.log_in());
  const auto sessions = must(f.sign_in().sessions(f.olga.principal));
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].client == "laptop");
  CHECK(code_of(f.sign_in().end_session(mia.principal, made.session)) == ErrorCode::not_found);
  must(f.sign_in().end_session(f.olga.principal, made.session));
  CHECK(must(f.sign_in().sessions(f.olga.principal)).empty());
  CHECK_FALSE(f.is_valid(made.access_token));
}

TEST_CASE("a token made when signed in may outlive the session") {
  SignInFixture f;
  const auto principal = must(f.hub->authenticate(must(f.log_in()).access_token));
  const auto token = must(f.hub->create_token(principal, {"backup", {}, {}, {}}));
  f.clock.advance(std::chrono::hours(24 * 60));
  CHECK(f.is_valid(token.secret));
}

TEST_CASE("a token for an invitation accepted when signed in outlives the session") {
  SignInFixture f;
  const Person mia = f.stranger("mia");
  must(f.admin().set_password("mia@example.org", k_password));
  const auto made = must(f.log_in("mia@example.org"));
  const auto issued = must(f.hub->invite(f.olga.principal, f.team, "mia@example.org", Role::member));
  const auto accepted =
      must(f.hub->accept_invitation(issued.token, "", must(f.hub->authenticate(made.access_token)), "a"));
  f.clock.advance(std::chrono::hours(1));
  CHECK(f.is_valid(accepted.token));
}

TEST_CASE("the last use of a token is known to ten minutes") {
  HubFixture f;
  const auto used_at = [&] { return must(f.admin().tokens(k_email)).front().used_at; };
  const auto first = used_at();
  REQUIRE(first);
  f.clock.advance(std::chrono::minutes(9));
  must(f.hub->authenticate(f.olga.token));
  CHECK(used_at() == first);
  f.clock.advance(std::chrono::minutes(1));
  must(f.hub->authenticate(f.olga.token));
  CHECK(used_at() == f.clock.now());
}

TEST_CASE("an access token that was changed, or signed otherwise, is none") {
  base::SeededRandom random(1);
  const base::Timestamp now{std::chrono::seconds(1'790'000'000)};
  const SigningKey key = make_signing_key(random, now);
  const AccessClaims claims{model::UserId::random(random), SessionId::random(random), now,
                            now + k_access_lifetime};
  const std::string token = sign_access_token(key, claims);
  CHECK(find_key_id(token) == key.id);
  const auto read = verify_access_token(key, token, now);
  REQUIRE(read);
  CHECK(read->user == claims.user);
  CHECK(read->session == claims.session);
  CHECK(read->expires_at == claims.expires_at);
  CHECK_FALSE(verify_access_token(key, token, claims.expires_at));
  CHECK_FALSE(verify_access_token(make_signing_key(random, now), token, now));
  for (std::size_t i = 0; i + 1 < token.size(); ++i) { // the last character holds bits that mean nothing
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CAPTURE(i);
    CHECK_FALSE(verify_access_token(key, changed, now));
  }
  // {"alg":"none","kid":...}: the header must be the one form that the hub writes.
  const std::string none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + token.substr(token.find('.'));
  for (const std::string& text : {std::string(), std::string(".."), std::string("a.b.c"), none, token + ".x",
                                  token.substr(0, token.rfind('.') + 1), std::string(5000, '.')}) {
    CAPTURE(text.substr(0, 50));
    CHECK_FALSE(verify_access_token(key, text, now));
  }
}

TEST_CASE("a signing key is replaced after 30 days, and what it signed stays valid") {
  SignInFixture f;
  must(f.log_in());
  f.clock.advance(std::chrono::hours(24 * 30) - std::chrono::minutes(1));
  const auto last = must(f.log_in());
  f.clock.advance(std::chrono::minutes(1));
  const auto next = must(f.log_in());
  CHECK(find_key_id(last.access_token) != find_key_id(next.access_token));
  CHECK(f.is_valid(last.access_token));
  CHECK(f.is_valid(next.access_token));
}
