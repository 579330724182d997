#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/operation.h"

namespace memsync::wire {

/// One register that an operation changed, or one value that lost. Values are JSON text of the register;
/// nothing when it was never set.
struct HistoryChange {
  model::NodeId node;
  std::string field; // by name: a newer hub may have more of them
  bool lost = false;
  std::optional<std::string> old_value, new_value;
};

/// What the log tells of one operation after compaction dropped its entry.
struct HistoryRow {
  model::Sequence sequence;
  model::ReplicaId replica;
  std::uint64_t n = 0;
  std::string kind, status; // names
  model::ItemId target;
  model::NodeId node;
  model::DocumentId document;
  std::string title; // of the node then
  model::Provenance by;
  base::Timestamp at;
  std::vector<HistoryChange> changes;
};

/// GET /api/v1/workspaces/{id}/history?before=S&after=S&limit=: newest first; `more` below the last row.
struct HistoryPage {
  model::Epoch epoch;
  std::vector<HistoryRow> rows;
  bool more = false;
};
std::string encode(const HistoryPage& page);
base::Result<HistoryPage> decode_history_page(const base::Json& json);

} // namespace memsync::wire
