#pragma once

#include <functional>

#include "replica/state.h"

namespace memsync::replica {

/// Writes the history of one workspace: a `log` row for every entry, and a `change` row for every register
/// it changed or value that was lost.
///
/// A creation has only its log row: the first values are still there, or are the old values of the first
/// changes. So the value of a register at sequence s is the new value of its last change up to s, else the
/// old value of its first change above s, else what it is now.
class HistoryWriter {
 public:
  HistoryWriter(storage::WriteTxn& txn, WorkspaceKey workspace, model::Epoch epoch)
      : txn_(txn), workspace_(workspace), epoch_(epoch) {}

  /// To be called before the entry's effects are installed: the old values are the confirmed ones of
  /// `confirmed_before`. An entry that is known already is left as it is; one of an earlier epoch with the
  /// same sequence (its log was restored from a backup) is replaced.
  void record(const model::Entry& entry, ReplicaState& confirmed_before);

  /// The same where nodes as they were are found by `find_before`; `tree` may have the effects already.
  using FindBefore = std::function<std::optional<model::Node>(const model::NodeId&)>;
  void record(const model::Entry& entry, model::State& tree, const FindBefore& find_before);

 private:
  void record_node(const model::Entry& entry, const model::NodeEffect& effect,
                   const std::optional<model::Node>& before);
  void put_change(const model::Entry& entry, const model::NodeId& node, model::Field field, bool lost,
                  const std::optional<std::string>& old_value, const std::string& new_value);
  bool is_known(model::Sequence sequence);
  bool put_log(const model::Entry& entry, const model::NodeId& node, const model::NodeId& document,
               const std::string& title);

  storage::WriteTxn& txn_;
  const WorkspaceKey workspace_;
  const model::Epoch epoch_;
  std::optional<std::uint64_t> newest_; // sequence in the log: what is above is not known yet
};

} // namespace memsync::replica
