#include "tests/crash/team.h"

#include "base/json.h"
#include "wire/effect_codec.h"

namespace memsync::crash {

using base::Result;

Result<std::unique_ptr<HubOnDisk>> HubOnDisk::open(const std::string& path, const std::string& vfs,
                                                   base::Clock& clock, base::Random& random) {
  auto opened = std::make_unique<HubOnDisk>();
  TRY_ASSIGN(opened->store, hub::SqliteStore::open({path, vfs, "", 1, std::chrono::seconds(10)}, random));
  hub::HubOptions options;
  options.threads = hub::HubOptions::Threads::none;
  const hub::RateRule unlimited{1e9, 1e9};
  options.push_requests = options.push_operations = options.stream_opens = options.invitation_tries =
      unlimited;
  TRY_ASSIGN(opened->hub, hub::Hub::open(clock, random, *opened->store, opened->broker, options));
  return opened;
}

Peer::Peer(const std::string& folder, const vfs::Process& process, base::Clock& clock, base::Random& random)
    : replica_(
          must(replica::Replica::open({folder, storage::Access::read_write, process.vfs()}, clock, random))) {
}

void Peer::join(hub::Hub& hub, const hub::Principal& principal) {
  principal_ = principal;
  const wire::Me me = must(hub.me(principal));
  must(replica::SyncStore(*replica_, 0).adopt_account(me));
  // From the start of the log, without a snapshot.
  must(replica_->database().write([&](storage::WriteTxn& txn) -> Result<> {
    txn.run("UPDATE workspace SET epoch = ?1 WHERE kind <> 'local'", me.epoch.value);
    return {};
  }));
}

wire::PushRequest Peer::next_push(const model::WorkspaceId& workspace) {
  return must(replica::SyncStore(*replica_, 0).next_push(workspace, 0, 1'000));
}

void Peer::pull(hub::Hub& hub, const model::WorkspaceId& workspace) {
  const auto row = must(replica_->read(
      [&](replica::Reader& reader) -> Result<replica::WorkspaceRow> { return reader.workspace(workspace); }));
  const auto page = must(hub.pull(principal_, workspace, {row.cursor}));
  must(replica::SyncStore(*replica_, 0)
           .apply_entries(workspace, page.range.epoch, decode_entries(page), page.range.head));
}

void Peer::sync(hub::Hub& hub, const model::WorkspaceId& workspace) {
  const wire::PushRequest push = next_push(workspace);
  if (!push.operations.empty()) must(hub.push(principal_, workspace, push));
  pull(hub, workspace);
}

model::NodeId Peer::create(const model::WorkspaceId& workspace, std::string_view title,
                           const model::NodeId& parent) {
  model::NodeId created;
  edit(workspace, [&](replica::Editor& editor) -> Result<> {
    TRY_ASSIGN(created, editor.create(titled(title, "first line\nsecond line\n"), {parent, std::nullopt}));
    return {};
  });
  return created;
}

model::FieldChanges titled(std::string_view title, std::string_view content) {
  model::FieldChanges fields;
  fields.title = title;
  if (!content.empty()) fields.content = model::TextChange{std::string(content), {}};
  return fields;
}

std::vector<model::Entry> decode_entries(const hub::PulledPage& page) {
  std::vector<model::Entry> entries;
  for (const std::string& text : page.entries)
    entries.push_back(must(wire::decode_entry(must(base::parse_json(text)))));
  return entries;
}

} // namespace memsync::crash
