#include "hub/inventory.h"

#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

Inventory take(HubFixture& f) {
  return must(f.store->read(
      [&](StoreReader& reader) -> base::Result<Inventory> { return take_inventory(reader, f.clock.now()); }));
}

bool names(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

} // namespace

TEST_CASE("a backup is compared by account, workspace, membership, invitation and token") {
  HubFixture f;
  const Person mia = f.member("mia");
  must(f.hub->invite(f.olga.principal, f.team, "kim@example.org", Role::member));
  const Inventory backup = take(f);
  must(f.hub->remove_member(f.olga.principal, f.team, mia.id));
  f.member("noa");
  must(f.hub->create_workspace(f.olga.principal, "Second"));
  TokenRequest token;
  token.name = "laptop";
  must(f.hub->create_token(f.olga.principal, token));

  const Difference difference = compare(take(f), backup);
  for (const char* missing :
       {"account noa", "membership of noa@example.org", "workspace \"Second\"", "(laptop)"})
    CHECK(names(difference.missing, missing));
  CHECK(names(difference.returned, "membership of mia@example.org in \"Team\""));
  CHECK(difference.returned.size() == 1);
}

TEST_CASE("a role and a password that were changed after the backup are named") {
  HubFixture f;
  const Person mia = f.member("mia", Role::admin);
  must(f.admin().set_password("mia@example.org", "correct horse battery"));
  const Inventory backup = take(f);
  CHECK(compare(backup, take(f)).changed.empty());
  must(f.hub->change_role(f.olga.principal, f.team, mia.id, Role::viewer));
  must(f.admin().set_password("mia@example.org", "another horse battery"));
  must(f.admin().set_password("olga@example.org", "olgas horse battery"));

  const Difference difference = compare(take(f), backup);
  CHECK(difference.missing.empty());
  CHECK(difference.returned.empty());
  CHECK(difference.changed.size() == 3);
  CHECK(names(difference.changed, "membership of mia@example.org in \"Team\""));
  CHECK(names(difference.changed, "admin again, no longer viewer"));
  CHECK(names(difference.changed, "mia <mia@example.org>: the earlier one again"));
  CHECK(names(difference.changed, "Olga <olga@example.org>: none again"));
}

TEST_CASE("what ended before the backup is in neither list") {
  HubFixture f;
  const auto invited = must(f.hub->invite(f.olga.principal, f.team, "kim@example.org", Role::member));
  must(f.hub->revoke_invitation(f.olga.principal, f.team, invited.invitation.id));
  const Difference difference = compare(take(f), take(f));
  CHECK(difference.missing.empty());
  CHECK(difference.returned.empty());
  CHECK(take(f).invitations.empty());
}

TEST_CASE("a renewed epoch ends the snapshots under way and is what cursors are told") {
  HubFixture f;
  const auto session = must(f.hub->open_snapshot(f.olga.principal, f.team, {})).session;
  must(f.store->write(
      [](StoreTxn& txn) -> Answer<> { return txn.renew_epoch(model::Epoch{4711}), Answer<>(); }));
  f.reopen();
  CHECK(f.hub->epoch() == model::Epoch{4711});
  CHECK(code_of(f.hub->snapshot_page(f.olga.principal, f.team, session, "")) == ErrorCode::resync);
}
