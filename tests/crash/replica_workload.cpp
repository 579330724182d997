#include "tests/crash/replica_workload.h"

#include <fmt/format.h>

#include "base/json.h"

namespace memsync::crash {

using base::Result;
using model::NodeId;
using model::Role;
using replica::Editor;

struct ReplicaWorkload::Open final : Subject {
  std::unique_ptr<replica::Replica> replica;
  Result<std::vector<std::string>> check() override { return replica->check(); }
};

replica::Replica& ReplicaWorkload::replica_of(Subject& subject) {
  return *static_cast<Open&>(subject).replica;
}

Result<std::unique_ptr<Subject>> ReplicaWorkload::open(const std::string& vfs) {
  auto opened = std::make_unique<Open>();
  TRY_ASSIGN(opened->replica, replica::Replica::open({folder_.file("home"), storage::Access::read_write, vfs},
                                                     clock_, random_));
  return std::unique_ptr<Subject>(std::move(opened));
}

Result<> ReplicaWorkload::write_one(Subject& subject) {
  replica::Replica& replica = replica_of(subject);
  TRY_ASSIGN(const auto local, replica.read([](replica::Reader& reader) -> Result<model::WorkspaceId> {
    for (const replica::WorkspaceRow& row : reader.workspaces())
      if (row.kind == model::WorkspaceKind::local) return row.id;
    return base::Error{base::ErrorCode::not_found, "there is no local workspace"};
  }));
  TRY(replica.edit(local, {}, [](Editor& editor) { return editor.create(titled("Later"), {}); }));
  return {};
}

ReplicaWorkload::ReplicaWorkload()
    : hub_(must(HubOnDisk::open(folder_.file("hub.db"), others_.vfs(), clock_, random_))) {
  hub::Admin admin(clock_, random_, *hub_->store);
  const auto begun = must(admin.init("olga@example.org", "Olga", "Team"));
  olga_ = must(hub_->hub->authenticate(begun.token));
  team_ = begun.workspace;
  mary_ = must(hub_->hub->authenticate(must(admin.create_user("mary@example.org", "Mary")).token));
  const auto invited = must(admin.invite("Team", "mary@example.org", Role::member));
  must(hub_->hub->accept_invitation(invited.token, "", mary_, "address"));
  olgas_ = std::make_unique<Peer>(folder_.file("olga"), others_, clock_, random_);
  olgas_->join(*hub_->hub, olga_);

  record_opening();
  record_local_work();
  record_first_sync();
  record_team_work();
  record_rejection();
  record_recovery();
  record_upkeep();
}

void ReplicaWorkload::record_edit(const model::WorkspaceId& workspace, std::string name,
                                  std::function<Result<>(Editor&)> change) {
  record(std::move(name), [workspace, change = std::move(change)](Subject& subject) -> Result<> {
    TRY(replica_of(subject).edit(workspace, {{"memsync/1", "a session", "app"}, {}, {}, {}, false, ""},
                                 [&](Editor& editor) -> Result<replica::WriteReceipt> {
                                   TRY(change(editor));
                                   return editor.finish();
                                 }));
    return {};
  });
}

NodeId ReplicaWorkload::record_creation(const model::WorkspaceId& workspace, std::string title,
                                        const NodeId& parent) {
  // The id is made here, so that later steps can name the node.
  const NodeId id = NodeId::random(random_);
  record_edit(workspace, "create " + title, [title, parent, id](Editor& editor) -> Result<> {
    TRY(editor.create(titled(title, "first line\nsecond line\n"), {parent, std::nullopt}, id));
    return {};
  });
  return id;
}

void ReplicaWorkload::record_local_work() {
  const model::WorkspaceId local = must(replica_of(live()).read(
      [](replica::Reader& reader) -> Result<model::WorkspaceId> { return reader.workspaces().front().id; }));
  const NodeId note = record_creation(local, "Note");
  record_edit(local, "update", [note](Editor& editor) { return editor.update(note, titled("Better note")); });
  record_edit(local, "remove", [note](Editor& editor) { return editor.remove(note); });
  record_creation(local, "Kept");
  record("bind a project",
         [local](Subject& subject) { return replica_of(subject).bind_project("github.com/a/b", local); });
}

void ReplicaWorkload::adopt_account(const std::string& name) {
  const wire::Me me = must(hub_->hub->me(mary_));
  record(name, [me](Subject& subject) { return store_of(subject).adopt_account(me); });
}

replica::WorkspaceRow ReplicaWorkload::team_row() {
  return must(replica_of(live()).read(
      [&](replica::Reader& reader) -> Result<replica::WorkspaceRow> { return reader.workspace(team_); }));
}

void ReplicaWorkload::record_snapshot() {
  const auto request = std::make_shared<wire::SnapshotRequest>();
  record("ask for a snapshot", [this, request](Subject& subject) -> Result<> {
    TRY_ASSIGN(*request, store_of(subject).snapshot_request(team_));
    return {};
  });
  const wire::SnapshotOpened opened = must(hub_->hub->open_snapshot(mary_, team_, *request));
  record("begin a snapshot",
         [this, opened](Subject& subject) { return store_of(subject).begin_snapshot(team_, opened); });
  std::string key;
  for (bool is_last = false; !is_last;) {
    const auto texts = must(hub_->hub->snapshot_page(mary_, team_, opened.session, key));
    const auto page = must(wire::decode_snapshot_page(must(base::parse_json(wire::encode(texts)))));
    record("stage a page",
           [this, page](Subject& subject) { return store_of(subject).stage_page(team_, page); });
    key = page.next_key;
    is_last = page.end.has_value();
  }
  olgas_->create(team_, "In the tail");
  olgas_->sync(*hub_->hub, team_);
  const auto tail = decode_entries(must(hub_->hub->pull(mary_, team_, {{opened.epoch, opened.at}})));
  record("stage the tail",
         [this, tail](Subject& subject) { return store_of(subject).stage_tail(team_, tail); });
  record("swap the snapshot in",
         [this](Subject& subject) { return store_of(subject).finish_snapshot(team_); });
  record("index", [](Subject& subject) -> Result<> {
    TRY(replica_of(subject).index_some());
    return {};
  });
  for (int i = 0; i < 2; ++i)
    record("empty the space that was replaced", [](Subject& subject) -> Result<> {
      TRY(store_of(subject).purge_some());
      return {};
    });
}

void ReplicaWorkload::record_push() {
  const auto push = std::make_shared<wire::PushRequest>();
  record("take the next push", [this, push](Subject& subject) -> Result<> {
    TRY_ASSIGN(*push, store_of(subject).next_push(team_, 0, 1'000));
    return {};
  });
  const wire::PushAnswer answer = must(hub_->hub->push(mary_, team_, *push));
  record("note the answer",
         [this, answer](Subject& subject) { return store_of(subject).note_pushed(team_, answer); });
}

void ReplicaWorkload::record_pull() {
  const auto page = must(hub_->hub->pull(mary_, team_, {team_row().cursor}));
  const auto entries = decode_entries(page);
  record("apply a page", [this, entries, range = page.range](Subject& subject) -> Result<> {
    TRY(store_of(subject).apply_entries(team_, range.epoch, entries, range.head));
    return {};
  });
}

void ReplicaWorkload::record_first_sync() {
  const NodeId plan = olgas_->create(team_, "Plan");
  for (int i = 0; i < 30; ++i) olgas_->create(team_, fmt::format("Step {}", i), plan);
  olgas_->sync(*hub_->hub, team_);
  adopt_account("learn of the team");
  record_snapshot();
}

void ReplicaWorkload::record_team_work() {
  const NodeId document = record_creation(team_, "Document");
  const NodeId first = record_creation(team_, "First", document);
  const NodeId second = record_creation(team_, "Second", document);
  record_edit(team_, "edit much in one tx", [first, second](Editor& editor) -> Result<> {
    TRY(editor.update(first, titled("First of Mary", "first line\nsecond line of Mary\n")));
    TRY(editor.set_tags(first, {"one", "two"}));
    TRY(editor.comment(first, "a remark"));
    TRY(editor.relate(first, second, "RELATED_TO"));
    return editor.move(second, {first, std::nullopt});
  });
  record_push();
  record_edit(team_, "edit while a push is under way",
              [first](Editor& editor) { return editor.update(first, titled("Still Mary's")); });
  record_pull();
  record_push();
  record_pull();

  // Meanwhile Olga changes the same nodes, and more.
  olgas_->pull(*hub_->hub, team_);
  for (int i = 0; i < 20; ++i) olgas_->create(team_, fmt::format("By Olga {}", i), document);
  olgas_->edit(team_, [&](Editor& editor) { return editor.update(first, titled("Olga's", "another\n")); });
  olgas_->edit(team_, [&](Editor& editor) { return editor.remove(document); });
  record_edit(team_, "edit what is being deleted",
              [second](Editor& editor) { return editor.update(second, titled("Second, edited")); });
  olgas_->sync(*hub_->hub, team_);
  record_pull();
  record_push();
  record_pull();
}

void ReplicaWorkload::record_rejection() {
  const NodeId late = record_creation(team_, "Too late");
  record_edit(team_, "and under it", [late](Editor& editor) -> Result<> {
    TRY(editor.create(titled("Below"), {late, std::nullopt}));
    return {};
  });
  must(hub_->hub->change_role(olga_, team_, mary_.user, Role::viewer));
  record_push();
  record_pull();
  must(hub_->hub->change_role(olga_, team_, mary_.user, Role::member));
  adopt_account("learn of the new role");
}

void ReplicaWorkload::record_recovery() {
  record_creation(team_, "Before the new log");
  record("take note of a new log",
         [this](Subject& subject) { return store_of(subject).adopt_log(team_, 2); });
  record("go on under a new replica id",
         [this](Subject& subject) { return store_of(subject).renew_replica(team_, {}); });
  record_snapshot();
  const auto gap = must(store_of(live()).history_gap(team_));
  if (!gap) give_up("the snapshot left no gap in the history");
  const auto history =
      must(hub_->hub->log_history(mary_, team_, model::Sequence{gap->through.value + 1}, gap->after, 500));
  const auto page = must(wire::decode_history_page(must(base::parse_json(wire::encode(history)))));
  record("take history",
         [this, gap, page](Subject& subject) { return store_of(subject).take_history(team_, *gap, page); });
}

void ReplicaWorkload::record_upkeep() {
  record("empty the WAL", [](Subject& subject) -> Result<> {
    TRY(replica_of(subject).database().checkpoint(storage::CheckpointMode::truncate));
    return {};
  });
  record_creation(team_, "After the checkpoint");
  record("empty the WAL again", [](Subject& subject) -> Result<> {
    TRY(replica_of(subject).database().checkpoint(storage::CheckpointMode::truncate));
    return {};
  });
  // Of the local workspace, which no hub can give back.
  damage("UPDATE node SET state = replace(state, 'Kept', 'Kxpt') WHERE title = 'Kept'");
  record("repair", [](Subject& subject) -> Result<> {
    TRY(replica::repair(replica_of(subject), {}));
    return {};
  });
  record_snapshot();
  record_creation(team_, "Never sent");
  record("drop the workspace",
         [this](Subject& subject) { return store_of(subject).drop_workspace(team_, hub_->hub->epoch()); });
  for (int i = 0; i < 2; ++i)
    record("empty what it left", [](Subject& subject) -> Result<> {
      TRY(store_of(subject).purge_some());
      return {};
    });
}

} // namespace memsync::crash
