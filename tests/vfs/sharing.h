#pragma once

#include <array>
#include <set>
#include <sqlite3.h>

#include "tests/vfs/disk.h"

namespace memsync::vfs {

/// A file as one connection has it open.
struct Disk::OpenFile {
  Process& process;
  Volume::FileId file = 0;
  std::shared_ptr<Sharing> sharing;
  std::string name;
  bool is_temporary = false;
  bool syncs_names = false; // its first sync makes its name durable, as SQLite asks for journals and WALs
  int level = SQLITE_LOCK_NONE;
  bool has_memory = false;
  unsigned shared_slots = 0, exclusive_slots = 0; // bit masks of the locks on the shared memory
};

/// Locks and shared memory of one file, in SQLite's terms (see "File Locking And Concurrency" and the
/// locking part of "WAL-mode File Format").
struct Disk::Sharing {
  int lock(OpenFile& file, int level);
  void unlock(OpenFile& file, int level);
  bool is_reserved() const { return reserved_ != nullptr; }

  /// Null when the region is not there and `extend` is not set.
  char* map(OpenFile& file, std::size_t region, std::size_t bytes, bool extend);
  bool has_region(std::size_t region) const { return region < regions_.size(); }
  int lock_slots(OpenFile& file, unsigned mask, bool is_exclusive);
  void unlock_slots(OpenFile& file, unsigned mask);
  void unmap(OpenFile& file);

  /// Takes everything from a file of a process that dies.
  void abandon(OpenFile& file);
  bool has_living_users() const;

 private:
  std::vector<std::string> copy_of_memory() const;

  int shared_ = 0;
  OpenFile* reserved_ = nullptr;
  OpenFile* exclusive_ = nullptr; // pending or exclusive
  std::array<int, SQLITE_SHM_NLOCK> shared_slots_{};
  std::array<OpenFile*, SQLITE_SHM_NLOCK> exclusive_slots_{};
  std::vector<std::unique_ptr<char[]>> regions_;
  std::size_t region_bytes_ = 0;
  std::set<OpenFile*> users_; // of the memory
  /// The memory when a process died that others outlive: SQLite still tidies it up for the dead.
  std::vector<std::string> at_death_;
};

} // namespace memsync::vfs
