#include "storage/database_error.h"

#include <cerrno>
#include <fmt/format.h>
#include <sqlite3.h>
#include <system_error>

namespace memsync::storage {

namespace {

using base::ErrorCode;

bool is_no_space(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

/// What the system said last. SQLite's own note of it (sqlite3_system_errno) is missing for what fails inside
/// COMMIT.
int last_system_error(sqlite3* db) {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  return vfs && vfs->xGetLastError ? vfs->xGetLastError(vfs, 0, nullptr) : 0;
}

ErrorCode code_of(sqlite3* db, int result) {
  switch (result & 0xff) { // the primary code is the low byte of an extended one
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ErrorCode::busy;
    case SQLITE_FULL: return ErrorCode::storage_full;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: {
      // A full disk is SQLITE_FULL only to a write. Met by a sync, by the growing WAL index or by a file that
      // is to be made (the WAL), it is one of these.
      const bool is_full =
          db && (is_no_space(sqlite3_system_errno(db)) || is_no_space(last_system_error(db)));
      return is_full ? ErrorCode::storage_full : ErrorCode::internal;
    }
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::corrupt;
    case SQLITE_INTERRUPT: return ErrorCode::cancelled;
    case SQLITE_TOOBIG: return ErrorCode::too_large;
    default: return ErrorCode::internal;
  }
}

const char* advice_of(ErrorCode code, int result) {
  switch (code) {
    case ErrorCode::busy: return "nothing was changed; try again";
    case ErrorCode::storage_full: return "nothing was changed; free some disk space and try again";
    case ErrorCode::corrupt: return "stop using it, keep a copy and restore a backup";
    case ErrorCode::cancelled: return "nothing was changed";
    case ErrorCode::too_large: return "nothing was changed; make the value smaller";
    default: break;
  }
  switch (result & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY: return "check that its folder exists and that you may write there";
    case SQLITE_IOERR: return "nothing was changed; check the disk";
    default: return "nothing was changed; this is a defect of memsync, please report it";
  }
}

} // namespace

void throw_sqlite_error(sqlite3* db, int result, const char* sql) {
  const ErrorCode code = code_of(db, result);
  const char* const path = db ? sqlite3_db_filename(db, "main") : nullptr;
  std::string reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(result);
  if (sql && code == ErrorCode::internal) reason += fmt::format(" in: {}", sql);
  throw DatabaseError({code, fmt::format("database {}: {} ({}); {}", path ? path : "", reason, result,
                                         advice_of(code, result))});
}

base::Error system_error(const std::string& action, const std::string& path, int error_number) {
  return {is_no_space(error_number) ? ErrorCode::storage_full : ErrorCode::internal,
          fmt::format("cannot {} {}: {}; check the path, its permissions and the disk", action, path,
                      std::generic_category().message(error_number))};
}

base::Error error_of_current_exception(const std::string& path) noexcept {
  try {
    throw;
  } catch (const DatabaseError& error) {
    return error.error();
  } catch (const std::exception& error) {
    return {ErrorCode::internal, fmt::format("database {}: {}; nothing was changed", path, error.what())};
  } catch (...) {
    return {ErrorCode::internal, fmt::format("database {}: unknown exception; nothing was changed", path)};
  }
}

} // namespace memsync::storage
