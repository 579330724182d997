#include "tests/crash/hub_workload.h"

#include <fmt/format.h>

namespace memsync::crash {

using base::Result;
using hub::Principal;
using model::Role;
using replica::Editor;

struct HubWorkload::Open final : Subject {
  std::unique_ptr<HubOnDisk> hub;
  Result<std::vector<std::string>> check() override {
    TRY_ASSIGN(const auto report, hub->store->check());
    return report.problems;
  }
};

HubOnDisk& HubWorkload::hub_of(Subject& subject) { return *static_cast<Open&>(subject).hub; }

Result<std::unique_ptr<Subject>> HubWorkload::open(const std::string& vfs) {
  auto opened = std::make_unique<Open>();
  TRY_ASSIGN(opened->hub, HubOnDisk::open(path(), vfs, clock_, random_));
  return std::unique_ptr<Subject>(std::move(opened));
}

Result<> HubWorkload::write_one(Subject& subject) {
  return done_or_error(admin_of(subject).create_user("later@example.org", "Later"));
}

HubWorkload::HubWorkload() {
  record_opening();
  record_people();
  record_pushes();
  record_memberships();
  record_compaction();
}

void HubWorkload::record_people() {
  const auto token = std::make_shared<std::string>();
  record("init", [this, token](Subject& subject) -> Result<> {
    auto made = admin_of(subject).init("olga@example.org", "Olga", "Team");
    if (!made) return wire::to_error(made.error());
    *token = made->token;
    return {};
  });
  olga_ = must(live_hub().authenticate(*token));
  for (const wire::WorkspaceInfo& info : must(live_hub().workspaces(olga_)))
    if (info.kind == model::WorkspaceKind::team) team_ = info.id;
  mary_ = record_joining("mary@example.org", Role::admin);
  olgas_ = std::make_unique<Peer>(folder_.file("olga"), peers_, clock_, random_);
  olgas_->join(live_hub(), olga_);
  marys_ = std::make_unique<Peer>(folder_.file("mary"), peers_, clock_, random_);
  marys_->join(live_hub(), mary_);
}

Principal HubWorkload::record_joining(const std::string& email, Role role) {
  const auto token = std::make_shared<std::string>(), invitation = std::make_shared<std::string>();
  record("make the account of " + email, [this, email, token](Subject& subject) -> Result<> {
    auto made = admin_of(subject).create_user(email, email);
    if (!made) return wire::to_error(made.error());
    *token = made->token;
    return {};
  });
  const Principal principal = must(live_hub().authenticate(*token));
  record("invite", [this, email, role, invitation](Subject& subject) -> Result<> {
    auto issued = hub_of(subject).hub->invite(olga_, team_, email, role);
    if (!issued) return wire::to_error(issued.error());
    *invitation = issued->token;
    return {};
  });
  record("accept", [invitation = *invitation, principal](Subject& subject) {
    return done_or_error(hub_of(subject).hub->accept_invitation(invitation, "", principal, "address"));
  });
  return principal;
}

void HubWorkload::record_push(Peer& peer, const Principal& principal, const std::string& name) {
  const wire::PushRequest push = peer.next_push(team_);
  const auto run = [this, principal, push](Subject& subject) {
    return done_or_error(hub_of(subject).hub->push(principal, team_, push));
  };
  record("push: " + name, run);
  record("push again: " + name, run);
  peer.pull(live_hub(), team_);
}

void HubWorkload::record_pushes() {
  const auto plan = olgas_->create(team_, "Plan");
  const auto first = olgas_->create(team_, "First step", plan);
  const auto second = olgas_->create(team_, "Second step", plan);
  for (int i = 0; i < 20; ++i) olgas_->create(team_, fmt::format("Note {}", i), plan);
  record_push(*olgas_, olga_, "new nodes");
  marys_->pull(live_hub(), team_);

  olgas_->edit(team_, [&](Editor& editor) -> Result<> {
    TRY(editor.update(first, titled("Olga's title", "first line\nsecond line of Olga\n")));
    TRY(editor.set_tags(first, {"one", "two"}));
    return editor.move(second, {first, std::nullopt});
  });
  marys_->edit(team_, [&](Editor& editor) { return editor.update(first, titled("Mary's", "another\n")); });
  marys_->edit(team_, [&](Editor& editor) -> Result<> {
    TRY(editor.comment(first, "a remark"));
    TRY(editor.relate(first, second, "RELATED_TO"));
    return editor.complete(second, true);
  });
  marys_->edit(team_, [&](Editor& editor) { return editor.remove(second); });
  record_push(*olgas_, olga_, "one tx");
  record_push(*marys_, mary_, "concurrent edits, a conflict and a delete");
}

void HubWorkload::record_memberships() {
  const Principal eve = record_joining("eve@example.org", Role::admin);
  record("become a viewer", [this, eve](Subject& subject) {
    return done_or_error(hub_of(subject).hub->change_role(olga_, team_, eve.user, Role::viewer));
  });
  record("remove a member", [this, eve](Subject& subject) {
    return done_or_error(hub_of(subject).hub->remove_member(olga_, team_, eve.user));
  });
  record("make a token", [this](Subject& subject) {
    hub::TokenRequest request;
    request.name = "ci";
    return done_or_error(hub_of(subject).hub->create_token(olga_, request));
  });
  record("rename the team", [this](Subject& subject) {
    hub::WorkspaceChange change;
    change.name = "Another name";
    return done_or_error(hub_of(subject).hub->change_workspace(olga_, team_, change));
  });
  const auto other = std::make_shared<model::WorkspaceId>();
  record("make a workspace", [this, other](Subject& subject) -> Result<> {
    auto made = hub_of(subject).hub->create_workspace(olga_, "Other");
    if (!made) return wire::to_error(made.error());
    *other = made->id;
    return {};
  });
  record("delete a workspace", [this, id = *other](Subject& subject) {
    return done_or_error(hub_of(subject).hub->delete_workspace(olga_, id, "Other"));
  });
}

void HubWorkload::record_compaction() {
  record("empty the WAL", [](Subject& subject) { return hub_of(subject).store->settle(); });
  record("open a snapshot", [this](Subject& subject) -> Result<> {
    hub::Hub& hub = *hub_of(subject).hub;
    auto opened = hub.open_snapshot(mary_, team_, {});
    if (!opened) return wire::to_error(opened.error());
    return done_or_error(hub.snapshot_page(mary_, team_, opened->session, ""));
  });
  marys_->edit(team_, [](Editor& editor) { return editor.create(titled("Young"), {}); });
  clock_.advance(std::chrono::days(200));
  record_push(*marys_, mary_, "a young row");
  record(
      "compact",
      [](Subject& subject) -> Result<> {
        TRY(hub_of(subject).hub->compact());
        return {};
      },
      Step::Extent::many_transactions);
  record("empty the WAL again", [](Subject& subject) { return hub_of(subject).store->settle(); });
  marys_->edit(team_, [&](Editor& editor) { return editor.create(titled("After all"), {}); });
  record_push(*marys_, mary_, "after compaction");
}

} // namespace memsync::crash
