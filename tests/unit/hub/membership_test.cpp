#include "hub/password.h"
#include "hub/secret.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

TEST_CASE("init makes the first owner, their personal workspace and the team, once") {
  HubFixture f;
  const auto me = must(f.hub->me(f.olga.principal));
  REQUIRE(me.workspaces.size() == 2);
  CHECK(me.workspaces[0].kind == model::WorkspaceKind::personal);
  CHECK(me.workspaces[1].id == f.team);
  CHECK(me.workspaces[1].role == Role::owner);
  CHECK(me.epoch == f.hub->epoch());
  CHECK(code_of(f.admin().init("eve@example.org", "Eve", "Another")) == ErrorCode::validation);
}

TEST_CASE("an invitation makes an account for its address, a personal workspace and a membership") {
  HubFixture f;
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, " Mia@Example.ORG ", Role::member));
  const auto info = must(f.hub->invitation_info(invited.token, "address"));
  CHECK(info.email == "mia@example.org");
  CHECK(info.workspace_name == "Team");
  CHECK(info.invited_by == "Olga");
  CHECK_FALSE(info.account_exists);
  const auto joined = must(f.hub->accept_invitation(invited.token, "Mia", std::nullopt, "address"));
  CHECK(joined.workspace == f.team);
  CHECK(joined.role == Role::member);
  const auto me = must(f.hub->me(must(f.hub->authenticate(joined.token))));
  CHECK(me.workspaces.size() == 2);
  CHECK(must(f.hub->members(f.olga.principal, f.team)).size() == 2);
}

TEST_CASE("an invitation works once, for seven days, until it is revoked, and unknown ones look the same") {
  HubFixture f;
  const auto accept = [&](const std::string& token) {
    return f.hub->accept_invitation(token, "Mia", std::nullopt, "address");
  };
  const auto used = must(f.hub->invite(f.olga.principal, f.team, "used@example.org", Role::member));
  must(accept(used.token));
  const auto again = accept(used.token);
  CHECK(code_of(again) == ErrorCode::not_found);

  const auto revoked = must(f.hub->invite(f.olga.principal, f.team, "revoked@example.org", Role::member));
  must(f.hub->revoke_invitation(f.olga.principal, f.team, revoked.invitation.id));
  CHECK(accept(revoked.token).error().detail == again.error().detail);

  const auto old = must(f.hub->invite(f.olga.principal, f.team, "old@example.org", Role::member));
  f.clock.advance(std::chrono::hours(7 * 24));
  CHECK(accept(old.token).error().detail == again.error().detail);

  CHECK(accept(make_secret(SecretKind::invitation, f.random)).error().detail == again.error().detail);
  CHECK(accept("no secret at all").error().detail == again.error().detail);
}

TEST_CASE("a new invitation for the same address replaces the one before") {
  HubFixture f;
  const auto first = must(f.hub->invite(f.olga.principal, f.team, "mia@example.org", Role::member));
  const auto second = must(f.hub->invite(f.olga.principal, f.team, "mia@example.org", Role::viewer));
  CHECK(code_of(f.hub->invitation_info(first.token, "a")) == ErrorCode::not_found);
  CHECK(must(f.hub->invitation_info(second.token, "a")).role == Role::viewer);
  CHECK(must(f.hub->invitations(f.olga.principal, f.team)).size() == 2);
}

TEST_CASE("whoever has an account accepts signed in, with the invited address only") {
  HubFixture f;
  const Person stefan = f.stranger("stefan");
  const Person eve = f.stranger("eve");
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, "stefan@example.org", Role::viewer));
  const auto accept = [&](const std::optional<Principal>& principal) {
    return f.hub->accept_invitation(invited.token, "Stefan", principal, "address");
  };
  CHECK(code_of(accept(std::nullopt)) == ErrorCode::sign_in_required);
  CHECK(code_of(accept(eve.principal)) == ErrorCode::permission);
  CHECK(must(accept(stefan.principal)).user == stefan.id);
  CHECK(must(f.hub->authorize(stefan.principal, model::Permission::memory_read, f.team)) == Role::viewer);
}

