#include "tests/unit/hub/fixture.h"

using namespace memsync;
using namespace memsync::hub;

namespace {

struct NullSink final : StreamSink {
  void on_ready() override {}
};

/// What somebody is told who pushes, pulls, opens a snapshot and opens a stream.
struct Doors {
  std::optional<ErrorCode> push, pull, snapshot, stream;
  bool operator==(const Doors&) const = default;
};

template <class T>
std::optional<ErrorCode> refusal(const Answer<T>& answer) {
  if (answer) return std::nullopt;
  return answer.error().code;
}

Doors try_doors(HubFixture& f, const Principal& principal) {
  Writer writer(f.random);
  NullSink sink;
  return {refusal(f.hub->push(principal, f.team, writer.request({writer.create("x")}))),
          refusal(f.hub->pull(principal, f.team, {{f.hub->epoch(), {}}, 10})),
          refusal(f.hub->open_snapshot(principal, f.team, {writer.id, {}})),
          refusal(f.hub->open_stream(principal, {{f.team}, {}, StreamView::ops, {}}, sink))};
}

Doors all(ErrorCode code) { return {code, code, code, code}; }

} // namespace

TEST_CASE("members of every role reach the log, strangers and revoked tokens do not, the removed get proof") {
  HubFixture f;
  const Doors open;
  for (const Role role : {Role::owner, Role::admin, Role::member, Role::viewer}) {
    const Person person = f.member(std::string(model::name_of(role)), role);
    CHECK(try_doors(f, person.principal) == open);
  }
  CHECK(try_doors(f, f.stranger("stefan").principal) == all(ErrorCode::not_found));

  const Person removed = f.member("mia");
  must(f.hub->remove_member(f.olga.principal, f.team, removed.id));
  CHECK(try_doors(f, removed.principal) == all(ErrorCode::removed));
  const auto proof = f.hub->pull(removed.principal, f.team, {{f.hub->epoch(), {}}, 10});
  CHECK(proof.error().workspace == f.team);
  CHECK(proof.error().user == removed.id);
  CHECK(proof.error().epoch == f.hub->epoch());

  const Person revoked = f.member("rita");
  must(f.admin().revoke_token(revoked.principal.token));
  CHECK(try_doors(f, revoked.principal) == all(ErrorCode::unauthenticated));
}

TEST_CASE("what a role may not do is rejected operation by operation and names the permission elsewhere") {
  HubFixture f;
  Writer olga(f.random);
  const auto others = f.add(f.olga, olga, "Olga's");
  struct Row {
    Role role;
    bool writes, deletes_own, deletes_others, invites, renames, changes_roles;
  };
  for (const Row& row : {Row{Role::owner, true, true, true, true, true, true},
                         Row{Role::admin, true, true, true, true, true, false},
                         Row{Role::member, true, true, false, false, false, false},
                         Row{Role::viewer, false, false, false, false, false, false}}) {
    CAPTURE(model::name_of(row.role));
    const Person person = f.member(std::string(model::name_of(row.role)), row.role);
    Writer writer(f.random);
    const auto own = writer.create("own");
    const auto shared = f.add(f.olga, olga, "to be deleted");
    writer.base = model::Sequence{1'000'000}; // has seen everything
    const auto results = f.push(person, writer,
                                {own, writer.retitle(others, "changed"), writer.remove(own.target_node()),
                                 writer.remove(shared)})
                             .results;
    const auto is_allowed = [&](std::size_t i) { return results.at(i).code != ErrorCode::permission; };
    CHECK(is_allowed(0) == row.writes);
    CHECK(is_allowed(1) == row.writes);
    if (row.writes) CHECK(is_allowed(2) == row.deletes_own);
    CHECK(is_allowed(3) == row.deletes_others);
    const auto allows = [&](const auto& answer, const char* permission) {
      if (answer) return true;
      CHECK(answer.error().code == ErrorCode::permission);
      CHECK(answer.error().detail.find(permission) != std::string::npos);
      return false;
    };
    CHECK(allows(f.hub->invite(person.principal, f.team,
                               std::string(model::name_of(row.role)) + "-guest@example.org", Role::viewer),
                 "member.invite") == row.invites);
    CHECK(allows(f.hub->change_workspace(person.principal, f.team, {"Team", {}, {}}), "team.write") ==
          row.renames);
    CHECK(allows(f.hub->change_role(person.principal, f.team, f.olga.id, Role::owner),
                 "member.change_role") == row.changes_roles);
  }
  f.check_sound();
}

