#pragma once

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <string>

#include "replica/history_writer.h"
#include "replica/replica.h"
#include "replica/sync_store.h"
#include "tests/unit/temporary_folder.h"

namespace memsync::replica {

using tests::TemporaryFolder;

/// Stands still until it is moved.
class ManualClock final : public base::Clock {
 public:
  base::Timestamp now() override { return now_; }
  base::Instant instant() override { return base::Instant(now_.time_since_epoch()); }
  void advance(std::chrono::milliseconds time) { now_ += time; }

 private:
  base::Timestamp now_{std::chrono::milliseconds(1'790'000'000'000)};
};

/// The value, or the end of the test program with its error.
template <class T>
T must(base::Result<T> result) {
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    std::abort();
  }
  return *std::move(result);
}
inline void must(const base::Result<>& result) {
  if (result) return;
  fmt::print(stderr, "{}\n", result.error().message);
  std::abort();
}

template <class T>
base::ErrorCode code_of(const base::Result<T>& result) {
  return result ? base::ErrorCode::internal : result.error().code;
}
template <class T>
std::string message_of(const base::Result<T>& result) {
  return result ? std::string() : result.error().message;
}

inline model::FieldChanges titled(std::string_view title, std::string_view content = {}) {
  model::FieldChanges fields;
  fields.title = title;
  if (!content.empty()) fields.content = model::TextChange{std::string(content), {}};
  return fields;
}

/// The local workspace, within a transaction.
inline WorkspaceRow local_of(Reader& reader) { return reader.workspaces().front(); }

/// A real store in a folder of its own, with the local workspace.
struct Store {
  TemporaryFolder folder;
  ManualClock clock;
  base::SeededRandom random{7};
  std::unique_ptr<Replica> replica = open();

  std::unique_ptr<Replica> open() {
    return must(Replica::open({folder.file("home"), storage::Access::read_write, {}}, clock, random));
  }

  template <class F>
  auto read(F&& f) {
    using T = std::invoke_result_t<F, Reader&>; // within it, no other call of the store
    return must(replica->read([&](Reader& reader) -> base::Result<T> { return f(reader); }));
  }
  /// `f` returns a Result.
  template <class F>
  auto try_edit(const model::WorkspaceId& workspace, F&& f, Editor::Context context = {}) {
    clock.advance(std::chrono::milliseconds(10));
    return replica->edit(workspace, std::move(context), std::forward<F>(f));
  }
  /// `f` returns a Result that must have a value; what was written.
  template <class F>
  WriteReceipt edit(const model::WorkspaceId& workspace, F&& f, Editor::Context context = {}) {
    return must(try_edit(
        workspace,
        [&](Editor& editor) -> base::Result<WriteReceipt> {
          TRY(f(editor));
          return editor.finish();
        },
        std::move(context)));
  }

  WorkspaceRow local() { return read(&local_of); }
  WorkspaceRow row(const model::WorkspaceId& id) {
    return read([&](Reader& reader) { return reader.workspace(id); });
  }
  void sql(std::string_view text) {
    must(replica->database().write(
        [&](storage::WriteTxn& txn) -> base::Result<> { return txn.run(text), base::Result<>(); }));
  }
  std::int64_t number(std::string_view text) {
    return must(replica->database().read([&](storage::ReadTxn& txn) -> base::Result<std::int64_t> {
      storage::Statement row = txn.prepare(text);
      return row.step() ? row.column_int64(0) : -1;
    }));
  }

  model::NodeId create(const model::WorkspaceId& workspace, const model::FieldChanges& fields,
                       const Position& position = {}) {
    return must(try_edit(workspace, [&](Editor& editor) { return editor.create(fields, position); }));
  }
  model::NodeId remember(std::string_view title, std::string_view content = {},
                         const Position& position = {}) {
    return create(local().id, titled(title, content), position);
  }
  NodeRow node(const WorkspaceRow& workspace, const model::NodeId& id) {
    return read([&](Reader& reader) { return reader.find_node(workspace, id).value(); });
  }
  std::vector<std::string> findings() { return must(replica->check()); }
};

/// A store that belongs to Ann, with a team of Ann and Bob; `hub` plays the hub's log by hand.
struct TeamStore : Store {
  model::UserId ann = model::UserId::random(random), bob = model::UserId::random(random);
  model::ReplicaId bobs_replica = model::ReplicaId::random(random);
  model::WorkspaceId id = model::WorkspaceId::random(random);
  model::Epoch epoch{77};

