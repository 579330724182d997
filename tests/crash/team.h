#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hub/admin.h"
#include "hub/backends/local_broker.h"
#include "hub/backends/sqlite_store.h"
#include "replica/sync_store.h"
#include "tests/crash/workload.h"

namespace memsync::crash {

template <class T>
T must(hub::Answer<T> answer) {
  if (!answer) give_up(answer.error().detail);
  return *std::move(answer);
}
inline void must(const hub::Answer<>& answer) {
  if (!answer) give_up(answer.error().detail);
}
template <class T>
base::Result<> done_or_error(const hub::Answer<T>& answer) {
  if (!answer) return wire::to_error(answer.error());
  return {};
}

/// A hub on a disk in memory, driven by hand.
struct HubOnDisk {
  std::unique_ptr<hub::HubStore> store;
  hub::LocalBroker broker;
  std::unique_ptr<hub::Hub> hub; // goes before its store

  static base::Result<std::unique_ptr<HubOnDisk>> open(const std::string& path, const std::string& vfs,
                                                       base::Clock& clock, base::Random& random);
};

/// Somebody else, with a replica of their own that is not under test.
class Peer {
 public:
  Peer(const std::string& folder, const vfs::Process& process, base::Clock& clock, base::Random& random);

  void join(hub::Hub& hub, const hub::Principal& principal);
  /// What it would push now.
  wire::PushRequest next_push(const model::WorkspaceId& workspace);
  /// Takes what the hub has.
  void pull(hub::Hub& hub, const model::WorkspaceId& workspace);
  void sync(hub::Hub& hub, const model::WorkspaceId& workspace);

  /// One edit, in one tx.
  template <class F>
  void edit(const model::WorkspaceId& workspace, F&& change) {
    must(replica_->edit(workspace, {{"peer/1", "peer's session", "app"}, {}, {}, {}, false, ""},
                        [&](replica::Editor& editor) -> base::Result<replica::WriteReceipt> {
                          TRY(change(editor));
                          return editor.finish();
                        }));
  }
  model::NodeId create(const model::WorkspaceId& workspace, std::string_view title,
                       const model::NodeId& parent = {});

 private:
  std::unique_ptr<replica::Replica> replica_;
  hub::Principal principal_;
};

model::FieldChanges titled(std::string_view title, std::string_view content = {});
std::vector<model::Entry> decode_entries(const hub::PulledPage& page);

} // namespace memsync::crash
