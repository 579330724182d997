#include <fmt/format.h>

#include "replica/names.h"
#include "replica/reader.h"
#include "replica/stored.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;
using model::UserId;
using storage::Statement;

namespace {

constexpr std::string_view k_select_workspace =
    "SELECT key, id, kind, name, role, strategy, space, replica, next_n, epoch, cursor, head, state, "
    "wants_resync, compared_at, wants_history, sent_n FROM workspace ";

/// A stored enumerator; ends the transaction with `corrupt` when it is none of this version.
template <class Enum>
Enum column_name(const Statement& row, int column) {
  const auto value = model::find_by_name<Enum>(row.column_text(column));
  if (!value)
    throw storage::DatabaseError(
        {ErrorCode::corrupt, fmt::format("the store holds the unknown name \"{}\": upgrade this program",
                                         row.column_text(column))});
  return *value;
}

WorkspaceRow read_workspace(const Statement& row) {
  WorkspaceRow w;
  w.key = WorkspaceKey{row.column_int64(0)};
  w.id = row.column_id<model::WorkspaceId>(1);
  w.kind = column_name<model::WorkspaceKind>(row, 2);
  w.name = row.column_text(3);
  w.role = column_name<model::Role>(row, 4);
  w.strategy = column_name<model::Strategy>(row, 5);
  w.space = Space{row.column_int64(6)};
  w.replica = row.column_id<model::ReplicaId>(7);
  w.next_n = row.column_u64(8);
  w.cursor = {model::Epoch{row.column_u64(9)}, model::Sequence{row.column_u64(10)}};
  w.head = model::Sequence{row.column_u64(11)};
  w.is_known_to_hub = row.column_text(12) == "live";
  w.wants_resync = row.column_bool(13);
  w.compared_at = row.column_time(14);
  w.wants_history = row.column_bool(15);
  w.sent_n = row.column_u64(16);
  w.is_first_sync = w.kind != model::WorkspaceKind::local && w.cursor.epoch.value == 0;
  return w;
}

MemberRow read_member(const Statement& row) {
  return {row.column_id<UserId>(0), std::string(row.column_text(1)), std::string(row.column_text(2)),
          column_name<model::Role>(row, 3)};
}

std::string list_names(const std::vector<WorkspaceRow>& rows) {
  std::string names;
  for (const WorkspaceRow& row : rows)
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", row.name, row.id.view());
  return names;
}

bool is_named(const WorkspaceRow& row, std::string_view name) {
  return row.name == name || (row.kind != model::WorkspaceKind::team && model::name_of(row.kind) == name);
}

} // namespace

Reader::Account Reader::account() {
  Statement row = txn_.prepare("SELECT hub, user, user_name, user_email FROM store");
  if (!row.step()) return {};
  return {std::string(row.column_text(0)), row.column_id<UserId>(1), std::string(row.column_text(2)),
          std::string(row.column_text(3))};
}

std::vector<WorkspaceRow> Reader::workspaces() {
  std::vector<WorkspaceRow> rows;
  Statement row = txn_.prepare(fmt::format("{} ORDER BY key", k_select_workspace));
  while (row.step()) rows.push_back(read_workspace(row));
  return rows;
}

std::optional<WorkspaceRow> Reader::find_workspace(const model::WorkspaceId& id) {
  Statement row = txn_.prepare(fmt::format("{} WHERE id = ?1", k_select_workspace));
  row.bind_all(id);
  return row.step() ? std::optional(read_workspace(row)) : std::nullopt;
}

WorkspaceRow Reader::workspace(const model::WorkspaceId& id) {
  auto row = find_workspace(id);
  if (!row)
    throw storage::DatabaseError(
        {ErrorCode::internal, fmt::format("workspace {} was expected in this store", id.view())});
  return *std::move(row);
}

Result<WorkspaceRow> Reader::resolve_workspace(std::string_view name) {
  const std::vector<WorkspaceRow> all = workspaces();
  const auto prefix = parse_prefix(name, model::WorkspaceId::k_length);
  std::vector<WorkspaceRow> named, by_id;
  for (const WorkspaceRow& row : all) {
    if (is_named(row, name)) named.push_back(row);
    if (prefix && row.id.view().starts_with(*prefix)) by_id.push_back(row);
  }
  const std::vector<WorkspaceRow>& found = named.empty() ? by_id : named;
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return ambiguous_name("workspace", name, list_names(found));
  return Error{ErrorCode::not_found,
               fmt::format("there is no workspace \"{}\"; this machine has {}", name, list_names(all))};
}

