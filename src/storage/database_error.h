#pragma once

#include <exception>
#include <string>

#include "base/error.h"

struct sqlite3;

namespace memsync::storage {

/// A failure inside a transaction on its way to Database::read, write or open, which catch it.
class DatabaseError final : public std::exception {
 public:
  explicit DatabaseError(base::Error error) : error_(std::move(error)) {}
  const base::Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  base::Error error_;
};

/// Throws the failure that `db` reports for `result`, a code of SQLite; `sql` may be null. The one place
/// where SQLite's codes become ours.
[[noreturn]] void throw_sqlite_error(sqlite3* db, int result, const char* sql = nullptr);

/// The Error of a failed system call on `path`; ENOSPC and EDQUOT are `storage_full`.
base::Error system_error(const std::string& action, const std::string& path, int error_number);

/// The Error of the exception being handled.
base::Error error_of_current_exception(const std::string& path) noexcept;

} // namespace memsync::storage