  explicit TeamStore(model::Role role = model::Role::member) {
    wire::WorkspaceInfo info;
    info.id = id;
    info.kind = model::WorkspaceKind::team;
    info.name = "Core";
    info.role = role;
    info.members = {{ann, "Ann", "ann@example.com", role},
                    {bob, "Bob", "bob@example.com", model::Role::member}};
    wire::Me me;
    me.id = ann;
    me.name = "Ann";
    me.email = "ann@example.com";
    me.workspaces = {info};
    must(SyncStore(*replica, 0).adopt_account(me));
    sql("UPDATE workspace SET epoch = 77 WHERE kind = 'team'");
  }

  WorkspaceRow team() { return row(id); }
  model::NodeId create(const model::FieldChanges& fields, const Position& position = {}) {
    return Store::create(id, fields, position);
  }
  template <class F>
  WriteReceipt edit(F&& f, Editor::Context context = {}) {
    return Store::edit(id, std::forward<F>(f), std::move(context));
  }
  template <class F>
  auto try_edit(F&& f, Editor::Context context = {}) {
    return Store::try_edit(id, std::forward<F>(f), std::move(context));
  }

  void apply(const std::vector<model::Entry>& entries) {
    must(SyncStore(*replica, 0).apply_entries(id, epoch, entries, entries.back().sequence));
  }
  model::Sequence next_sequence() { return model::Sequence{team().cursor.sequence.value + 1}; }

  /// The hub takes what was written, unchanged.
  void confirm(const WriteReceipt& receipt) {
    for (std::size_t i = 0; i < receipt.operations.size(); ++i)
      apply({entry(receipt.operations[i], receipt.outcomes[i])});
  }
  model::Entry entry(const model::Operation& operation, const model::Outcome& outcome) {
    model::Entry entry;
    entry.sequence = next_sequence();
    entry.replica = team().replica;
    entry.n = operation.n;
    entry.hash = operation.hash;
    entry.kind = operation.kind;
    entry.target = operation.target;
    entry.by = {ann, operation.client, operation.session, operation.project};
    entry.at = clock.now();
    entry.clock = operation.clock;
    entry.status = outcome.status;
    entry.nodes = outcome.nodes;
    entry.relationships = outcome.relationships;
    entry.comments = outcome.comments;
    for (model::NodeEffect& effect : entry.nodes) {
      model::for_each_register(effect.node,
                               [&](model::Field, auto& reg) { settle(reg.stamp, entry.sequence); });
      settle(effect.node.created_at, entry.sequence);
      effect.node.edits.last = entry.sequence;
    }
    for (auto& item : entry.relationships) settle(item.stamp, entry.sequence);
    for (auto& item : entry.comments) settle(item.stamp, entry.sequence);
    return entry;
  }
  static void settle(model::Stamp& stamp, model::Sequence sequence) {
    if (stamp.sequence.is_provisional()) stamp.sequence = sequence;
  }

  /// Bob's replica changes a node through the hub.
  template <class Change>
  void bob_changes(const model::NodeId& id_of_node, model::Field field, Change&& change) {
    model::Node node = this->node(team(), id_of_node).node;
    model::Entry entry = bobs_entry(model::OperationKind::update, id_of_node);
    change(node);
    model::for_each_register(node, [&](model::Field each, auto& reg) {
      if (each == field) reg.stamp = {entry.sequence, entry.clock, bobs_replica, bob};
    });
    node.edits.record(entry.sequence, bobs_replica);
    entry.nodes.push_back({node, {field}, false});
    apply({entry});
  }
  model::NodeId bob_creates(std::string_view title, std::string_view content,
                            const model::NodeId& parent = {}, model::NodeId created = {}) {
    if (created.is_empty()) created = model::NodeId::random(random);
    model::Entry entry = bobs_entry(model::OperationKind::create, created);
    const model::Stamp stamp{entry.sequence, entry.clock, bobs_replica, bob};
    model::Node node;
    node.id = created;
    node.created = {bob, "cursor/1", "bobs-session", "app"};
    node.created_at = stamp;
    node.title = {std::string(title), stamp};
    node.content = {std::string(content), stamp};
    node.place = {{parent, "V"}, stamp};
    node.edits.record(entry.sequence, bobs_replica);
    entry.nodes.push_back({node, {model::Field::title, model::Field::content, model::Field::place}, true});
    apply({entry});
    return created;
  }
  model::Entry bobs_entry(model::OperationKind kind, const model::NodeId& target) {
    clock.advance(std::chrono::milliseconds(10));
    model::Entry entry;
    entry.sequence = next_sequence();
    entry.replica = bobs_replica;
    entry.n = entry.sequence.value;
    entry.kind = kind;
    entry.target = model::id_cast<model::ItemId>(target);
    entry.by = {bob, "cursor/1", "bobs-session", "app"};
    entry.at = clock.now();
    entry.clock = model::Hlc::from_time(clock.now());
    return entry;
  }
};

} // namespace memsync::replica
