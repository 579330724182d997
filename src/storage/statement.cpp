#include "storage/statement.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <utility>

#include "storage/database_error.h"

namespace memsync::storage {

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), cached_(std::exchange(other.cached_, nullptr)) {}

Statement::~Statement() {
  if (!handle_) return;
  if (!cached_) {
    sqlite3_finalize(handle_);
    return;
  }
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_); // frees what large bound values hold
  cached_->in_use = false;
}

void Statement::check(int result) const {
  if (result != SQLITE_OK) throw_sqlite_error(sqlite3_db_handle(handle_), result, sqlite3_sql(handle_));
}

void Statement::bind_int64(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, index, value));
}

void Statement::bind(int index, double value) { check(sqlite3_bind_double(handle_, index, value)); }

// A view without data would bind NULL; the empty text and the empty blob are values.
void Statement::bind(int index, std::string_view text) {
  check(sqlite3_bind_text64(handle_, index, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
}

void Statement::bind(int index, Blob blob) {
  check(sqlite3_bind_blob64(handle_, index, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                            SQLITE_TRANSIENT));
}

void Statement::bind(int index, std::nullopt_t) { check(sqlite3_bind_null(handle_, index)); }

bool Statement::step() {
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) check(result);
  check(sqlite3_reset(handle_));
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() { sqlite3_reset(handle_); } // its result repeats the failure of the last step

std::int64_t Statement::column_int64(int index) const { return sqlite3_column_int64(handle_, index); }

double Statement::column_double(int index) const { return sqlite3_column_double(handle_, index); }

std::string_view Statement::column_text(int index) const {
  const unsigned char* const text = sqlite3_column_text(handle_, index);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, index))};
}

std::string_view Statement::column_blob(int index) const {
  const void* const bytes = sqlite3_column_blob(handle_, index);
  if (!bytes) return {};
  return {static_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_, index))};
}

bool Statement::is_null(int index) const { return sqlite3_column_type(handle_, index) == SQLITE_NULL; }

base::Hash128 Statement::column_hash(int index) const {
  const auto hash = base::Hash128::from_bytes(column_blob(index));
  if (!hash) fail_corrupt(index);
  return *hash;
}

void Statement::fail_corrupt(int index) const {
  const char* const name = sqlite3_column_name(handle_, index);
  const char* const path = sqlite3_db_filename(sqlite3_db_handle(handle_), "main");
  throw DatabaseError(
      {base::ErrorCode::corrupt,
       fmt::format("database {}: column {} holds a value memsync never wrote; stop using it, keep "
                   "a copy and restore a backup",
                   path ? path : "", name ? name : "?")});
}

} // namespace memsync::storage
