#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "base/clock.h"
#include "base/digest.h"
#include "base/id.h"

struct sqlite3_stmt;

namespace memsync::storage {

/// Bytes to bind as a BLOB; a bare string_view binds as TEXT.
struct Blob {
  std::string_view bytes;
};

/// One row of the statement cache: the compiled statement and whether a Statement uses it now.
struct CachedStatement {
  sqlite3_stmt* handle = nullptr;
  bool in_use = false;
};

/// A prepared statement in use, taken from the connection's cache by `prepare` and given back (reset,
/// bindings cleared) by the destructor. It must die before the transaction it came from. Parameters
/// and columns are numbered as SQLite does: parameters from 1, columns from 0.
///
/// A failing call throws; the exception is caught by Database::read or Database::write, which turn it
/// into their Error after rolling back, so callers never see or handle it.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  /// Binding copies the value. Unbound parameters are NULL.
  template <std::integral T>
  void bind(int index, T value) {
    bind_int64(index, static_cast<std::int64_t>(value)); // unsigned 64-bit: same bits, see column_u64
  }
  void bind(int index, double value);
  void bind(int index, std::string_view text);
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, Blob blob);
  void bind(int index, std::nullopt_t);
  void bind(int index, std::nullptr_t) { bind(index, std::nullopt); }
  /// The first 128 bits as a BLOB of 16 bytes.
  void bind(int index, const base::Hash128& hash) { bind(index, Blob{hash.bytes()}); }
  /// Milliseconds since 1970.
  void bind(int index, base::Timestamp time) { bind_int64(index, time.time_since_epoch().count()); }
  /// Ids are TEXT; the empty id is NULL.
  template <class Tag, std::size_t Length>
  void bind(int index, const base::Id<Tag, Length>& id) {
    if (id.is_empty()) return bind(index, std::nullopt);
    bind(index, id.view());
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) return bind(index, *value);
    bind(index, std::nullopt);
  }
  void bind_u64(int index, std::uint64_t value) { bind_int64(index, static_cast<std::int64_t>(value)); }

  /// Binds the parameters 1, 2, 3... and returns this statement: `statement.bind_all(a, b).run()`.
  template <class... Args>
  Statement& bind_all(const Args&... args) {
    int index = 0;
    (bind(++index, args), ...);
    return *this;
  }

  /// True when a row is ready, false when there is none left; then the statement is reset and may be
  /// bound and stepped again.
  bool step();
  /// Steps to the end, ignoring rows.
  void run();
  /// Ends a half-read result, so that the statement may be bound again.
  void reset();

  /// Columns of the current row. Views are valid until the next step, run, reset or bind.
  /// NULL reads as 0, 0.0 or empty.
  std::int64_t column_int64(int index) const;
  std::uint64_t column_u64(int index) const { return static_cast<std::uint64_t>(column_int64(index)); }
  int column_int(int index) const { return static_cast<int>(column_int64(index)); }
  bool column_bool(int index) const { return column_int64(index) != 0; }
  double column_double(int index) const;
  std::string_view column_text(int index) const;
  std::string_view column_blob(int index) const;
  bool is_null(int index) const;
  base::Timestamp column_time(int index) const {
    return base::Timestamp(std::chrono::milliseconds(column_int64(index)));
  }
  /// A stored Hash128; anything else than 16 bytes ends the transaction with `corrupt`.
  base::Hash128 column_hash(int index) const;
  /// A stored id, the empty id for NULL; other text ends the transaction with `corrupt`.
  template <class IdType>
  IdType column_id(int index) const {
    if (is_null(index)) return IdType();
    const std::optional<IdType> id = IdType::parse(column_text(index));
    if (!id) fail_corrupt(index);
    return *id;
  }

 private:
  friend class ReadTxn;
  friend class Database;
  /// `cached` is null for a statement of its own, finalized with this object.
  Statement(sqlite3_stmt* handle, CachedStatement* cached) : handle_(handle), cached_(cached) {}
  void bind_int64(int index, std::int64_t value);
  void check(int result) const;
  [[noreturn]] void fail_corrupt(int index) const;

  sqlite3_stmt* handle_;
  CachedStatement* cached_;
};

} // namespace memsync::storage
