#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "replica/rows.h"
#include "storage/database.h"

namespace memsync::replica {

/// What ranking and filtering need to know of a node without reading its state.
struct NodeFacts {
  std::int64_t row = 0;
  Space space;
  model::NodeId id, parent;
  model::DocumentId document;
  base::Timestamp updated_at;
  bool is_related_to = false; // some relationship leads to it, perhaps a deleted one
};

/// The filters of a search as conditions on the columns of `node`; every value is a bound parameter.
/// Deleted nodes never pass; hidden ones (below a deleted node) are for the caller to tell.
class SearchFilter {
 public:
  using Users = std::optional<std::vector<model::UserId>>;
  SearchFilter(std::vector<WorkspaceRow> scope, const SearchQuery& query, const Users& authors,
               const Users& assignees);

  /// The node of that row when it passes.
  std::optional<NodeFacts> find(storage::ReadTxn& txn, std::int64_t row) const;
  /// Those that pass, last edited first, at most 1,000 of each workspace.
  std::vector<NodeFacts> newest(storage::ReadTxn& txn) const;
  /// The rows of the one document asked for, ascending; nothing when it is none or too large to list.
  std::optional<std::vector<std::int64_t>> rows_of_document(storage::ReadTxn& txn) const;

  /// True when all tags asked for are among these: one per line, or as a list.
  bool has_tags(std::string_view lines) const;
  bool has_tags(const std::vector<std::string>& tags) const;

  const WorkspaceRow& workspace(Space space) const; // one of the scope

 private:
  using Value = std::variant<std::int64_t, std::string>;
  std::string parameter(Value value);
  std::string list(const std::vector<Value>& values);
  void bind(storage::Statement& statement, int first) const;

  std::vector<WorkspaceRow> scope_;
  std::optional<model::DocumentId> document_;
  std::vector<std::string> tags_;
  std::string conditions_; // parameters from ?2 on
  std::vector<Value> values_;
};

} // namespace memsync::replica
