#include "replica/replica.h"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "replica/embedded.h"
#include "replica/search_index.h"
#include "storage/database_error.h"

namespace memsync::replica {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

/// What one slice of indexing may take under the writer lock, with its commit below 50 ms.
constexpr std::chrono::milliseconds k_index_budget{30};

/// A page of a catch-up changes pages all over the file, since ids are random. With the 2 MB of a reader they
/// were written to the WAL and read back within the one transaction: reading and writing took a quarter of
/// the processor time.
constexpr int k_writer_cache_kib = 16 * 1024;

/// "sql/replica/001_initial.sql" is version 1.
int version_of(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  int version = 0;
  std::from_chars(name.data(), name.data() + name.size(), version);
  return version;
}

std::vector<storage::Migration> migrations() {
  std::vector<storage::Migration> steps;
  for (const base::EmbeddedFile& file : embedded_files())
    steps.push_back({version_of(file.path), file.content});
  std::sort(steps.begin(), steps.end(),
            [](const storage::Migration& a, const storage::Migration& b) { return a.version < b.version; });
  return steps;
}

/// Makes the folder, and those above it, readable only by their owner. One that exists is left as it is:
/// it may be anybody's.
Result<> make_folder(const std::string& folder) {
  std::error_code failure;
  if (std::filesystem::is_directory(folder, failure)) return {};
  const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
  if (!parent.empty() && !std::filesystem::exists(parent, failure)) TRY(make_folder(parent.string()));
  if (::mkdir(folder.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  return storage::system_error("create folder", folder, errno);
}

} // namespace

Replica::Replica(std::unique_ptr<storage::Database> database, const ReplicaOptions& options,
                 base::Clock& clock, base::Random& random)
    : database_(std::move(database)),
      folder_(options.folder),
      wake_path_(options.vfs.empty() ? options.folder + "/wake" : std::string()),
      clock_(clock),
      random_(random) {}

Result<std::unique_ptr<Replica>> Replica::open(const ReplicaOptions& options, base::Clock& clock,
                                               base::Random& random) {
  const bool is_read_only = options.access == storage::Access::read_only;
  std::error_code ignored;
  if (is_read_only && !std::filesystem::is_directory(options.folder, ignored))
    return Error{ErrorCode::not_found, fmt::format("there is no memory in {}", options.folder)};
  if (!is_read_only) TRY(make_folder(options.folder));
  const std::vector<storage::Migration> steps = migrations();
  storage::OpenOptions open;
  open.path = options.folder + "/memory.db";
  open.migrations = steps;
  open.access = options.access;
  open.vfs = options.vfs;
  open.application_id = storage::k_replica_file;
  if (!is_read_only) open.cache_kib = k_writer_cache_kib;
  TRY_ASSIGN(auto database, storage::Database::open(open));
  auto replica = std::unique_ptr<Replica>(new Replica(std::move(database), options, clock, random));
  if (!is_read_only) TRY(replica->make_local_workspace());
  return replica;
}

Result<> Replica::make_local_workspace() {
  const auto is_there = [](storage::ReadTxn& txn) -> Result<bool> {
    return txn.prepare("SELECT 1 FROM workspace WHERE kind = 'local'").step();
  };
  TRY_ASSIGN(const bool exists, database_->read(is_there));
  if (exists) return {};
  return database_->write([&](storage::WriteTxn& txn) -> Result<> {
    TRY_ASSIGN(const bool made_meanwhile, is_there(txn));
    if (made_meanwhile) return {};
    txn.run("INSERT INTO store (one, clock, clock_offset, next_space, generation) VALUES (1, 0, 0, 2, 0)");
    txn.run(
        "INSERT INTO workspace (id, kind, name, role, strategy, space, replica, next_n, epoch, cursor, head, "
        "state) VALUES (?1, 'local', 'local', 'owner', 'merge', 1, ?2, 1, 0, 0, 0, 'live')",
        model::WorkspaceId::random(random_), model::ReplicaId::random(random_));
    return {};
  });
}

Result<> Replica::bind_project(std::string_view project_identity, const model::WorkspaceId& workspace) {
  auto done = database_->write([&](storage::WriteTxn& txn) -> Result<> {
    if (!Reader(txn, clock_.now()).find_workspace(workspace))
      return Error{ErrorCode::not_found,
                   fmt::format("there is no workspace {} on this machine", workspace.view())};
    txn.run("INSERT OR REPLACE INTO project (identity, workspace) VALUES (?1, ?2)", project_identity,
            workspace);
    return {};
  });
  if (done) after_commit();
  return done;
}

Result<> Replica::note_told(const WorkspaceRow& workspace, std::string_view project_identity,
                            const model::Cursor& cursor) {
  return database_->write([&](storage::WriteTxn& txn) -> Result<> {
    txn.run("INSERT OR REPLACE INTO told (workspace, project, epoch, cursor) VALUES (?1, ?2, ?3, ?4)",
            workspace.key.value, project_identity, cursor.epoch.value, cursor.sequence.value);
    return {};
  });
}

Result<> Replica::keep_answer(std::string_view call, std::string_view answer) {
  return database_->write([&](storage::WriteTxn& txn) -> Result<> {
    txn.run("UPDATE tool_call SET answer = ?2 WHERE key = ?1 AND answer = ''", call, answer);
    return {};
  });
}

Result<bool> Replica::index_some() {
  // Without the writer lock when there is nothing to do, which is nearly always.
  TRY_ASSIGN(const bool is_due, database_->read([](storage::ReadTxn& txn) -> Result<bool> {
    return txn
        .prepare("SELECT 1 FROM node WHERE indexed = 0 AND space IN (SELECT space FROM workspace) LIMIT 1")
        .step();
  }));
  if (!is_due) return false;
  auto left = database_->write(
      [&](storage::WriteTxn& txn) -> Result<bool> { return index_slice(txn, clock_, k_index_budget); });
  if (left) after_commit();
  return left;
}

Result<bool> Replica::has_unindexed_beyond(std::size_t count) {
  return database_->read([&](storage::ReadTxn& txn) -> Result<bool> {
    storage::Statement row = txn.prepare(
        "SELECT 1 FROM node WHERE indexed = 0 AND space IN (SELECT space FROM workspace) LIMIT 1 OFFSET ?1");
    row.bind_all(count);
    return row.step();
  });
}

void Replica::after_commit() {
  if (!wake_path_.empty()) {
    const int file = ::open(wake_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file >= 0) {
      // Without it the others notice within a second by themselves.
      if (::futimens(file, nullptr) != 0) base::log(base::LogLevel::debug, "cannot touch {}", wake_path_);
      ::close(file);
    }
  }
  if (auto done = database_->checkpoint(storage::CheckpointMode::passive); !done)
    base::log(base::LogLevel::debug, "no checkpoint: {}", done.error().message);
}

} // namespace memsync::replica