TEST_CASE("accepting with a narrow token makes no wider one") {
  HubFixture f;
  const Person stefan = f.stranger("stefan");
  TokenRequest narrow;
  narrow.name = "reader";
  narrow.scopes = PermissionSet().add(model::Permission::memory_read);
  const auto reader = must(f.hub->create_token(stefan.principal, narrow));
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, "stefan@example.org", Role::member));
  const auto joined =
      must(f.hub->accept_invitation(invited.token, "", must(f.hub->authenticate(reader.secret)), "address"));
  CHECK(must(f.hub->authenticate(joined.token)).scopes == narrow.scopes);
}

TEST_CASE("nobody invites to a role above their own, and to a personal workspace nobody is invited") {
  HubFixture f;
  const Person admin = f.member("ada", Role::admin);
  CHECK(code_of(f.hub->invite(admin.principal, f.team, "x@example.org", Role::owner)) ==
        ErrorCode::permission);
  must(f.hub->invite(admin.principal, f.team, "x@example.org", Role::admin));
  const auto personal = must(f.hub->me(f.olga.principal)).workspaces[0].id;
  CHECK(code_of(f.hub->invite(f.olga.principal, personal, "x@example.org", Role::member)) ==
        ErrorCode::validation);
  CHECK(code_of(f.hub->invite(f.olga.principal, f.team, "not an address", Role::member)) ==
        ErrorCode::validation);
  CHECK(code_of(f.hub->invite(f.olga.principal, f.team, "ada@example.org", Role::member)) ==
        ErrorCode::validation);
}

TEST_CASE("trying invitations is limited by address") {
  HubFixture f;
  f.options.invitation_tries = {3, 1};
  f.reopen();
  for (int i = 0; i < 3; ++i) CHECK(code_of(f.hub->invitation_info("x", "1.2.3.4")) == ErrorCode::not_found);
  const auto refused = f.hub->invitation_info("x", "1.2.3.4");
  CHECK(code_of(refused) == ErrorCode::rate_limited);
  CHECK(refused.error().retry_after_s == 60);
  CHECK(code_of(f.hub->invitation_info("x", "5.6.7.8")) == ErrorCode::not_found);
}

TEST_CASE("who left is listed apart from the members, by name alone, until they are back") {
  HubFixture f;
  const auto former = [&] {
    std::vector<std::string> names;
    for (const auto& member : must(f.hub->workspace(f.olga.principal, f.team)).former) {
      names.push_back(member.name);
      CHECK(member.email.empty());
    }
    return names;
  };
  const Person mia = f.member("mia");
  CHECK(former().empty());
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  CHECK(former() == std::vector<std::string>{"mia"});
  CHECK(must(f.hub->members(f.olga.principal, f.team)).size() == 1);
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, "mia@example.org", Role::member));
  must(f.hub->accept_invitation(invited.token, "mia", mia.principal, "address"));
  CHECK(former().empty());
}

TEST_CASE("the last owner can neither step down, be removed nor leave") {
  HubFixture f;
  const Person mia = f.member("mia");
  CHECK(code_of(f.hub->change_role(f.olga.principal, f.team, f.olga.id, Role::member)) ==
        ErrorCode::validation);
  CHECK(code_of(f.hub->remove_member(f.olga.principal, f.team, f.olga.id)) == ErrorCode::validation);
  CHECK(code_of(f.hub->leave(f.olga.principal, f.team)) == ErrorCode::validation);
  must(f.hub->change_role(f.olga.principal, f.team, mia.id, Role::owner));
  must(f.hub->leave(f.olga.principal, f.team));
  CHECK(must(f.hub->members(mia.principal, f.team)).size() == 1);
  f.check_sound();
}

TEST_CASE("an admin removes members but no owner") {
  HubFixture f;
  const Person admin = f.member("ada", Role::admin);
  const Person mia = f.member("mia");
  CHECK(code_of(f.hub->remove_member(admin.principal, f.team, f.olga.id)) == ErrorCode::permission);
  must(f.hub->remove_member(admin.principal, f.team, mia.id));
  CHECK(code_of(f.hub->remove_member(admin.principal, f.team, mia.id)) == ErrorCode::not_found);
}

