#pragma once

#include <functional>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/database.h"

namespace memsync::storage {

/// The SQLite handle with its settings and its statement cache. Every call throws DatabaseError on failure.
class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Opens the file and applies the settings that do not touch it.
  void open(const OpenOptions& options);

  /// The compiled statement of that text; `cached` is null when the cached one is in use already, and the
  /// caller then owns the handle.
  struct Prepared {
    sqlite3_stmt* handle;
    CachedStatement* cached;
  };
  Prepared prepare(std::string_view sql);

  /// Runs one or more statements and ignores their rows.
  void execute(const std::string& sql);
  /// The first column of the first row, 0 or empty without a row.
  std::int64_t query_int64(const std::string& sql);
  std::string query_text(const std::string& sql);

  void set_busy_limit(std::chrono::milliseconds limit);
  sqlite3* handle() const { return handle_; }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  sqlite3_stmt* compile(std::string_view sql, unsigned flags);
  void drop_unused();

  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, CachedStatement, TextHash, std::equal_to<>> cache_;
};

} // namespace memsync::storage
