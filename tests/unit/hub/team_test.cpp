#include "hub/accounts.h"
#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

TEST_CASE("a team's slug is made of its name, unique, and can be chosen") {
  HubFixture f;
  const auto make = [&](const std::string& name, const std::optional<std::string>& slug = {}) {
    return f.hub->create_workspace(f.olga.principal, name, slug);
  };
  CHECK(must(make("Engines & Co.")).slug == "engines-co");
  CHECK(must(make("engines co")).slug == "engines-co-2");
  CHECK(must(make("\U0001F680")).slug == "team-2"); // "team" is the fixture's own
  CHECK(must(make(std::string(80, 'x'))).slug == std::string(30, 'x'));
  CHECK(must(make("Another", "mine")).slug == "mine");
  CHECK(code_of(make("Another", "mine")) == ErrorCode::validation);
  for (const char* slug : {"", "x", "-x", "x-", "Upper", "with space", "\u00fcber"}) {
    CAPTURE(slug);
    CHECK(code_of(make("Another", slug)) == ErrorCode::validation);
  }
  CHECK(code_of(make("Another", std::string(41, 'x'))) == ErrorCode::validation);
}

TEST_CASE("a slug can be changed to a free one, and a deleted team gives its slug back") {
  HubFixture f;
  const auto first = must(f.hub->create_workspace(f.olga.principal, "First"));
  const auto second = must(f.hub->create_workspace(f.olga.principal, "Second"));
  const auto change = [&](const model::WorkspaceId& id, const char* slug) {
    return f.hub->change_workspace(f.olga.principal, id, {{}, {}, slug});
  };
  CHECK(code_of(change(second.id, "first")) == ErrorCode::validation);
  CHECK(must(change(first.id, "first")).slug == "first");
  must(f.hub->delete_workspace(f.olga.principal, first.id, "First"));
  CHECK(must(change(second.id, "first")).slug == "first");
  const auto personal = must(f.hub->workspaces(f.olga.principal)).at(0);
  CHECK(personal.slug.empty());
  CHECK(code_of(change(personal.id, "me")) == ErrorCode::validation);
}

TEST_CASE("a team is deleted only with its exact name") {
  HubFixture f;
  for (const char* name : {"", "team", "Team ", "Other"}) {
    CAPTURE(name);
    CHECK(code_of(f.hub->delete_workspace(f.olga.principal, f.team, name)) == ErrorCode::validation);
  }
  must(f.hub->delete_workspace(f.olga.principal, f.team, "Team"));
}

TEST_CASE("an invitation ends when it was said, within 30 days") {
  HubFixture f;
  const auto invite = [&](std::chrono::hours lifetime) {
    return f.hub->invite(f.olga.principal, f.team, "bob@example.org", Role::member, f.clock.now() + lifetime);
  };
  CHECK(code_of(invite(std::chrono::hours(0))) == ErrorCode::validation);
  CHECK(code_of(invite(std::chrono::hours(24 * 30 + 1))) == ErrorCode::validation);
  const auto issued = must(invite(std::chrono::hours(1)));
  f.clock.advance(std::chrono::minutes(59));
  CHECK(f.hub->invitation_info(issued.token, "a").has_value());
  f.clock.advance(std::chrono::minutes(1));
  CHECK(code_of(f.hub->invitation_info(issued.token, "a")) == ErrorCode::not_found);
}

TEST_CASE("a team has at most 500 members, and a full one takes no invitation") {
  HubFixture f;
  const auto late = must(f.hub->invite(f.olga.principal, f.team, "late@example.org", Role::member));
  must(f.store->write([&](StoreTxn& txn) -> Answer<> {
    for (int i = 1; i < 500; ++i) {
      const User user{model::UserId::random(f.random), std::to_string(i) + "@example.org", "x",
                      f.clock.now()};
      txn.put_user(user);
      txn.put_member(f.team, {user.id, Role::viewer, f.clock.now(), false});
    }
    return {};
  }));
  CHECK(code_of(f.hub->invite(f.olga.principal, f.team, "more@example.org", Role::member)) ==
        ErrorCode::too_large);
  CHECK(code_of(f.hub->accept_invitation(late.token, "Late", std::nullopt, "a")) == ErrorCode::too_large);
}

TEST_CASE("somebody owns at most 100 teams") {
  HubFixture f;
  for (int i = 1; i < 100; ++i) must(f.hub->create_workspace(f.olga.principal, "Team"));
  CHECK(code_of(f.hub->create_workspace(f.olga.principal, "Team")) == ErrorCode::too_large);
}

TEST_CASE("the audit log is filtered by person, action and time") {
  HubFixture f;
  const Person mia = f.member("mia");
  const auto since = f.clock.now();
  f.clock.advance(std::chrono::hours(1));
  must(f.hub->change_role(f.olga.principal, f.team, mia.id, Role::viewer));
  const auto count = [&](const AuditFilter& filter) {
    return must(f.hub->audit(f.olga.principal, f.team, filter, "", 200)).rows.size();
  };
  AuditFilter filter;
  filter.action = AuditAction::role_changed;
  CHECK(count(filter) == 1);
  filter = {};
  filter.user = mia.id;
  CHECK(count(filter) == 2); // joined, and got another role
  filter.since = since + std::chrono::minutes(1);
  CHECK(count(filter) == 1);
  filter = {};
  filter.until = since;
  CHECK(count(filter) == 0);
}

TEST_CASE("what a limited token is refused reaches the audit log") {
  HubFixture f;
  TokenRequest narrow{"reader", PermissionSet().add(model::Permission::memory_read), {}, {}};
  const auto reader = must(f.hub->authenticate(must(f.hub->create_token(f.olga.principal, narrow)).secret));
  CHECK(code_of(f.hub->create_workspace(reader, "Mine")) == ErrorCode::permission);
  CHECK(code_of(f.hub->sign_in().log_out_everywhere(reader, SignIn::Extent::sessions)) ==
        ErrorCode::permission);
  CHECK(code_of(f.hub->create_token(reader, {"wider", PermissionSet::all(), {}, {}})) ==
        ErrorCode::permission);
  const auto events = must(f.admin().audit(100));
  CHECK(std::count_if(events.begin(), events.end(),
                      [](const AuditEvent& event) { return event.action == AuditAction::denied; }) == 3);
}