std::optional<model::WorkspaceId> Reader::find_project_workspace(std::string_view project_identity) {
  Statement row = txn_.prepare("SELECT workspace FROM project WHERE identity = ?1");
  row.bind_all(project_identity);
  return row.step() ? std::optional(row.column_id<model::WorkspaceId>(0)) : std::nullopt;
}

std::optional<model::Cursor> Reader::told(const WorkspaceRow& workspace, std::string_view project_identity) {
  Statement row = txn_.prepare("SELECT epoch, cursor FROM told WHERE workspace = ?1 AND project = ?2");
  row.bind_all(workspace.key.value, project_identity);
  if (!row.step()) return std::nullopt;
  return model::Cursor{model::Epoch{row.column_u64(0)}, model::Sequence{row.column_u64(1)}};
}

std::optional<std::string> Reader::find_call(std::string_view key) {
  Statement row = txn_.prepare("SELECT answer FROM tool_call WHERE key = ?1");
  row.bind_all(key);
  return row.step() ? std::optional(std::string(row.column_text(0))) : std::nullopt;
}

namespace {

std::vector<MemberRow> list_members(storage::ReadTxn& txn, const WorkspaceRow& workspace, bool are_former) {
  std::vector<MemberRow> rows;
  Statement row = txn.prepare(
      "SELECT user, name, email, role FROM member WHERE workspace = ?1 AND is_former = ?2 ORDER BY name, "
      "user");
  row.bind_all(workspace.key.value, are_former);
  while (row.step()) rows.push_back(read_member(row));
  return rows;
}

std::vector<MemberRow> members_named(const std::vector<MemberRow>& members,
                                     std::string_view id_name_or_email) {
  const auto prefix = parse_prefix(id_name_or_email, UserId::k_length);
  std::vector<MemberRow> found;
  for (const MemberRow& member : members)
    if (equals_ignoring_case(member.name, id_name_or_email) ||
        (!member.email.empty() && equals_ignoring_case(member.email, id_name_or_email)) ||
        (prefix && member.user.view().starts_with(*prefix)))
      found.push_back(member);
  return found;
}

} // namespace

std::vector<MemberRow> Reader::members(const WorkspaceRow& workspace) {
  return list_members(txn_, workspace, false);
}

std::vector<MemberRow> Reader::former_members(const WorkspaceRow& workspace) {
  return list_members(txn_, workspace, true);
}

std::optional<model::UserId> Reader::find_former_member(const WorkspaceRow& workspace,
                                                        std::string_view id_name_or_email) {
  const std::vector<MemberRow> found = members_named(former_members(workspace), id_name_or_email);
  return found.size() == 1 ? std::optional(found.front().user) : std::nullopt;
}

Result<MemberRow> Reader::resolve_member(const WorkspaceRow& workspace, std::string_view id_name_or_email) {
  const std::vector<MemberRow> all = members(workspace);
  const std::vector<MemberRow> found = members_named(all, id_name_or_email);
  if (found.size() == 1) return found.front();
  std::string names;
  for (const MemberRow& member : found.empty() ? all : found)
    names += fmt::format("{}{} <{}>", names.empty() ? "" : ", ", member.name, member.email);
  if (!found.empty()) return ambiguous_name("member", id_name_or_email, names);
  return Error{ErrorCode::not_found,
               fmt::format("\"{}\" is no member of {}{}{}", id_name_or_email, workspace.name,
                           names.empty() ? "" : "; its members: ", names)};
}

std::string Reader::user_name(const UserId& user) {
  if (user.is_empty()) return "local"; // written before this store belonged to anybody
  const auto known = user_names_.find(user);
  if (known != user_names_.end()) return known->second;
  std::string name = user.str();
  {
    Statement row = txn_.prepare(
        "SELECT name FROM member WHERE user = ?1 AND name <> '' UNION ALL "
        "SELECT user_name FROM store WHERE user = ?1 AND user_name <> '' LIMIT 1");
    row.bind_all(user);
    if (row.step()) name = row.column_text(0);
  }
  return user_names_[user] = std::move(name);
}

} // namespace memsync::replica
