#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/vfs/volume.h"

namespace memsync::vfs {

/// What happens at one point of a run. A point is a write, truncation, sync, creation or removal of a file,
/// or a growth of the shared memory.
struct Fault {
  enum class Kind {
    io_error,  // the call fails with SQLITE_IOERR_*
    full,      // the call fails with SQLITE_FULL, or as SQLite meets ENOSPC there
    kill,      // the process dies; of a write it was in, the first bytes are written
    power_cut, // every process dies, and with them what Survival takes
  };
  Kind kind = Kind::io_error;
  std::uint64_t at = 1; // the how-manieth point from now on
  bool lasts = false;   // every later point fails too, until heal(); for io_error and full
};

class Process;

/// The disk of one machine, kept in memory, as SQLite VFSs: one per process that uses it. Files, locks and
/// the shared memory of WAL are common to the processes of a disk. Everything runs on one thread.
///
/// A call of a dead process fails with SQLITE_IOERR and does nothing: whatever its code still does on the
/// way to being destroyed is without effect. Its connections must be closed before other processes of the
/// disk go on.
class Disk {
 public:
  /// Content and names, synced or not.
  using Image = Volume;

  explicit Disk(std::uint64_t seed = 1);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  /// The fault strikes once; arming replaces what was armed.
  void arm(const Fault& fault);
  /// Nothing fails any more; the dead stay dead.
  void heal();
  bool is_armed() const { return is_armed_; }
  /// How many points were reached since the disk was made.
  std::uint64_t points() const { return points_; }
  /// How many of them failed or ended a process.
  std::uint64_t strikes() const { return strikes_; }

  /// All processes die; what was not synced is decided by power_on.
  void cut_power();
  bool has_power() const { return has_power_; }
  /// After a cut: what survived, by the seed (see Survival). No process may be left.
  void power_on(std::uint64_t seed);

  /// What is on the disk, and putting it there. No process may be alive when it is put back.
  const Image& image() const { return volume_; }
  void restore(const Image& image);

 private:
  friend class Process;
  friend struct Glue;

  /// Locks and shared memory of a file that is open.
  struct Sharing;
  struct OpenFile;
  enum class Verdict { proceed, io_error, full, dies };

  Verdict reach_point(Process& process);
  void kill(Process& process);
  std::shared_ptr<Sharing> sharing_of(Volume::FileId file);

  Volume volume_;
  base::SeededRandom random_;
  std::set<Process*> processes_;
  std::map<Volume::FileId, std::weak_ptr<Sharing>> sharing_;
  Fault fault_;
  bool is_armed_ = false;
  std::uint64_t points_ = 0, strikes_ = 0, fault_at_ = 0;
  bool has_power_ = true;
};

/// A process of the machine as SQLite sees it: the VFS of that name. To be destroyed after its connections.
class Process {
 public:
  explicit Process(Disk& disk);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  /// For OpenOptions::vfs.
  const std::string& vfs() const { return name_; }
  bool is_alive() const { return is_alive_; }
  /// SIGKILL: its locks are gone, what it wrote stays.
  void kill() { disk_.kill(*this); }

 private:
  friend class Disk;
  friend struct Glue;
  struct Registration;

  Disk& disk_;
  const std::string name_;
  bool is_alive_ = true;
  int last_error_ = 0; // errno of the last failure
  std::vector<std::unique_ptr<Disk::OpenFile>> files_;
  std::unique_ptr<Registration> registration_;
};

} // namespace memsync::vfs
