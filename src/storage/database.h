#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "storage/statement.h"

namespace memsync::storage {

class Database;

/// One step of the schema. Versions start at 1 and have no gaps; released steps never change.
struct Migration {
  int version = 0;
  std::string_view sql; // one or more statements, without BEGIN and COMMIT
};

enum class Access { read_write, read_only };

// SQLite's application_id of our files, in their headers: what kind of file this is.
inline constexpr std::int32_t k_replica_file = 0x6d73796e; // "msyn"
inline constexpr std::int32_t k_hub_file = 0x6d737968;     // "msyh"

struct OpenOptions {
  std::string path;
  std::span<const Migration> migrations;
  Access access = Access::read_write;
  std::string vfs;                              // name of a registered SQLite VFS; empty = the system's
  std::string lock_path;                        // the writer lock; empty = path + ".lock"
  int cache_kib = 2048;                         // page cache of this connection
  std::chrono::milliseconds busy_limit{10'000}; // wait for the writer lock, then `busy`
  std::int32_t application_id = k_replica_file; // a file with another id is refused, naming what it is
};

/// A consistent view of the database: everything read through one ReadTxn is of one moment, that of
/// its first statement. Made only by Database.
class ReadTxn {
 public:
  ReadTxn(const ReadTxn&) = delete;
  ReadTxn& operator=(const ReadTxn&) = delete;

  /// The statement of that text from the connection's cache. Preparing a statement that writes
  /// outside a WriteTxn ends the transaction with `internal`.
  Statement prepare(std::string_view sql);

 protected:
  friend class Database;
  ReadTxn(Database& database, Access access) : database_(database), access_(access) {}
  ~ReadTxn() = default;

  Database& database_;
  const Access access_;
};

/// The one write transaction of the moment, among all threads and processes. Made only by Database.
class WriteTxn : public ReadTxn {
 public:
  /// prepare, bind_all and run in one.
  template <class... Args>
  void run(std::string_view sql, const Args&... args) {
    prepare(sql).bind_all(args...).run();
  }
  /// Rows changed by the last INSERT, UPDATE or DELETE.
  std::int64_t changes() const;
  std::int64_t last_insert_rowid() const;

 private:
  friend class Database;
  explicit WriteTxn(Database& database) : ReadTxn(database, Access::read_write) {}
};

enum class CheckpointMode {
  passive,  // only once the WAL is large; copies what no reader still needs; above 64 MB as truncate
  truncate, // copies everything and empties the WAL; waits up to a second for readers
};

/// One SQLite connection in WAL mode with synchronous=FULL, used by one thread at a time. Any number
/// of Databases of one file may be open in any number of threads and processes.
///
/// Every write transaction, checkpoint, migration and the opening itself holds the writer lock: SQLite's
/// own busy handler starves writers (one transaction against 34,714 in 8 s with 8 processes), and SQLite
/// before 3.51.3 can corrupt a database checkpointed by two processes. Closing never checkpoints, because
/// SQLite would do it outside the lock. The file must never be opened by other means in this process:
/// closing such a descriptor drops SQLite's locks.
///
/// Failures: `busy` (lock not obtained in time), `storage_full`, `corrupt`, `cancelled` (interrupted),
/// `internal` for the rest. Nothing of a failed transaction is applied.
class Database {
 public:
  /// Opens, creates (0600) and migrates. A read_only Database needs an existing file of the current
  /// version: `not_found` without one. A file of another program or of a newer memsync is refused with
  /// `internal` and left untouched. The parent folder must exist.
  static base::Result<std::unique_ptr<Database>> open(const OpenOptions& options);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  /// Calls `f(ReadTxn&)`, which returns a Result; returns that Result, or the failure of the database.
  template <class F>
  auto read(F&& f) -> std::invoke_result_t<F, ReadTxn&> {
    try {
      const ReadScope scope(*this);
      ReadTxn txn(*this, Access::read_only);
      return std::forward<F>(f)(txn);
    } catch (...) {
      return translate_exception();
    }
  }

  /// Calls `f(WriteTxn&)`, which returns a Result, and commits when it has a value; rolls back when it
  /// is an error or `f` throws. When this returns a value, the change is on disk.
  template <class F>
  auto write(F&& f) -> std::invoke_result_t<F, WriteTxn&> {
    try {
      WriteScope scope(*this);
      WriteTxn txn(*this);
      auto result = std::forward<F>(f)(txn);
      if (result) scope.commit();
      return result;
    } catch (...) {
      return translate_exception();
    }
  }

  /// A number that differs from the last answer when another connection committed in between.
  base::Result<std::int64_t> data_version();

  /// Moves the WAL into the database file; to be called after writes, outside transactions. True when
  /// something was done: `passive` waits for 4 MB of WAL. `busy` when the lock or readers stand in the way.
  /// Beyond 256 MB (a reader that never ends) write itself empties the WAL, or refuses with `busy`.
  base::Result<bool> checkpoint(CheckpointMode mode);

  /// Writes a compact copy of this moment to `path`, which must not exist (`validation`); it appears whole
  /// and synced, readable only by its owner. Writers go on meanwhile. Not for a Database on another VFS.
  base::Result<void> backup_to(const std::string& path);

  /// SQLite's own check of the file's structure; `corrupt` with the first finding.
  base::Result<void> quick_check();

  /// Gives back the memory of the page cache, as far as nothing is using it.
  void release_memory();

  /// Ends the running statement of this connection with `cancelled`; callable from any thread.
  void interrupt();

  const std::string& path() const;

 private:
  friend class ReadTxn;
  friend class WriteTxn;
  struct State;

  /// BEGIN ... COMMIT around reading.
  class ReadScope {
   public:
    explicit ReadScope(Database& database);
    ReadScope(const ReadScope&) = delete;
    ReadScope& operator=(const ReadScope&) = delete;
    ~ReadScope();

   private:
    Database& database_;
  };

  /// The writer lock and BEGIN IMMEDIATE; the destructor rolls back what was not committed.
  class WriteScope {
   public:
    explicit WriteScope(Database& database);
    WriteScope(const WriteScope&) = delete;
    WriteScope& operator=(const WriteScope&) = delete;
    ~WriteScope();
    void commit();

   private:
    Database& database_;
  };

  explicit Database(std::unique_ptr<State> state);
  /// The Error of the exception being handled; the only place where database exceptions end.
  base::Error translate_exception() const noexcept;

  std::unique_ptr<State> state_;
};

} // namespace memsync::storage
