#include "hub/backends/sqlite_txn.h"

namespace memsync::hub {

using model::name_of;
using storage::Blob;
using storage::Statement;

namespace {

constexpr const char* k_session_by_id =
    "SELECT id, user, kind, client, created_at, used_at, expires_at, ended_at FROM session WHERE id = ?1";
constexpr const char* k_session_by_secret =
    "SELECT id, user, kind, client, created_at, used_at, expires_at, ended_at FROM session WHERE secret = ?1";
constexpr const char* k_sessions_of_user =
    "SELECT id, user, kind, client, created_at, used_at, expires_at, ended_at FROM session WHERE user = ?1 "
    "ORDER BY created_at DESC, id";

Session read_session(const Statement& row) {
  Session session{row.column_id<SessionId>(0),
                  row.column_id<model::UserId>(1),
                  column_name<SessionKind>(row, 2),
                  std::string(row.column_text(3)),
                  row.column_time(4),
                  row.column_time(5),
                  row.column_time(6),
                  std::nullopt};
  if (!row.is_null(7)) session.ended_at = row.column_time(7);
  return session;
}

std::optional<Session> first_session(Statement& row) {
  if (!row.step()) return std::nullopt;
  return read_session(row);
}

std::optional<SigningKey> first_key(Statement& row) {
  if (!row.step()) return std::nullopt;
  SigningKey key;
  key.id = row.column_text(0);
  const std::string_view seed = row.column_blob(1);
  if (seed.size() != key.seed.size()) fail_corrupt("signing key", key.id);
  std::copy(seed.begin(), seed.end(), key.seed.begin());
  key.created_at = row.column_time(2);
  return key;
}

std::optional<DeviceRequest> first_device(Statement& row) {
  if (!row.step()) return std::nullopt;
  return DeviceRequest{std::string(row.column_text(0)),
                       std::string(row.column_text(1)),
                       std::string(row.column_text(2)),
                       column_name<DeviceState>(row, 3),
                       row.column_id<model::UserId>(4),
                       row.column_time(5),
                       row.column_time(6)};
}

} // namespace

std::optional<Session> SqliteReader::find_session(const SessionId& id) {
  Statement row = txn_.prepare(k_session_by_id);
  return first_session(row.bind_all(id));
}

std::optional<Session> SqliteReader::find_session(const SecretHash& secret) {
  Statement row = txn_.prepare(k_session_by_secret);
  return first_session(row.bind_all(Blob{secret.bytes()}));
}

std::optional<SessionId> SqliteReader::find_spent_refresh(const SecretHash& secret) {
  Statement row = txn_.prepare("SELECT session FROM spent_refresh WHERE hash = ?1");
  row.bind_all(Blob{secret.bytes()});
  if (!row.step()) return std::nullopt;
  return row.column_id<SessionId>(0);
}

std::vector<Session> SqliteReader::list_sessions(const model::UserId& user) {
  Statement rows = txn_.prepare(k_sessions_of_user);
  rows.bind_all(user);
  std::vector<Session> sessions;
  while (rows.step()) sessions.push_back(read_session(rows));
  return sessions;
}

std::optional<SigningKey> SqliteReader::find_signing_key(std::string_view id) {
  Statement row = txn_.prepare("SELECT id, seed, created_at FROM signing_key WHERE id = ?1");
  return first_key(row.bind_all(id));
}

std::optional<SigningKey> SqliteReader::newest_signing_key() {
  Statement row =
      txn_.prepare("SELECT id, seed, created_at FROM signing_key ORDER BY created_at DESC, id LIMIT 1");
  return first_key(row);
}

std::optional<DeviceRequest> SqliteReader::find_device(const SecretHash& code) {
  Statement row = txn_.prepare(
      "SELECT user_code, client, address, state, user, created_at, expires_at FROM device_request "
      "WHERE hash = ?1");
  return first_device(row.bind_all(Blob{code.bytes()}));
}

std::optional<DeviceRequest> SqliteReader::find_device(std::string_view user_code) {
  Statement row = txn_.prepare(
      "SELECT user_code, client, address, state, user, created_at, expires_at FROM device_request "
      "WHERE user_code = ?1");
  return first_device(row.bind_all(user_code));
}

std::int64_t SqliteReader::count_devices() {
  Statement row = txn_.prepare("SELECT count(*) FROM device_request");
  row.step();
  return row.column_int64(0);
}

// --- writes ---

void SqliteTxn::add_session(const Session& session, const SecretHash& secret) {
  txn_.run(
      "INSERT INTO session (id, user, kind, client, secret, created_at, used_at, expires_at, ended_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      session.id, session.user, name_of(session.kind), session.client, Blob{secret.bytes()},
      session.created_at, session.used_at, session.expires_at, session.ended_at);
}

void SqliteTxn::rotate_refresh(const SessionId& id, const SecretHash& spent, const SecretHash& next,
                               base::Timestamp now) {
  txn_.run("INSERT INTO spent_refresh (hash, session) VALUES (?1, ?2)", Blob{spent.bytes()}, id);
  txn_.run("UPDATE session SET secret = ?2, used_at = ?3 WHERE id = ?1", id, Blob{next.bytes()}, now);
}

void SqliteTxn::touch_session(const SessionId& id, base::Timestamp now) {
  txn_.run("UPDATE session SET used_at = max(used_at, ?2) WHERE id = ?1", id, now);
}

void SqliteTxn::end_session(const SessionId& id, base::Timestamp now) {
  const auto session = find_session(id);
  if (!session) return;
  txn_.run("UPDATE session SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL", id, now);
  touch_access(session->user);
}

void SqliteTxn::drop_sessions(base::Timestamp before) {
  txn_.run(
      "DELETE FROM spent_refresh WHERE session IN "
      "(SELECT id FROM session WHERE ended_at < ?1 OR expires_at < ?1)",
      before);
  txn_.run("DELETE FROM session WHERE ended_at < ?1 OR expires_at < ?1", before);
}

void SqliteTxn::touch_token(const TokenId& id, base::Timestamp now) {
  txn_.run("UPDATE token SET used_at = ?2 WHERE id = ?1", id, now);
}

void SqliteTxn::add_signing_key(const SigningKey& key) {
  const std::string_view seed(reinterpret_cast<const char*>(key.seed.data()), key.seed.size());
  txn_.run("INSERT INTO signing_key (id, seed, created_at) VALUES (?1, ?2, ?3)", key.id, Blob{seed},
           key.created_at);
}

void SqliteTxn::drop_signing_keys(base::Timestamp made_before) {
  txn_.run("DELETE FROM signing_key WHERE created_at < ?1", made_before);
}

void SqliteTxn::add_device(const DeviceRequest& request, const SecretHash& code) {
  txn_.run(
      "INSERT INTO device_request (hash, user_code, client, address, state, user, created_at, expires_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      Blob{code.bytes()}, request.user_code, request.client, request.address, name_of(request.state),
      request.user, request.created_at, request.expires_at);
}

void SqliteTxn::decide_device(std::string_view user_code, DeviceState state, const model::UserId& user) {
  txn_.run("UPDATE device_request SET state = ?2, user = ?3 WHERE user_code = ?1", user_code, name_of(state),
           user);
}

void SqliteTxn::drop_device(const SecretHash& code) {
  txn_.run("DELETE FROM device_request WHERE hash = ?1", Blob{code.bytes()});
}

void SqliteTxn::drop_devices(base::Timestamp expired_before) {
  txn_.run("DELETE FROM device_request WHERE expires_at < ?1", expired_before);
}

} // namespace memsync::hub