TEST_CASE("a member deletes a subtree only when all that lives in it is their own") {
  HubFixture f;
  const Person mia = f.member("mia");
  Writer olga(f.random), writer(f.random);
  writer.base = olga.base = model::Sequence{1'000'000};
  const auto document = f.add(mia, writer, "Mia's");
  const auto guest = f.add(f.olga, olga, "Olga's", document);
  const auto refused = f.push(mia, writer, {writer.remove(document)}).results.at(0);
  CHECK(refused.code == ErrorCode::permission);
  f.push(f.olga, olga, {olga.remove(guest)});
  CHECK(f.push(mia, writer, {writer.remove(document)}).results.at(0).status == Status::applied);
}

TEST_CASE("denials reach the audit log, with measure") {
  HubFixture f;
  const Person stefan = f.stranger("stefan");
  for (int i = 0; i < 200; ++i) (void)f.hub->pull(stefan.principal, f.team, {});
  const auto page = must(f.hub->audit(f.olga.principal, f.team, {}, "", 200));
  const auto denials = std::count_if(page.rows.begin(), page.rows.end(), [](const AuditEvent& event) {
    return event.action == AuditAction::denied;
  });
  CHECK(denials == 60);
  CHECK(f.hub->metrics().render().find("memsync_denied_total 200") != std::string::npos);
  CHECK(code_of(f.hub->audit(f.member("mia").principal, f.team, {}, "", 10)) == ErrorCode::permission);
}

TEST_CASE("an id that does not exist is no denial") {
  HubFixture f;
  const auto node = model::NodeId::random(f.random);
  CHECK(code_of(f.hub->node(f.olga.principal, f.team, node)) == ErrorCode::not_found);
  CHECK(code_of(f.hub->remove_node(f.olga.principal, f.team, node, {})) == ErrorCode::not_found);
  CHECK(code_of(f.hub->remove_member(f.olga.principal, f.team, model::UserId::random(f.random))) ==
        ErrorCode::not_found);
  CHECK(code_of(f.hub->revoke_token(f.olga.principal, TokenId::random(f.random))) == ErrorCode::not_found);
  CHECK(f.hub->metrics().render().find("memsync_denied_total 0") != std::string::npos);
  const Person stefan = f.stranger("stefan");
  CHECK(code_of(f.hub->node(stefan.principal, f.team, node)) == ErrorCode::not_found);
  CHECK(f.hub->metrics().render().find("memsync_denied_total 1") != std::string::npos);
}

TEST_CASE("nothing of one workspace is reachable through another") {
  HubFixture f;
  Writer writer(f.random), elsewhere(f.random);
  const auto secret = f.add(f.olga, writer, "secret");
  const auto other = must(f.hub->create_workspace(f.olga.principal, "Other")).id;
  const auto answer = must(
      f.hub->push(f.olga.principal, other,
                  elsewhere.request({elsewhere.create("child", secret), elsewhere.retitle(secret, "x")})));
  CHECK(answer.results.at(1).code == ErrorCode::not_found);
  const auto page = must(f.hub->pull(f.olga.principal, other, {{f.hub->epoch(), {}}, 10}));
  for (const std::string& entry : page.entries) CHECK(entry.find("secret") == std::string::npos);
  const auto session = must(f.hub->open_snapshot(f.olga.principal, f.team, {writer.id, {}})).session;
  CHECK(code_of(f.hub->snapshot_page(f.olga.principal, other, session, "")) == ErrorCode::resync);
  CHECK(code_of(f.hub->node_history(f.olga.principal, other, secret, "", 10)) == ErrorCode::not_found);
}
