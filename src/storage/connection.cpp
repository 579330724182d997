#include "storage/connection.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "storage/database_error.h"
#include "storage/private_file.h"

namespace memsync::storage {

Connection::~Connection() {
  for (auto& [sql, statement] : cache_) sqlite3_finalize(statement.handle);
  sqlite3_close_v2(handle_);
}

void Connection::open(const OpenOptions& options) {
  const bool is_real_file = options.vfs.empty();
  struct stat file {};
  if (options.access == Access::read_only && is_real_file && ::stat(options.path.c_str(), &file) != 0)
    throw DatabaseError({base::ErrorCode::not_found, fmt::format("there is no database {}", options.path)});
  if (options.access == Access::read_write && is_real_file) {
    if (auto created = create_private_file(options.path); !created) throw DatabaseError(created.error());
  }

  // A read-only connection is one that may still write the WAL index, which every reader shares.
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (options.access == Access::read_write) flags |= SQLITE_OPEN_CREATE;
  const int result =
      sqlite3_open_v2(options.path.c_str(), &handle_, flags, is_real_file ? nullptr : options.vfs.c_str());
  if (result != SQLITE_OK) throw_sqlite_error(handle_, result);

  set_busy_limit(options.busy_limit);
  // The last close would checkpoint outside the writer lock.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Without it SQLite compiles a statement anew at every binding that it compared with the WHERE of a
  // partial index: a fifth of the time of indexing and of applying pages.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_QPSG, 1, nullptr);
  // A misspelt "column" is an error and not a text.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  execute(
      fmt::format("PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; "
                  "PRAGMA mmap_size = 0; PRAGMA cache_size = -{}",
                  options.cache_kib));
}

sqlite3_stmt* Connection::compile(std::string_view sql, unsigned flags) {
  sqlite3_stmt* handle = nullptr;
  const int result =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), flags, &handle, nullptr);
  if (result != SQLITE_OK) throw_sqlite_error(handle_, result, std::string(sql).c_str());
  if (!handle) throw DatabaseError({base::ErrorCode::internal, "an empty SQL statement was prepared"});
  return handle;
}

Connection::Prepared Connection::prepare(std::string_view sql) {
  const auto known = cache_.find(sql);
  if (known != cache_.end()) {
    CachedStatement& cached = known->second;
    if (cached.in_use) return {compile(sql, 0), nullptr};
    cached.in_use = true;
    return {cached.handle, &cached};
  }
  // Far above the number of statements in the program; reached only by texts that vary.
  constexpr std::size_t k_max_cached = 256;
  if (cache_.size() >= k_max_cached) drop_unused();
  sqlite3_stmt* const handle = compile(sql, SQLITE_PREPARE_PERSISTENT);
  CachedStatement& cached = cache_[std::string(sql)];
  cached = {handle, true};
  return {handle, &cached};
}

void Connection::drop_unused() {
  std::erase_if(cache_, [](const auto& entry) {
    if (entry.second.in_use) return false;
    sqlite3_finalize(entry.second.handle);
    return true;
  });
}

void Connection::execute(const std::string& sql) {
  const int result = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) throw_sqlite_error(handle_, result, sql.c_str());
}

namespace {

/// Finalizes a statement that is not cached.
struct StatementCloser {
  void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
};

} // namespace

std::string Connection::query_text(const std::string& sql) {
  const std::unique_ptr<sqlite3_stmt, StatementCloser> statement(compile(sql, 0));
  const int result = sqlite3_step(statement.get());
  if (result == SQLITE_DONE) return {};
  if (result != SQLITE_ROW) throw_sqlite_error(handle_, result, sql.c_str());
  const unsigned char* const column = sqlite3_column_text(statement.get(), 0);
  const std::string text = column ? reinterpret_cast<const char*>(column) : "";
  // To its end: what a PRAGMA changes is committed after its row. A full disk that kept the switch to WAL
  // from being committed went unnoticed otherwise, and the store was used with a rollback journal from then
  // on.
  int rest = SQLITE_ROW;
  while (rest == SQLITE_ROW) rest = sqlite3_step(statement.get());
  if (rest != SQLITE_DONE) throw_sqlite_error(handle_, rest, sql.c_str());
  return text;
}

std::int64_t Connection::query_int64(const std::string& sql) {
  const std::string text = query_text(sql);
  return text.empty() ? 0 : std::stoll(text);
}

void Connection::set_busy_limit(std::chrono::milliseconds limit) {
  sqlite3_busy_timeout(handle_, static_cast<int>(limit.count()));
}

} // namespace memsync::storage
