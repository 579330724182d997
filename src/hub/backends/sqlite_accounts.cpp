#include <fmt/format.h>

#include "hub/backends/sqlite_txn.h"
#include "storage/database_error.h"

namespace memsync::hub {

using model::find_by_name;
using model::name_of;
using storage::Blob;
using storage::Statement;

namespace {

std::optional<base::Timestamp> column_optional_time(const Statement& row, int index) {
  if (row.is_null(index)) return std::nullopt;
  return row.column_time(index);
}

/// Calls `take(word)` for each word of a text whose words are separated by blanks.
template <class Take>
void for_each_word(std::string_view text, Take&& take) {
  while (!text.empty()) {
    const auto end = text.find(' ');
    take(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
}

std::string scopes_text(const PermissionSet& scopes) {
  if (scopes.is_all()) return "*";
  std::string text;
  for (std::size_t i = 0; i < model::EnumNames<model::Permission>::names.size(); ++i) {
    const auto permission = static_cast<model::Permission>(i);
    if (!scopes.has(permission)) continue;
    if (!text.empty()) text += ' ';
    text += name_of(permission);
  }
  return text;
}

/// Permissions this version does not know are left out: a token never gains by an upgrade.
PermissionSet parse_scopes(std::string_view text) {
  if (text == "*") return PermissionSet::all();
  PermissionSet scopes;
  for_each_word(text, [&](std::string_view word) {
    if (const auto permission = find_by_name<model::Permission>(word)) scopes.add(*permission);
  });
  return scopes;
}

constexpr std::string_view k_user = "SELECT id, email, name, created_at FROM user ";
User read_user(const Statement& row) {
  return {row.column_id<model::UserId>(0), std::string(row.column_text(1)), std::string(row.column_text(2)),
          row.column_time(3)};
}

constexpr std::string_view k_token =
    "SELECT id, user, name, scopes, workspaces, created_at, expires_at, revoked_at, used_at FROM token ";
Token read_token(const Statement& row) {
  Token token;
  token.id = row.column_id<TokenId>(0);
  token.user = row.column_id<model::UserId>(1);
  token.name = row.column_text(2);
  token.scopes = parse_scopes(row.column_text(3));
  for_each_word(row.column_text(4), [&](std::string_view word) {
    const auto id = model::WorkspaceId::parse(word);
    if (!id) fail_corrupt("token", token.id.view());
    token.workspaces.push_back(*id);
  });
  token.created_at = row.column_time(5);
  token.expires_at = column_optional_time(row, 6);
  token.revoked_at = column_optional_time(row, 7);
  token.used_at = column_optional_time(row, 8);
  return token;
}

constexpr std::string_view k_workspace = "SELECT id, kind, name, strategy, created_at, slug FROM workspace ";
Workspace read_workspace(const Statement& row) {
  return {row.column_id<model::WorkspaceId>(0),
          column_name<model::WorkspaceKind>(row, 1),
          std::string(row.column_text(2)),
          column_name<model::Strategy>(row, 3),
          row.column_time(4),
          std::string(row.column_text(5))};
}

constexpr std::string_view k_invitation =
    "SELECT i.id, w.id, i.email, i.role, i.invited_by, i.created_at, i.expires_at, i.accepted_at, "
    "i.revoked_at FROM invitation i JOIN workspace w ON w.key = i.workspace AND w.deleted_at IS NULL ";
Invitation read_invitation(const Statement& row) {
  return {row.column_id<InvitationId>(0),
          row.column_id<model::WorkspaceId>(1),
          std::string(row.column_text(2)),
          column_name<model::Role>(row, 3),
          row.column_id<model::UserId>(4),
          row.column_time(5),
          row.column_time(6),
          column_optional_time(row, 7),
          column_optional_time(row, 8)};
}

std::string sql(std::string_view select, std::string_view rest) { return std::string(select).append(rest); }

/// All rows of a bound statement.
template <class T>
std::vector<T> all(Statement& statement, T (*read)(const Statement&)) {
  std::vector<T> rows;
  while (statement.step()) rows.push_back(read(statement));
  return rows;
}

template <class T>
std::optional<T> first(Statement& statement, T (*read)(const Statement&)) {
  if (!statement.step()) return std::nullopt;
  return read(statement);
}

} // namespace

void fail_corrupt(std::string_view what, std::string_view id) {
  throw storage::DatabaseError(
      {base::ErrorCode::corrupt,
       fmt::format("the stored {} {} is damaged: run memsync-hub check, then restore a backup", what, id)});
}

std::int64_t SqliteReader::key_of(const model::WorkspaceId& workspace) {
  if (const auto known = keys_.find(workspace); known != keys_.end()) return known->second;
  Statement row = txn_.prepare("SELECT key FROM workspace WHERE id = ?1 AND deleted_at IS NULL");
  row.bind_all(workspace);
  const std::int64_t key = row.step() ? row.column_int64(0) : 0;
  keys_.emplace(workspace, key);
  return key;
}

model::Epoch SqliteReader::epoch() {
  Statement row = txn_.prepare("SELECT epoch FROM hub");
  return row.step() ? model::Epoch{row.column_u64(0)} : model::Epoch{};
}

std::int64_t SqliteReader::access_version() {
  Statement row = txn_.prepare("SELECT access FROM hub");
  return row.step() ? row.column_int64(0) : 0;
}

std::vector<model::UserId> SqliteReader::users_changed_after(std::int64_t access_version) {
  Statement rows = txn_.prepare("SELECT id FROM user WHERE access > ?1");
  rows.bind_all(access_version);
  std::vector<model::UserId> users;
  while (rows.step()) users.push_back(rows.column_id<model::UserId>(0));
  return users;
}

std::vector<MembershipChange> SqliteReader::members_changed_after(std::int64_t access_version) {
  Statement rows = txn_.prepare(
      "SELECT workspace.id, member.user, member.access FROM member INDEXED BY member_by_access "
      "JOIN workspace ON workspace.key = member.workspace WHERE member.access > ?1 AND deleted_at IS NULL");
  rows.bind_all(access_version);
  std::vector<MembershipChange> changes;
  while (rows.step())
    changes.push_back(
        {rows.column_id<model::WorkspaceId>(0), rows.column_id<model::UserId>(1), rows.column_int64(2)});
  return changes;
}

std::optional<User> SqliteReader::find_user(const model::UserId& id) {
  Statement row = txn_.prepare(sql(k_user, "WHERE id = ?1"));
  return first(row.bind_all(id), read_user);
}

std::optional<User> SqliteReader::find_user_by_email(std::string_view email) {
  Statement row = txn_.prepare(sql(k_user, "WHERE email = ?1"));
  return first(row.bind_all(email), read_user);
}

std::optional<std::string> SqliteReader::find_password_hash(const model::UserId& id) {
  Statement row = txn_.prepare("SELECT password FROM user WHERE id = ?1 AND password IS NOT NULL");
  row.bind_all(id);
  if (!row.step()) return std::nullopt;
  return std::string(row.column_text(0));
}

std::vector<User> SqliteReader::list_users() {
  Statement rows = txn_.prepare(sql(k_user, "ORDER BY email"));
  return all(rows, read_user);
}

std::optional<Token> SqliteReader::find_token(const SecretHash& hash) {
  Statement row = txn_.prepare(sql(k_token, "WHERE hash = ?1"));
  return first(row.bind_all(Blob{hash.bytes()}), read_token);
}

std::optional<Token> SqliteReader::find_token(const TokenId& id) {
  Statement row = txn_.prepare(sql(k_token, "WHERE id = ?1"));
  return first(row.bind_all(id), read_token);
}

std::vector<Token> SqliteReader::list_tokens(const model::UserId& user) {
  Statement rows = txn_.prepare(sql(k_token, "WHERE user = ?1 ORDER BY created_at, id"));
  return all(rows.bind_all(user), read_token);
}

std::optional<Workspace> SqliteReader::find_workspace(const model::WorkspaceId& id) {
  Statement row = txn_.prepare(sql(k_workspace, "WHERE id = ?1 AND deleted_at IS NULL"));
  return first(row.bind_all(id), read_workspace);
}

std::optional<Workspace> SqliteReader::find_workspace_by_slug(std::string_view slug) {
  Statement row = txn_.prepare(sql(k_workspace, "WHERE slug = ?1 AND deleted_at IS NULL"));
  return first(row.bind_all(slug), read_workspace);
}

std::vector<Workspace> SqliteReader::list_workspaces() {
  Statement rows = txn_.prepare(sql(k_workspace, "WHERE deleted_at IS NULL ORDER BY kind DESC, name, id"));
  return all(rows, read_workspace);
}

std::vector<std::pair<Workspace, model::Role>> SqliteReader::list_workspaces_of(const model::UserId& user) {
  Statement rows = txn_.prepare(
      "SELECT w.id, w.kind, w.name, w.strategy, w.created_at, w.slug, m.role FROM member m "
      "JOIN workspace w ON w.key = m.workspace AND w.deleted_at IS NULL "
      "WHERE m.user = ?1 AND m.removed = 0 ORDER BY w.kind, w.name, w.id");
  rows.bind_all(user);
  std::vector<std::pair<Workspace, model::Role>> found;
  while (rows.step()) found.emplace_back(read_workspace(rows), column_name<model::Role>(rows, 6));
  return found;
}

std::optional<Membership> SqliteReader::find_member(const model::WorkspaceId& workspace,
                                                    const model::UserId& user) {
  Statement row =
      txn_.prepare("SELECT user, role, since, removed FROM member WHERE workspace = ?1 AND user = ?2");
  row.bind_all(key_of(workspace), user);
  if (!row.step()) return std::nullopt;
  return Membership{row.column_id<model::UserId>(0), column_name<model::Role>(row, 1), row.column_time(2),
                    row.column_bool(3)};
}

std::vector<wire::MemberInfo> SqliteReader::list_members(const model::WorkspaceId& workspace) {
  Statement rows = txn_.prepare(
      "SELECT u.id, u.name, u.email, m.role FROM member m JOIN user u ON u.id = m.user "
      "WHERE m.workspace = ?1 AND m.removed = 0 ORDER BY m.role <> 'owner', u.name, u.id");
  rows.bind_all(key_of(workspace));
  std::vector<wire::MemberInfo> members;
  while (rows.step())
    members.push_back({rows.column_id<model::UserId>(0), std::string(rows.column_text(1)),
                       std::string(rows.column_text(2)), column_name<model::Role>(rows, 3)});
  return members;
}

std::vector<wire::MemberInfo> SqliteReader::list_former_members(const model::WorkspaceId& workspace) {
  Statement rows = txn_.prepare(
      "SELECT u.id, u.name FROM member m JOIN user u ON u.id = m.user "
      "WHERE m.workspace = ?1 AND m.removed = 1 ORDER BY u.name, u.id");
  rows.bind_all(key_of(workspace));
  std::vector<wire::MemberInfo> members;
  while (rows.step())
    members.push_back({rows.column_id<model::UserId>(0), std::string(rows.column_text(1)), "", {}});
  return members;
}

std::optional<Invitation> SqliteReader::find_invitation(const SecretHash& hash) {
  Statement row = txn_.prepare(sql(k_invitation, "WHERE i.hash = ?1"));
  return first(row.bind_all(Blob{hash.bytes()}), read_invitation);
}

std::vector<Invitation> SqliteReader::list_invitations(const model::WorkspaceId& workspace) {
  Statement rows = txn_.prepare(sql(k_invitation, "WHERE i.workspace = ?1 ORDER BY i.created_at, i.id"));
  return all(rows.bind_all(key_of(workspace)), read_invitation);
}

std::vector<AuditEvent> SqliteReader::list_audit(const AuditFilter& filter, std::int64_t before,
                                                 std::size_t limit) {
  std::string text =
      "SELECT a.id, a.at, a.action, a.actor, w.id, a.subject, a.detail "
      "FROM audit a LEFT JOIN workspace w ON w.key = a.workspace WHERE a.id < ?1";
  if (filter.workspace) text += " AND a.workspace = ?3";
  if (filter.user) text += " AND (a.actor = ?4 OR a.subject = ?4)";
  if (filter.action) text += " AND a.action = ?5";
  if (filter.since) text += " AND a.at >= ?6";
  if (filter.until) text += " AND a.at < ?7";
  Statement rows = txn_.prepare(text + " ORDER BY a.id DESC LIMIT ?2");
  rows.bind_all(before, limit);
  if (filter.workspace) rows.bind(3, key_of(*filter.workspace));
  if (filter.user) rows.bind(4, *filter.user);
  if (filter.action) rows.bind(5, name_of(*filter.action));
  if (filter.since) rows.bind(6, *filter.since);
  if (filter.until) rows.bind(7, *filter.until);
  std::vector<AuditEvent> events;
  while (rows.step())
    events.push_back({rows.column_int64(0), rows.column_time(1), column_name<AuditAction>(rows, 2),
                      rows.column_id<model::UserId>(3), rows.column_id<model::WorkspaceId>(4),
                      rows.column_id<model::UserId>(5), std::string(rows.column_text(6))});
  return events;
}

// --- writes ---

void SqliteTxn::touch_access(const model::UserId& user) {
  txn_.run("UPDATE hub SET access = access + 1");
  txn_.run("UPDATE user SET access = (SELECT access FROM hub) WHERE id = ?1", user);
  touched_.push_back(user);
}

void SqliteTxn::put_user(const User& user) {
  txn_.run(
      "INSERT INTO user (id, email, name, access, created_at) VALUES (?1, ?2, ?3, 0, ?4) "
      "ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name",
      user.id, user.email, user.name, user.created_at);
}

void SqliteTxn::set_password_hash(const model::UserId& user, const std::string& hash) {
  txn_.run("UPDATE user SET password = ?2 WHERE id = ?1", user, hash);
}

void SqliteTxn::put_token(const Token& token, const SecretHash& hash) {
  std::string workspaces;
  for (const model::WorkspaceId& id : token.workspaces) {
    if (!workspaces.empty()) workspaces += ' ';
    workspaces += id.view();
  }
  txn_.run(
      "INSERT INTO token (id, hash, user, name, scopes, workspaces, created_at, expires_at, revoked_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      token.id, Blob{hash.bytes()}, token.user, token.name, scopes_text(token.scopes), workspaces,
      token.created_at, token.expires_at, token.revoked_at);
}

void SqliteTxn::revoke_token(const TokenId& id, base::Timestamp at) {
  const auto token = find_token(id);
  if (!token) return;
  txn_.run("UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL", id, at);
  touch_access(token->user);
}

void SqliteTxn::put_workspace(const Workspace& workspace) {
  txn_.run(
      "INSERT INTO workspace (id, kind, name, strategy, created_at, slug, head, floor) "
      "VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, ''), 0, 0) "
      "ON CONFLICT (id) DO UPDATE SET name = excluded.name, strategy = excluded.strategy, slug = "
      "excluded.slug",
      workspace.id, name_of(workspace.kind), workspace.name, name_of(workspace.strategy),
      workspace.created_at, workspace.slug);
  forget_keys();
}

void SqliteTxn::delete_workspace(const model::WorkspaceId& id, base::Timestamp at) {
  for (const wire::MemberInfo& member : list_members(id)) touch_access(member.id);
  txn_.run("UPDATE workspace SET deleted_at = ?2 WHERE id = ?1", id, at);
  forget_keys();
}

void SqliteTxn::put_member(const model::WorkspaceId& workspace, const Membership& member) {
  touch_access(member.user);
  txn_.run(
      "INSERT INTO member (workspace, user, role, since, removed, access) "
      "VALUES (?1, ?2, ?3, ?4, ?5, (SELECT access FROM hub)) "
      "ON CONFLICT (workspace, user) DO UPDATE SET role = excluded.role, since = excluded.since, "
      "removed = excluded.removed, access = excluded.access",
      key_of(workspace), member.user, name_of(member.role), member.since, member.removed);
}

void SqliteTxn::put_invitation(const Invitation& invitation, const SecretHash& hash) {
  txn_.run(
      "INSERT INTO invitation (id, hash, workspace, email, role, invited_by, created_at, expires_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      invitation.id, Blob{hash.bytes()}, key_of(invitation.workspace), invitation.email,
      name_of(invitation.role), invitation.invited_by, invitation.created_at, invitation.expires_at);
}

void SqliteTxn::close_invitation(const InvitationId& id, std::optional<base::Timestamp> accepted_at,
                                 std::optional<base::Timestamp> revoked_at) {
  txn_.run("UPDATE invitation SET accepted_at = ?2, revoked_at = ?3 WHERE id = ?1", id, accepted_at,
           revoked_at);
}

void SqliteTxn::add_audit(const AuditEvent& event) {
  const std::int64_t workspace = event.workspace.is_empty() ? 0 : key_of(event.workspace);
  txn_.run(
      "INSERT INTO audit (at, action, actor, workspace, subject, detail) "
      "VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6)",
      event.at, name_of(event.action), event.actor, workspace, event.subject, event.detail);
}

} // namespace memsync::hub
