#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "hub/store.h"

namespace memsync::hub {

struct SqliteStoreOptions {
  std::string path;      // the database file; its folder must exist
  std::string vfs;       // of SQLite; empty: the system's
  std::string lock_path; // the writer lock; empty: path + ".lock"
  std::size_t readers = 4;
  std::chrono::milliseconds busy_limit{10'000};
};

/// One SQLite file in WAL mode with synchronous=FULL. Several processes may use it side by side: each
/// write holds the writer lock.
class SqliteStore {
 public:
  /// Opens, creates and migrates. `random` gives a new database its epoch.
  /// Fails with `busy`, `storage_full`, `corrupt`, or `internal` for a file of another or a newer program.
  static base::Result<std::unique_ptr<HubStore>> open(SqliteStoreOptions options, base::Random& random);
};

} // namespace memsync::hub