TEST_CASE(
    "what somebody issued who leaves, is removed or is demoted opens no door, the operator's invitations "
    "do") {
  HubFixture f;
  const auto accept = [&](const IssuedInvitation& invited, const Person& person) {
    return f.hub->accept_invitation(invited.token, "", person.principal, "address");
  };
  for (const char* how : {"removed", "leaves", "demoted"}) {
    CAPTURE(how);
    const Person admin = f.member(how, Role::admin), friendly = f.stranger(std::string(how) + "-friend");
    const auto issued =
        must(f.hub->invite(admin.principal, f.team, std::string(how) + "-friend@example.org", Role::admin));
    if (how == std::string("removed")) must(f.hub->remove_member(f.olga.principal, f.team, admin.id));
    if (how == std::string("leaves")) must(f.hub->leave(admin.principal, f.team));
    if (how == std::string("demoted"))
      must(f.hub->change_role(f.olga.principal, f.team, admin.id, Role::viewer));
    CHECK(code_of(accept(issued, friendly)) == ErrorCode::not_found);
    const auto again =
        must(f.admin().invite("Team", std::string(how) + "-friend@example.org", Role::member, std::nullopt));
    CHECK(accept(again, friendly));
  }
  const Person riser = f.member("riser", Role::admin), guest = f.stranger("guest");
  const auto issued = must(f.hub->invite(riser.principal, f.team, "guest@example.org", Role::member));
  must(f.hub->change_role(f.olga.principal, f.team, riser.id, Role::owner));
  CHECK(accept(issued, guest));
}

TEST_CASE("somebody who was removed can be invited again") {
  HubFixture f;
  const Person mia = f.member("mia");
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, "mia@example.org", Role::viewer));
  must(f.hub->accept_invitation(invited.token, "", mia.principal, "address"));
  CHECK(must(f.hub->authorize(mia.principal, model::Permission::memory_read, f.team)) == Role::viewer);
}

TEST_CASE("workspaces are created, renamed and deleted, personal ones stay") {
  HubFixture f;
  const auto made = must(f.hub->create_workspace(f.olga.principal, "  Second  "));
  CHECK(made.name == "Second");
  CHECK(made.role == Role::owner);
  const auto changed =
      must(f.hub->change_workspace(f.olga.principal, made.id, {"Renamed", model::Strategy::manual, {}}));
  CHECK(changed.name == "Renamed");
  CHECK(changed.strategy == model::Strategy::manual);
  CHECK(must(f.hub->workspaces(f.olga.principal)).size() == 3);
  must(f.hub->delete_workspace(f.olga.principal, made.id, "Renamed"));
  CHECK(code_of(f.hub->workspace(f.olga.principal, made.id)) == ErrorCode::not_found);
  const auto personal = must(f.hub->workspaces(f.olga.principal)).at(0);
  CHECK(code_of(f.hub->delete_workspace(f.olga.principal, personal.id, personal.name)) ==
        ErrorCode::validation);
  CHECK(code_of(f.hub->create_workspace(f.olga.principal, "two\nlines")) == ErrorCode::validation);
  CHECK(code_of(f.hub->create_workspace(f.olga.principal, std::string(81, 'x'))) == ErrorCode::validation);
}

TEST_CASE("a token is checked by its checksum, found by its hash and ends by revoking and by time") {
  HubFixture f;
  TokenRequest request;
  request.name = "ci";
  request.expires_at = f.clock.now() + std::chrono::hours(1);
  const auto issued = must(f.hub->create_token(f.olga.principal, request));
  CHECK(issued.secret.substr(0, 4) == "mst_");
  CHECK(must(f.hub->authenticate(issued.secret)).token == issued.token.id);
  auto mistyped = issued.secret;
  mistyped[10] = mistyped[10] == 'a' ? 'b' : 'a';
  CHECK_FALSE(parse_secret(SecretKind::token, mistyped).has_value());
  CHECK(code_of(f.hub->authenticate(mistyped)) == ErrorCode::unauthenticated);
  CHECK(code_of(f.hub->authenticate("")) == ErrorCode::unauthenticated);

  f.clock.advance(std::chrono::hours(1));
  CHECK(code_of(f.hub->authenticate(issued.secret)) == ErrorCode::unauthenticated);

  request.expires_at.reset();
  const auto second = must(f.hub->create_token(f.olga.principal, request));
  const auto principal = must(f.hub->authenticate(second.secret));
  must(f.hub->revoke_token(f.olga.principal, second.token.id));
  CHECK(code_of(f.hub->authenticate(second.secret)) == ErrorCode::unauthenticated);
  CHECK(code_of(f.hub->authorize(principal, model::Permission::memory_read, f.team)) ==
        ErrorCode::unauthenticated);
}

