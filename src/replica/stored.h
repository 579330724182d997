#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"
#include "model/operation.h"
#include "storage/database_error.h"
#include "storage/row_hash.h"
#include "storage/statement.h"

namespace memsync::replica {

/// The value, or ends the transaction with the error: for stored text, which is ours and must decode.
template <class T>
T or_throw(base::Result<T> result) {
  if (!result) throw storage::DatabaseError(std::move(result).error());
  return *std::move(result);
}

/// The guard of an item's row.
inline base::Hash128 item_hash(std::string_view id, std::string_view state) {
  return storage::row_hash({id, state});
}

/// The state column of an item's row whose hash matches; ends the transaction with `corrupt` otherwise.
std::string_view checked_state(const storage::Statement& row, std::string_view id, int state_column,
                               int hash_column);

// Items from their state text; they end the transaction with `corrupt` when it cannot be read.
model::Node load_node(std::string_view state);
model::Relationship load_relationship(std::string_view state);
model::Comment load_comment(std::string_view state);
model::Conflict load_conflict(std::string_view state);

std::string state_text(const model::Node& node);
std::string state_text(const model::Relationship& relationship);
std::string state_text(const model::Comment& comment);
std::string state_text(const model::Conflict& conflict);

} // namespace memsync::replica
