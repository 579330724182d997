#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "storage/database.h"
#include "tests/unit/temporary_folder.h"

namespace memsync::storage {

using tests::TemporaryFolder;

inline constexpr Migration k_migrations[] = {
    {1,
     "CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL); CREATE TABLE step(version INTEGER);"
     "INSERT INTO step VALUES(1);"},
    {2,
     "CREATE TABLE tag(note INTEGER NOT NULL REFERENCES note(id), name TEXT NOT NULL);"
     "INSERT INTO step VALUES(2);"},
};

inline OpenOptions options_for(const std::string& path) {
  OpenOptions options;
  options.path = path;
  options.migrations = k_migrations;
  return options;
}

/// Opens or ends the test program.
inline std::unique_ptr<Database> open_database(const OpenOptions& options) {
  auto opened = Database::open(options);
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    std::abort();
  }
  return *std::move(opened);
}

inline base::Result<> add_note(Database& database, std::string_view text) {
  return database.write([&](WriteTxn& txn) -> base::Result<> {
    txn.run("INSERT INTO note(text) VALUES(?1)", text);
    return {};
  });
}

inline std::int64_t query_number(Database& database, std::string_view sql) {
  const auto number = database.read([&](ReadTxn& txn) -> base::Result<std::int64_t> {
    Statement statement = txn.prepare(sql);
    return statement.step() ? statement.column_int64(0) : -1;
  });
  return number ? *number : -2;
}

inline std::int64_t count_notes(Database& database) {
  return query_number(database, "SELECT count(*) FROM note");
}

/// A database file with the table of notes, open.
struct NoteStore {
  TemporaryFolder folder;
  std::string path = folder.file("notes.db");
  std::unique_ptr<Database> database = open_database(options_for(path));
};

/// Runs `work(index)` in `count` forked processes at once; the number that did not return true. No Database
/// of the files they use may be open here: SQLite's locks do not survive a fork.
inline int run_processes(int count, const std::function<bool(int)>& work) {
  std::vector<pid_t> children;
  int start[2];
  if (pipe(start) != 0) std::abort();
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(start[1]);
      char byte = 0;
      while (read(start[0], &byte, 1) > 0) {
      }
      _exit(work(i) ? 0 : 1); // no destructors of the test program
    }
    children.push_back(child);
  }
  close(start[0]);
  close(start[1]); // all of them start now
  int failures = 0;
  for (const pid_t child : children) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0) ++failures;
  }
  return failures;
}

} // namespace memsync::storage
