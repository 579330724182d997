#include "storage/database.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <sqlite3.h>

#include "storage/connection.h"
#include "storage/database_error.h"
#include "storage/private_file.h"
#include "storage/schema.h"
#include "storage/writer_lock.h"

namespace memsync::storage {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::int64_t k_frame_bytes = 4096 + 24; // a page and its header in the WAL
/// Below it a checkpoint (two fsyncs) costs more than it saves; readers search a WAL of this size fast.
constexpr std::int64_t k_large_wal_bytes = std::int64_t{4} << 20;
/// Above it passive checkpoints evidently never find the moment without readers: wait for one, and again
/// whenever the WAL grew by a quarter of this.
constexpr std::int64_t k_overdue_wal_bytes = std::int64_t{64} << 20;
/// A reader that never ended once grew the WAL to 423 MB; the disk is worth more than that reader.
constexpr std::int64_t k_max_wal_bytes = std::int64_t{256} << 20;
constexpr std::chrono::milliseconds k_reader_limit{1000};

} // namespace

struct Database::State {
  OpenOptions options;
  std::unique_ptr<FileLock> lock;
  Connection connection;
  std::optional<FileLock::Guard> held; // while a write transaction runs
  bool in_transaction = false;
  std::int64_t wal_bytes = 0; // of all processes, as of this connection's last commit or checkpoint
  std::int64_t overdue_above = k_overdue_wal_bytes;
  bool has_doubts = false; // see settle_doubts
  int schema = 0;          // the newest that this program knows

  FileLock::Guard lock_writer() const {
    auto guard = lock->lock_until(std::chrono::steady_clock::now() + options.busy_limit);
    if (!guard) throw DatabaseError(std::move(guard).error());
    return *std::move(guard);
  }

  void run(std::string_view sql) {
    const auto prepared = connection.prepare(sql);
    errno = 0; // so that a failure is not taken for an earlier one (database_error.cpp)
    const int stepped = sqlite3_step(prepared.handle);
    const int result = sqlite3_reset(prepared.handle);
    prepared.cached->in_use = false;
    if (stepped != SQLITE_DONE && stepped != SQLITE_ROW) throw_sqlite_error(connection.handle(), result);
  }

  void begin(std::string_view sql) {
    if (in_transaction)
      throw DatabaseError(
          {ErrorCode::internal, "a transaction was begun inside a transaction; use the outer one"});
    run(sql);
    in_transaction = true;
  }

  std::int64_t query_number(std::string_view sql) {
    const auto prepared = connection.prepare(sql);
    const int stepped = sqlite3_step(prepared.handle);
    const std::int64_t number = sqlite3_column_int64(prepared.handle, 0);
    const int result = sqlite3_reset(prepared.handle);
    prepared.cached->in_use = false;
    if (stepped != SQLITE_ROW) throw_sqlite_error(connection.handle(), result);
    return number;
  }

  /// Inside a write transaction. Opening looks at that as well, but a process that runs on while a newer
  /// program is installed and started has opened the store long ago, and would write what the newer one no
  /// longer reads. SQLite has the page that tells it at hand: less than 1 us.
  void refuse_newer_schema() {
    const std::int64_t found = query_number("PRAGMA user_version");
    if (found <= schema) return;
    throw DatabaseError({ErrorCode::internal,
                         fmt::format("{} was upgraded by a newer memsync meanwhile (schema {}, this program "
                                     "knows {}): restart this agent or hub; nothing was changed",
                                     options.path, found, schema)});
  }

  /// After a failure SQLite may have rolled back by itself.
  void end_transaction() noexcept {
    in_transaction = false;
    if (sqlite3_get_autocommit(connection.handle()) == 0)
      sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }

