#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replica/replica.h"

namespace memsync::replica {

/// One row of the quarantine: kept for its author to look at, export or discard; nothing reads it otherwise.
struct SetAside {
  enum class Reason {
    removed, // was not sent when this person was removed from the workspace
    damaged, // could not be read any more; `text` is what was found
  };
  std::int64_t key = 0;
  std::string workspace; // id
  std::string workspace_name;
  base::Timestamp at;
  Reason reason = Reason::removed;
  std::string text;
  std::optional<model::Operation> operation; // nothing when the text is no operation
};
std::string_view name_of(SetAside::Reason reason);

/// Oldest first.
base::Result<std::vector<SetAside>> list_set_aside(Replica& replica);
std::vector<SetAside> list_set_aside(storage::ReadTxn& txn);

/// Forgets these rows; how many there were.
base::Result<std::size_t> discard_set_aside(Replica& replica, const std::vector<std::int64_t>& keys);

/// Keeps the text of a row that cannot be read.
void set_aside_damaged(storage::WriteTxn& txn, std::string_view workspace, std::string_view workspace_name,
                       base::Timestamp at, std::string_view text);

} // namespace memsync::replica