TEST_CASE("a token is never wider than the one it was made with, and others' tokens are not found") {
  HubFixture f;
  const Person mia = f.member("mia");
  TokenRequest request;
  request.name = "reader";
  request.scopes = PermissionSet().add(model::Permission::memory_read).add(model::Permission::team_read);
  request.workspaces = {f.team};
  const auto reader = must(f.hub->authenticate(must(f.hub->create_token(mia.principal, request)).secret));
  CHECK(code_of(f.hub->authorize(reader, model::Permission::memory_write, f.team)) == ErrorCode::permission);
  const auto personal = must(f.hub->me(mia.principal)).workspaces[0].id;
  CHECK(code_of(f.hub->authorize(reader, model::Permission::memory_read, personal)) == ErrorCode::not_found);
  CHECK(must(f.hub->me(reader)).workspaces.size() == 1);

  auto wider = request;
  wider.scopes.add(model::Permission::memory_write);
  CHECK(code_of(f.hub->create_token(reader, wider)) == ErrorCode::permission);
  wider = request;
  wider.workspaces.clear();
  CHECK(code_of(f.hub->create_token(reader, wider)) == ErrorCode::permission);
  must(f.hub->create_token(reader, request));
  CHECK(code_of(f.hub->create_workspace(reader, "Mine")) == ErrorCode::permission);
  CHECK(code_of(f.hub->revoke_token(reader, mia.principal.token)) == ErrorCode::permission);
  CHECK(code_of(f.hub->revoke_token(mia.principal, f.olga.principal.token)) == ErrorCode::not_found);
}

TEST_CASE("the operator finds workspaces by id and by name and changes who is in them") {
  HubFixture f;
  Admin admin = f.admin();
  const auto eve = must(admin.create_user("eve@example.org", "Eve"));
  const auto invited = must(admin.invite("Team", "eve@example.org", Role::admin));
  CHECK(must(f.hub->invitation_info(invited.token, "a")).invited_by == "the operator of this hub");
  must(f.hub->accept_invitation(invited.token, "", must(f.hub->authenticate(eve.token)), "a"));
  must(admin.change_role(f.team.view(), "eve@example.org", Role::viewer));
  CHECK(must(admin.members("Team")).size() == 2);
  must(admin.remove_member("Team", "EVE@example.org"));
  CHECK(code_of(admin.members("Nowhere")) == ErrorCode::not_found);
  CHECK(code_of(admin.remove_member("Team", "nobody@example.org")) == ErrorCode::not_found);
  const auto audit = must(admin.audit(100));
  REQUIRE_FALSE(audit.empty());
  CHECK(audit.front().action == AuditAction::member_removed);
  CHECK(audit.front().subject == eve.user.id);
}

TEST_CASE("a password is stored as argon2id and has 10 to 1,024 bytes") {
  HubFixture f;
  CHECK(code_of(f.admin().set_password("olga@example.org", "short")) == ErrorCode::validation);
  must(f.admin().set_password("olga@example.org", "correct horse battery"));
  must(f.store->read([&](StoreReader& reader) -> Answer<> {
    const auto hash = reader.find_password_hash(f.olga.id);
    REQUIRE(hash.has_value());
    CHECK(hash->substr(0, 9) == "$argon2id");
    CHECK(is_password("correct horse battery", *hash));
    CHECK_FALSE(is_password("correct horse batterx", *hash));
    return {};
  }));
}