  /// One checkpoint; the caller holds the writer lock. False when readers kept it from finishing.
  bool checkpoint(int mode) {
    int in_wal = 0;
    int copied = 0;
    connection.set_busy_limit(k_reader_limit);
    const int result = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, mode, &in_wal, &copied);
    connection.set_busy_limit(options.busy_limit);
    const bool is_blocked = (result & 0xff) == SQLITE_BUSY;
    if (result != SQLITE_OK && !is_blocked) throw_sqlite_error(connection.handle(), result);
    const bool is_complete = !is_blocked && in_wal == copied;
    if (is_complete) wal_bytes = 0; // the next commit starts the WAL again
    overdue_above = std::max(k_overdue_wal_bytes, wal_bytes + k_overdue_wal_bytes / 4);
    return is_complete;
  }

  /// A commit that failed may have left its frames in the WAL, where only the system's memory has them: when
  /// a sync fails, Linux takes what was to be written for clean, and no later sync writes it. The next
  /// process to open the file without others would find them, go on behind them, and lose what it commits
  /// with the power. So whoever opens it after a failure moves everything into the database file first,
  /// which is written and synced anew. Nothing is written before that is done, but read: a disk without the
  /// room for it is no reason to read nothing. What was refused is not among that, see cut_refused.
  void settle_doubts() {
    has_doubts = lock->has_note();
    if (!has_doubts) return;
    if (!checkpoint(SQLITE_CHECKPOINT_TRUNCATE))
      throw DatabaseError({ErrorCode::busy, fmt::format("{}: a reader keeps what an earlier failure left "
                                                        "from being put in order; nothing was changed; try "
                                                        "again",
                                                        options.path)});
    lock->take_back_note();
    has_doubts = false;
  }

  /// For open, whose caller may only want to read. Damage is nothing to read on with.
  void try_to_settle_doubts() {
    try {
      settle_doubts();
    } catch (const DatabaseError& failure) {
      if (failure.error().code == ErrorCode::corrupt) throw;
    }
  }

  /// Cuts off the WAL what a failed commit wrote behind the last one that succeeded, which needs no space.
  /// Whoever opens the file without others reads as committed all that is whole in there: so would a commit
  /// be of which only the sync failed, and which its author was told is refused. Best effort, by a holder of
  /// the writer lock. SQLite tells the number of frames to nobody who does not checkpoint: it is read from
  /// the index of the WAL (sqlite.org/walformat.html, 2.1), which is right while somebody has the file open.
  void cut_refused() noexcept {
    constexpr std::uint32_t k_index_version = 3'007'000;
    constexpr std::int64_t k_wal_header_bytes = 32;
    sqlite3_file* file = nullptr;
    sqlite3_file* wal = nullptr;
    sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (!file || !file->pMethods || !wal || !wal->pMethods) return;
    void volatile* index = nullptr;
    if (file->pMethods->xShmMap(file, 0, 32 << 10, 0, &index) != SQLITE_OK || !index) return;
    const auto* const words = static_cast<const volatile std::uint32_t*>(index);
    const std::int64_t frames = words[4];
    const auto page_bytes = static_cast<const volatile std::uint16_t*>(index)[7];
    if (words[0] != k_index_version || page_bytes + 24 != k_frame_bytes) return;
    const std::int64_t end = frames == 0 ? 0 : k_wal_header_bytes + frames * k_frame_bytes;
    sqlite3_int64 size = 0;
    if (wal->pMethods->xFileSize(wal, &size) != SQLITE_OK || size <= end) return;
    if (wal->pMethods->xTruncate(wal, end) == SQLITE_OK) wal->pMethods->xSync(wal, SQLITE_SYNC_FULL);
  }

  static int on_commit(void* state, sqlite3*, const char*, int frames) {
    static_cast<State*>(state)->wal_bytes = frames * k_frame_bytes;
    return SQLITE_OK;
  }
};

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const OpenOptions& options) {
  try {
    auto state = std::make_unique<State>();
    state->options = options;
    state->options.migrations = {}; // the caller's array need not live on
    if (!options.migrations.empty()) state->schema = options.migrations.back().version;
    TRY_ASSIGN(state->lock,
               FileLock::open(options.lock_path.empty() ? options.path + ".lock" : options.lock_path));
    const FileLock::Guard guard = state->lock_writer();
    try {
      state->connection.open(options);
      prepare_schema(state->connection, options);
      if (options.access == Access::read_write) state->try_to_settle_doubts();
    } catch (const DatabaseError&) {
      state->lock->leave_note();
      throw;
    }
    sqlite3_wal_hook(state->connection.handle(), &State::on_commit, state.get());
    return std::unique_ptr<Database>(new Database(std::move(state)));
  } catch (...) {
    return error_of_current_exception(options.path);
  }
}

