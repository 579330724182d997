#include "replica/search_filter.h"

#include <algorithm>
#include <fmt/format.h>

namespace memsync::replica {

using storage::ReadTxn;
using storage::Statement;

namespace {

constexpr std::string_view k_select_facts =
    "SELECT row, space, id, parent, document, updated_at, EXISTS (SELECT 1 FROM relationship WHERE "
    "relationship.space = node.space AND to_node = node.id) FROM node WHERE ";
/// ?1 is the row or the space.
constexpr int k_first_value = 2;
constexpr int k_max_newest = 1'000; // of each workspace
constexpr int k_max_listed_rows = 20'000;

NodeFacts read_facts(const Statement& row) {
  return {row.column_int64(0),
          Space{row.column_int64(1)},
          row.column_id<model::NodeId>(2),
          model::NodeId::parse(row.column_text(3)).value_or(model::NodeId{}),
          row.column_id<model::DocumentId>(4),
          row.column_time(5),
          row.column_bool(6)};
}

} // namespace

SearchFilter::SearchFilter(std::vector<WorkspaceRow> scope, const SearchQuery& query, const Users& authors,
                           const Users& assignees)
    : scope_(std::move(scope)), document_(query.document), tags_(query.tags) {
  std::vector<Value> spaces;
  for (const WorkspaceRow& workspace : scope_) spaces.emplace_back(workspace.space.value);
  conditions_ = fmt::format("deleted = 0 AND space IN {}", list(spaces));
  const auto add = [&](std::string_view column, std::string_view comparison, const std::string& right) {
    conditions_ += fmt::format(" AND {} {} {}", column, comparison, right);
  };
  const auto add_users = [&](std::string_view column, const Users& users) {
    if (!users) return;
    std::vector<Value> ids;
    for (const model::UserId& user : *users) ids.emplace_back(user.str());
    add(column, "IN", list(ids));
  };
  if (query.document) add("document", "=", parameter(query.document->str()));
  if (!query.types.empty()) add("type", "IN", list({query.types.begin(), query.types.end()}));
  add_users("author", authors);
  add_users("assignee", assignees);
  if (query.completed) add("completed", "=", parameter(std::int64_t{*query.completed}));
  if (query.since) add("updated_at", ">=", parameter(query.since->time_since_epoch().count()));
  if (query.until) add("updated_at", "<=", parameter(query.until->time_since_epoch().count()));
}

std::string SearchFilter::parameter(Value value) {
  values_.push_back(std::move(value));
  return fmt::format("?{}", values_.size() - 1 + k_first_value);
}

std::string SearchFilter::list(const std::vector<Value>& values) {
  std::string text = "(";
  for (const Value& value : values) text += (text.size() > 1 ? ", " : "") + parameter(value);
  return text + ")";
}

void SearchFilter::bind(Statement& statement, int first) const {
  for (std::size_t i = 0; i < values_.size(); ++i)
    std::visit([&](const auto& value) { statement.bind(first + static_cast<int>(i), value); }, values_[i]);
}

std::optional<NodeFacts> SearchFilter::find(ReadTxn& txn, std::int64_t row) const {
  Statement node = txn.prepare(fmt::format("{}row = ?1 AND {}", k_select_facts, conditions_));
  node.bind(1, row);
  bind(node, k_first_value);
  return node.step() ? std::optional(read_facts(node)) : std::nullopt;
}

std::vector<NodeFacts> SearchFilter::newest(ReadTxn& txn) const {
  std::vector<NodeFacts> found;
  for (const WorkspaceRow& workspace : scope_) {
    // By position in the log, which has an index; positions of different workspaces do not compare.
    Statement node = txn.prepare(fmt::format("{}space = ?1 AND {} ORDER BY edited DESC LIMIT {}",
                                             k_select_facts, conditions_, k_max_newest));
    node.bind(1, workspace.space.value);
    bind(node, k_first_value);
    while (node.step()) found.push_back(read_facts(node));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const NodeFacts& a, const NodeFacts& b) { return a.updated_at > b.updated_at; });
  return found;
}

std::optional<std::vector<std::int64_t>> SearchFilter::rows_of_document(ReadTxn& txn) const {
  if (!document_ || scope_.size() != 1) return std::nullopt;
  std::vector<std::int64_t> rows;
  Statement node = txn.prepare("SELECT row FROM node WHERE space = ?1 AND document = ?2 LIMIT ?3");
  node.bind_all(scope_.front().space.value, *document_, k_max_listed_rows);
  while (node.step()) rows.push_back(node.column_int64(0));
  if (rows.size() == static_cast<std::size_t>(k_max_listed_rows)) return std::nullopt;
  std::sort(rows.begin(), rows.end());
  return rows;
}

bool SearchFilter::has_tags(std::string_view lines) const {
  const std::string framed = fmt::format("\n{}\n", lines);
  return std::all_of(tags_.begin(), tags_.end(), [&](const std::string& tag) {
    return framed.find(fmt::format("\n{}\n", tag)) != std::string::npos;
  });
}

bool SearchFilter::has_tags(const std::vector<std::string>& tags) const {
  return std::all_of(tags_.begin(), tags_.end(), [&](const std::string& tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

const WorkspaceRow& SearchFilter::workspace(Space space) const {
  return *std::find_if(scope_.begin(), scope_.end(),
                       [&](const WorkspaceRow& workspace) { return workspace.space == space; });
}

} // namespace memsync::replica
