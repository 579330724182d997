#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "replica/editor.h"
#include "replica/reader.h"
#include "storage/database.h"

namespace memsync::replica {

struct ReplicaOptions {
  std::string folder; // MEMSYNC_HOME; holds memory.db and its locks; made (0700) if missing
  storage::Access access = storage::Access::read_write;
  std::string vfs; // test file systems; empty: the system's
};

/// One connection to the machine's replica, used by one thread at a time. Any number of Replicas of one
/// folder may be open in any number of threads and processes.
class Replica {
 public:
  /// Opens, creates and migrates the store; makes the local workspace on first use.
  static base::Result<std::unique_ptr<Replica>> open(const ReplicaOptions& options, base::Clock& clock,
                                                     base::Random& random);

  /// Calls `f(Reader&)`, which returns a Result, in one read transaction.
  template <class F>
  auto read(F&& f) -> std::invoke_result_t<F, Reader&> {
    return database_->read([&](storage::ReadTxn& txn) {
      Reader reader(txn, clock_.now());
      return f(reader);
    });
  }

  /// Calls `f(Editor&)`, which returns a Result<T>, in one write transaction on one workspace. When this
  /// returns a value everything is on disk, and other processes of the store have been woken.
  template <class F>
  auto edit(const model::WorkspaceId& workspace, Editor::Context context, F&& f)
      -> std::invoke_result_t<F, Editor&> {
    auto result = database_->write([&](storage::WriteTxn& txn) -> std::invoke_result_t<F, Editor&> {
      Reader reader(txn, clock_.now());
      auto row = reader.find_workspace(workspace);
      if (!row)
        return base::Error{base::ErrorCode::not_found, "this machine has no such workspace: run a sync"};
      Editor editor(txn, clock_.now(), random_, *std::move(row), std::move(context));
      return f(editor);
    });
    if (result) after_commit();
    return result;
  }

  base::Result<> bind_project(std::string_view project_identity, const model::WorkspaceId& workspace);

  /// What happened in the workspace up to `cursor` has been told to who works on the project.
  base::Result<> note_told(const WorkspaceRow& workspace, std::string_view project_identity,
                           const model::Cursor& cursor);
  /// The answer of a recorded tool call (Editor::Context::call); no effect for one that wrote nothing.
  base::Result<> keep_answer(std::string_view call, std::string_view answer);

  /// Indexes up to one slice (at most 50 ms) of what a first sync left unindexed; false when none remain.
  base::Result<bool> index_some();
  /// Whether more nodes than that wait for index_some.
  base::Result<bool> has_unindexed_beyond(std::size_t count);

  /// Structure, row hashes and invariants of everything stored; one line per finding, none when all is
  /// well. Reads everything: about a second for 100,000 memories.
  base::Result<std::vector<std::string>> check();

  storage::Database& database() { return *database_; }
  base::Clock& clock() { return clock_; }
  base::Random& random() { return random_; }
  const std::string& folder() const { return folder_; }

  /// Touches the wake file that the other processes of the store watch, and checkpoints when due.
  void after_commit();

 private:
  Replica(std::unique_ptr<storage::Database> database, const ReplicaOptions& options, base::Clock& clock,
          base::Random& random);
  base::Result<> make_local_workspace();

  std::unique_ptr<storage::Database> database_;
  std::string folder_;
  std::string wake_path_; // empty on a test file system: nobody watches a real file then
  base::Clock& clock_;
  base::Random& random_;
};

} // namespace memsync::replica