Statement ReadTxn::prepare(std::string_view sql) {
  const auto prepared = database_.state_->connection.prepare(sql);
  Statement statement(prepared.handle, prepared.cached);
  if (access_ == Access::read_only && sqlite3_stmt_readonly(prepared.handle) == 0)
    throw DatabaseError({ErrorCode::internal, fmt::format("a read transaction prepared a write: {}", sql)});
  return statement;
}

std::int64_t WriteTxn::changes() const { return sqlite3_changes64(database_.state_->connection.handle()); }

std::int64_t WriteTxn::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(database_.state_->connection.handle());
}

Database::ReadScope::ReadScope(Database& database) : database_(database) { database_.state_->begin("BEGIN"); }

Database::ReadScope::~ReadScope() {
  try {
    database_.state_->run("COMMIT");
  } catch (...) { // nothing was written; end_transaction leaves the connection usable
  }
  database_.state_->end_transaction();
}

Database::WriteScope::WriteScope(Database& database) : database_(database) {
  State& state = *database_.state_;
  FileLock::Guard guard = state.lock_writer();
  if (state.has_doubts) state.settle_doubts();
  if (state.wal_bytes > k_max_wal_bytes && !state.checkpoint(SQLITE_CHECKPOINT_TRUNCATE))
    throw DatabaseError({ErrorCode::busy,
                         fmt::format("{}: a process has been reading for so long that {} MB of changes wait; "
                                     "stop it and try again; nothing was changed",
                                     state.options.path, state.wal_bytes >> 20)});
  state.begin("BEGIN IMMEDIATE");
  try {
    state.refuse_newer_schema();
  } catch (...) {
    state.end_transaction();
    throw;
  }
  state.held.emplace(std::move(guard));
}

void Database::WriteScope::commit() {
  try {
    database_.state_->run("COMMIT");
  } catch (const DatabaseError&) {
    database_.state_->end_transaction();
    database_.state_->cut_refused();
    database_.state_->lock->leave_note(); // see settle_doubts
    throw;
  }
}

Database::WriteScope::~WriteScope() {
  database_.state_->end_transaction();
  database_.state_->held.reset();
}

Error Database::translate_exception() const noexcept {
  return error_of_current_exception(state_->options.path);
}

Result<std::int64_t> Database::data_version() {
  try {
    return state_->query_number("PRAGMA data_version");
  } catch (...) {
    return translate_exception();
  }
}

Result<bool> Database::checkpoint(CheckpointMode mode) {
  try {
    const bool is_passive = mode == CheckpointMode::passive;
    if (is_passive && state_->wal_bytes < k_large_wal_bytes) return false;
    const FileLock::Guard guard = state_->lock_writer();
    if (is_passive && state_->wal_bytes < state_->overdue_above) {
      state_->checkpoint(SQLITE_CHECKPOINT_PASSIVE);
      return true;
    }
    if (state_->checkpoint(SQLITE_CHECKPOINT_TRUNCATE) || is_passive) return true;
    return Error{ErrorCode::busy,
                 state_->options.path + ": a reader keeps the WAL from being emptied; try again"};
  } catch (...) {
    return translate_exception();
  }
}

Result<> Database::backup_to(const std::string& path) {
  try {
    // VACUUM INTO neither syncs nor replaces: written beside and renamed, the copy is whole or absent.
    const std::string partial = path + ".partial";
    if (std::filesystem::exists(path))
      return Error{ErrorCode::validation, path + " exists; choose another path for the backup"};
    std::filesystem::remove(partial); // left by a backup that was interrupted
    TRY(create_private_file(partial));
    const auto prepared = state_->connection.prepare("VACUUM INTO ?1");
    Statement(prepared.handle, prepared.cached).bind_all(partial).run();
    TRY(publish_file(partial, path));
    return {};
  } catch (...) {
    return translate_exception();
  }
}

Result<> Database::quick_check() {
  return read([&](ReadTxn& txn) -> Result<> {
    Statement check = txn.prepare("PRAGMA quick_check(1)");
    if (check.step() && check.column_text(0) == "ok") return {};
    return Error{ErrorCode::corrupt,
                 fmt::format("{} is damaged: {}; stop using it, keep a copy and restore a backup",
                             state_->options.path, check.column_text(0))};
  });
}

void Database::release_memory() { sqlite3_db_release_memory(state_->connection.handle()); }

void Database::interrupt() { sqlite3_interrupt(state_->connection.handle()); }

const std::string& Database::path() const { return state_->options.path; }

} // namespace memsync::storage
