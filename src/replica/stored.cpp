#include "replica/stored.h"

#include <fmt/format.h>

#include "wire/effect_codec.h"

namespace memsync::replica {

using base::Json;
using storage::Statement;

namespace {

base::Error damaged(std::string_view id, std::string_view why) {
  return {base::ErrorCode::corrupt,
          fmt::format(
              "the stored row of {} is damaged ({}): run \"memsync doctor\"; the hub has a copy of what was "
              "synced",
              id, why)};
}

template <class T>
T load(std::string_view state, base::Result<T> (*decode)(const Json&)) {
  auto json = base::parse_json(state);
  auto item = json ? decode(*json) : base::Result<T>(json.error());
  if (!item) throw storage::DatabaseError(damaged("an item", item.error().message));
  return *std::move(item);
}

template <class T>
std::string text_of(const T& item, void (*append)(std::string&, const T&)) {
  std::string out;
  append(out, item);
  return out;
}

} // namespace

std::string_view checked_state(const Statement& row, std::string_view id, int state_column, int hash_column) {
  const std::string_view state = row.column_text(state_column);
  if (row.column_hash(hash_column) != item_hash(id, state))
    throw storage::DatabaseError(damaged(id, "its content does not match its hash"));
  return state;
}

model::Node load_node(std::string_view state) { return or_throw(wire::decode_node(state)); }
model::Relationship load_relationship(std::string_view state) {
  return load(state, &wire::decode_relationship);
}
model::Comment load_comment(std::string_view state) { return load(state, &wire::decode_comment); }
model::Conflict load_conflict(std::string_view state) { return load(state, &wire::decode_conflict); }

std::string state_text(const model::Node& node) { return wire::encode_node(node); }
std::string state_text(const model::Relationship& relationship) {
  return text_of(relationship, &wire::append_relationship);
}
std::string state_text(const model::Comment& comment) { return text_of(comment, &wire::append_comment); }
std::string state_text(const model::Conflict& conflict) { return text_of(conflict, &wire::append_conflict); }

} // namespace memsync::replica
