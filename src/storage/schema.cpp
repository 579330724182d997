#include "storage/schema.h"

#include <fmt/format.h>

#include "storage/database_error.h"

namespace memsync::storage {

namespace {

[[noreturn]] void refuse(const OpenOptions& options, std::string_view reason) {
  throw DatabaseError({base::ErrorCode::internal, fmt::format("{} {}", options.path, reason)});
}

int version_of(Connection& connection) {
  return static_cast<int>(connection.query_int64("PRAGMA user_version"));
}

std::string_view describe_file(std::int64_t application_id) {
  switch (application_id) {
    case k_replica_file: return "a memsync replica, the memory of one machine";
    case k_hub_file: return "a memsync hub, the log of a whole team";
    default: return "a database of another program";
  }
}

void check_identity(Connection& connection, const OpenOptions& options) {
  const std::int64_t application = connection.query_int64("PRAGMA application_id");
  if (application == options.application_id) return;
  const bool is_new = application == 0 && version_of(connection) == 0 &&
                      connection.query_int64("SELECT count(*) FROM sqlite_schema") == 0;
  if (is_new) return;
  const std::string_view wanted = options.application_id == k_hub_file       ? "a memsync hub"
                                  : options.application_id == k_replica_file ? "a memsync replica"
                                                                             : "what was expected here";
  refuse(options, fmt::format("is {} and not {}; choose another path; the file was not changed",
                              describe_file(application), wanted));
}

void check_version(Connection& connection, const OpenOptions& options) {
  const int latest = options.migrations.empty() ? 0 : options.migrations.back().version;
  const int version = version_of(connection);
  if (version > latest)
    refuse(options,
           fmt::format("was written by a newer memsync (schema {}, this program knows {}); upgrade this "
                       "program; the database was not changed",
                       version, latest));
  if (version < latest && options.access == Access::read_only)
    refuse(options,
           fmt::format("has schema {} and needs {}; start memsync once to upgrade it", version, latest));
}

void migrate(Connection& connection, const OpenOptions& options, const Migration& migration) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    // Checked again inside the transaction: another process may have been faster.
    if (version_of(connection) < migration.version) {
      connection.execute(std::string(migration.sql));
      connection.execute(fmt::format("PRAGMA user_version = {}; PRAGMA application_id = {}",
                                     migration.version, options.application_id));
    }
    connection.execute("COMMIT");
  } catch (...) {
    sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

} // namespace

void prepare_schema(Connection& connection, const OpenOptions& options) {
  check_identity(connection, options);
  check_version(connection, options);
  if (options.access == Access::read_only) {
    connection.execute("PRAGMA query_only = ON");
    return;
  }
  const std::string mode = connection.query_text("PRAGMA journal_mode = WAL");
  if (mode != "wal") refuse(options, "cannot use write-ahead logging; put it on a local disk");
  // What the WAL may keep on disk once it is copied into the database and starts again.
  connection.execute("PRAGMA journal_size_limit = 67108864");
  for (const Migration& migration : options.migrations) migrate(connection, options, migration);
  // Only now: a migration that rebuilds a table must be able to drop it while others refer to it.
  connection.execute("PRAGMA foreign_keys = ON");
}

} // namespace memsync::storage
