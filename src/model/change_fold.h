#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/node.h"

/// What a range of a node's history comes to. Hub and replica keep rows of their own; a `Row` here has
/// `field` (optional), `lost`, `old_value` and `new_value` (texts of the register).
namespace memsync::model {

/// Of each register the newest row, with the value before the oldest one. `rows`: of one node, newest first.
template <class Row>
std::map<Field, Row> fold_rows(const std::vector<Row>& rows) {
  std::map<Field, Row> net;
  for (const Row& row : rows) {
    if (!row.field || row.lost) continue;
    const auto [entry, is_newest] = net.try_emplace(*row.field, row);
    if (!is_newest) entry->second.old_value = row.old_value;
  }
  return net;
}

/// What differs between the two ends of the range that `rows` are the history of, in the order of Field.
template <class Row>
std::vector<Row> fold_changes(const std::vector<Row>& rows) {
  auto net = fold_rows(rows);
  std::vector<Row> changes;
  for (auto& [field, row] : net)
    if (row.old_value != row.new_value) changes.push_back(std::move(row));
  return changes;
}

/// The same for a range in which the node was made: all that it has at the end is new. `creation` says who
/// made it; `value_at_end(Field)`: a register's text there, nothing when it was not set.
template <class Row, class ValueAtEnd>
std::vector<Row> fold_from_creation(const std::vector<Row>& rows, const Row& creation,
                                    ValueAtEnd&& value_at_end) {
  const std::map<Field, Row> net = fold_rows(rows);
  std::vector<Row> changes;
  const Node any;
  for_each_register(any, [&](Field field, const auto&) {
    const auto changed = net.find(field);
    Row row = changed == net.end() ? creation : changed->second;
    row.field = field;
    row.old_value.reset();
    if (changed == net.end()) row.new_value = value_at_end(field);
    if (row.new_value) changes.push_back(std::move(row));
  });
  return changes;
}

} // namespace memsync::model
