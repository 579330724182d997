#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <variant>
#include <vector>

#include "tests/sim/model/items.h"

namespace memsync::model_sim {

/// One row of the log, and the operation it came from, for the oracle.
struct Row {
  model::Entry entry;
  model::Operation operation;
};
using Rows = std::vector<std::shared_ptr<const Row>>;

struct Mark {
  std::uint64_t n = 0;
  base::Hash128 hash;
};

// What the hub answers to a push, beside the results.
struct OtherEpoch {
  model::Epoch epoch;
  std::uint64_t last_n = 0;
};
struct Forked {
  std::vector<Mark> accepted;
};
struct Gap {};
struct Pushed {
  model::Epoch epoch;
  model::Sequence head;
  std::uint64_t last_n = 0;
  std::vector<model::PushResult> results;
};
using PushAnswer = std::variant<Pushed, OtherEpoch, Forked, Gap>;

struct Page {
  model::Epoch epoch;
  model::Sequence from, head;
  Rows rows;
};
/// The cursor is of another log, or the log no longer reaches it.
struct Resync {};
using PullAnswer = std::variant<Page, Resync>;

struct SnapshotOpened {
  std::uint64_t session = 0;
  model::Epoch epoch;
  model::Sequence at;
  std::vector<std::uint64_t> contains;
};
struct SnapshotPage {
  std::uint64_t session = 0;
  Items items;
  model::NodeId next_key;
  std::optional<model::Sequence> end; // the head when the last page was read
};
using SnapshotAnswer = std::variant<SnapshotPage, Resync>;

/// The hub's side of one workspace. All of it is durable; a copy of it is a backup.
class HubWorkspace {
 public:
  explicit HubWorkspace(model::Epoch epoch) : epoch_(epoch) {}

  /// Called after each operation with its row and the state then.
  using OnCommit = std::function<void(const Row&, const Items&)>;

  /// One transaction: all operations above last_n in order.
  PushAnswer push(const model::ReplicaId& replica, model::Epoch epoch,
                  const std::vector<model::Operation>& operations, base::Timestamp now,
                  const OnCommit& on_commit);
  PullAnswer pull(model::Cursor after, std::size_t limit) const;
  SnapshotOpened open_snapshot(const model::ReplicaId& replica, const std::vector<Mark>& outstanding);
  SnapshotAnswer snapshot_page(std::uint64_t session, const model::NodeId& after, std::size_t limit) const;

  /// Forgets the rows up to `floor`, but none that an open snapshot still needs.
  void compact(model::Sequence floor);
  /// The log continues under another epoch; sessions are gone.
  void renew(model::Epoch epoch);

  model::Epoch epoch() const { return epoch_; }
  model::Sequence head() const { return model::Sequence{log_.size()}; }
  const Rows& log() const { return log_; }
  const Items& items() const { return items_; }

 private:
  void commit(const model::ReplicaId& replica, const model::Operation& operation, base::Timestamp now);

  struct Accepted {
    base::Hash128 hash;
    model::PushResult result;
  };
  model::Epoch epoch_;
  model::Sequence floor_;
  Rows log_; // whole; readers see what is above the floor
  Items items_;
  History history_;
  std::map<model::ReplicaId, std::vector<Accepted>> accepted_; // by n - 1
  std::uint64_t last_session_ = 0;
  std::map<std::uint64_t, model::Sequence> sessions_; // where each began
};

} // namespace memsync::model_sim
