// SQLite's VFS interface (sqlite.org/c3ref/vfs.html and io_methods.html) on top of Disk.

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/vfs/sharing.h"

namespace memsync::vfs {

struct Glue {
  using Verdict = Disk::Verdict;
  using OpenFile = Disk::OpenFile;

  /// What SQLite allocates for an open file.
  struct SqliteFile {
    sqlite3_file base;
    OpenFile* open;
  };

  static OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<SqliteFile*>(file)->open; }
  static Process& of(sqlite3_vfs* vfs) { return *static_cast<Process*>(vfs->pAppData); }
  static Disk& disk_of(OpenFile& file) { return file.process.disk_; }
  static StoredFile& content_of(OpenFile& file) { return disk_of(file).volume_.file(file.file); }
  static bool is_dead(OpenFile& file) { return !file.process.is_alive_; }

  static int fail(Process& process, int error_number, int result) {
    process.last_error_ = error_number;
    return result;
  }
  /// A write that fails or is interrupted may have written its first bytes.
  static void write_start(OpenFile& file, std::uint64_t offset, std::string_view bytes) {
    const std::size_t count = disk_of(file).random_.below(bytes.size() + 1);
    if (count > 0) content_of(file).write(offset, bytes.substr(0, count));
  }

  // --- files ---

  static int close(sqlite3_file* handle) {
    OpenFile& file = of(handle);
    file.sharing->unmap(file);
    file.sharing->unlock(file, SQLITE_LOCK_NONE);
    if (file.is_temporary) disk_of(file).volume_.remove(file.name);
    std::erase_if(file.process.files_, [&](const auto& each) { return each.get() == &file; });
    return SQLITE_OK;
  }

  static int read(sqlite3_file* handle, void* to, int count, sqlite3_int64 offset) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_READ;
    const std::span<char> bytes(static_cast<char*>(to), static_cast<std::size_t>(count));
    const std::size_t found = content_of(file).read(static_cast<std::uint64_t>(offset), bytes);
    if (found == bytes.size()) return SQLITE_OK;
    std::memset(bytes.data() + found, 0, bytes.size() - found);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* handle, const void* from, int count, sqlite3_int64 at) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_WRITE;
    const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(count));
    const auto offset = static_cast<std::uint64_t>(at);
    switch (disk_of(file).reach_point(file.process)) {
      case Verdict::proceed: content_of(file).write(offset, bytes); return SQLITE_OK;
      case Verdict::io_error:
        write_start(file, offset, bytes);
        return fail(file.process, EIO, SQLITE_IOERR_WRITE);
      case Verdict::full: write_start(file, offset, bytes); return fail(file.process, ENOSPC, SQLITE_FULL);
      case Verdict::dies: break;
    }
    if (disk_of(file).has_power()) {
      write_start(file, offset, bytes);
    } else {
      content_of(file).write(offset, bytes); // whether it survives, or is torn, power_on decides
    }
    return fail(file.process, EIO, SQLITE_IOERR_WRITE);
  }

  static int truncate(sqlite3_file* handle, sqlite3_int64 size) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_TRUNCATE;
    switch (disk_of(file).reach_point(file.process)) {
      case Verdict::proceed: content_of(file).truncate(static_cast<std::uint64_t>(size)); return SQLITE_OK;
      case Verdict::full: return fail(file.process, ENOSPC, SQLITE_IOERR_TRUNCATE);
      case Verdict::io_error: break;
      case Verdict::dies:
        if (!disk_of(file).has_power()) content_of(file).truncate(static_cast<std::uint64_t>(size));
        break;
    }
    return fail(file.process, EIO, SQLITE_IOERR_TRUNCATE);
  }

  static int sync(sqlite3_file* handle, int) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_FSYNC;
    Disk& disk = disk_of(file);
    switch (disk.reach_point(file.process)) {
      case Verdict::proceed: break;
      case Verdict::full: return fail(file.process, ENOSPC, SQLITE_IOERR_FSYNC);
      case Verdict::io_error:
        if (disk.random_.below(2) == 0) content_of(file).forget_unsynced();
        return fail(file.process, EIO, SQLITE_IOERR_FSYNC);
      case Verdict::dies: return fail(file.process, EIO, SQLITE_IOERR_FSYNC);
    }
    content_of(file).sync();
    if (std::exchange(file.syncs_names, false)) disk.volume_.sync_names();
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* handle, sqlite3_int64* size) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(content_of(file).size());
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* handle, int level) {
    OpenFile& file = of(handle);
    return is_dead(file) ? SQLITE_IOERR_LOCK : file.sharing->lock(file, level);
  }

  static int unlock(sqlite3_file* handle, int level) {
    OpenFile& file = of(handle);
    if (!is_dead(file)) file.sharing->unlock(file, level);
    return SQLITE_OK;
  }

  static int check_reserved(sqlite3_file* handle, int* is_reserved) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *is_reserved = file.sharing->is_reserved() ? 1 : 0;
    return SQLITE_OK;
  }

  static int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  // As the system's VFS: a write never changes bytes beside it, not even when the power fails.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  // --- shared memory ---

  static int map(sqlite3_file* handle, int region, int bytes, int extend, void volatile** memory) {
    OpenFile& file = of(handle);
    *memory = nullptr;
    if (is_dead(file)) return SQLITE_IOERR_SHMMAP;
    const auto index = static_cast<std::size_t>(region);
    if (extend != 0 && !file.sharing->has_region(index)) {
      switch (disk_of(file).reach_point(file.process)) {
        case Verdict::proceed: break;
        case Verdict::full: return fail(file.process, ENOSPC, SQLITE_IOERR_SHMSIZE);
        case Verdict::io_error:
        case Verdict::dies: return fail(file.process, EIO, SQLITE_IOERR_SHMSIZE);
      }
    }
    *memory = file.sharing->map(file, index, static_cast<std::size_t>(bytes), extend != 0);
    return SQLITE_OK;
  }

  static int lock_memory(sqlite3_file* handle, int first, int count, int flags) {
    OpenFile& file = of(handle);
    if (is_dead(file)) return SQLITE_IOERR_SHMLOCK;
    const unsigned mask = ((1u << static_cast<unsigned>(count)) - 1) << static_cast<unsigned>(first);
    if ((flags & SQLITE_SHM_LOCK) != 0)
      return file.sharing->lock_slots(file, mask, (flags & SQLITE_SHM_EXCLUSIVE) != 0);
    file.sharing->unlock_slots(file, mask);
    return SQLITE_OK;
  }

  static void barrier(sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); }

  static int unmap(sqlite3_file* handle, int) {
    of(handle).sharing->unmap(of(handle));
    return SQLITE_OK;
  }

  // --- the file system ---

  static const sqlite3_io_methods k_methods;

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
    Process& process = of(vfs);
    Disk& disk = process.disk_;
    handle->pMethods = nullptr;
    if (!process.is_alive_) return SQLITE_CANTOPEN;
    const std::string path = name ? name : "(temporary " + std::to_string(disk.points_) + ")";
    Volume::FileId file = disk.volume_.find(path);
    const bool may_create = (flags & SQLITE_OPEN_CREATE) != 0;
    if (file == 0) {
      if (!may_create) return fail(process, ENOENT, SQLITE_CANTOPEN);
      const Verdict verdict = disk.reach_point(process);
      if (verdict == Verdict::proceed || !disk.has_power()) file = disk.volume_.create(path);
      if (verdict == Verdict::full) return fail(process, ENOSPC, SQLITE_CANTOPEN);
      if (verdict != Verdict::proceed) return fail(process, EIO, SQLITE_CANTOPEN);
    }
    auto open =
        std::make_unique<OpenFile>(OpenFile{.process = process,
                                            .file = file,
                                            .sharing = disk.sharing_of(file),
                                            .name = path,
                                            .is_temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0});
    open->syncs_names = may_create && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    reinterpret_cast<SqliteFile*>(handle)->open = open.get();
    process.files_.push_back(std::move(open));
    handle->pMethods = &k_methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    Process& process = of(vfs);
    Disk& disk = process.disk_;
    if (!process.is_alive_) return SQLITE_IOERR_DELETE;
    if (disk.volume_.find(name) == 0) return fail(process, ENOENT, SQLITE_IOERR_DELETE_NOENT);
    const Verdict verdict = disk.reach_point(process);
    // A full disk does not keep anybody from removing a file.
    const bool is_removed = verdict == Verdict::proceed || verdict == Verdict::full || !disk.has_power();
    if (is_removed) disk.volume_.remove(name);
    if (verdict == Verdict::io_error || verdict == Verdict::dies)
      return fail(process, EIO, SQLITE_IOERR_DELETE);
    if (sync_folder != 0) disk.volume_.sync_names();
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int, int* result) {
    Process& process = of(vfs);
    if (!process.is_alive_) return SQLITE_IOERR_ACCESS;
    const Volume::FileId file = process.disk_.volume_.find(name);
    // An empty journal counts as none, as for the system's VFS.
    *result = file != 0 && process.disk_.volume_.file(file).size() > 0 ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* name, int capacity, char* out) {
    sqlite3_snprintf(capacity, out, "%s", name);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* vfs, int count, char* bytes) {
    of(vfs).disk_.random_.fill({reinterpret_cast<std::uint8_t*>(bytes), static_cast<std::size_t>(count)});
    return count;
  }
  static int pause(sqlite3_vfs*, int microseconds) { return microseconds; } // nobody else runs meanwhile
  static int current_time(sqlite3_vfs*, sqlite3_int64* time) {
    *time = 212'000'000'000'000; // 2006; no statement of memsync asks for it
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs* vfs, int, char*) { return of(vfs).last_error_; }
};

const sqlite3_io_methods Glue::k_methods = {
    .iVersion = 2,
    .xClose = &Glue::close,
    .xRead = &Glue::read,
    .xWrite = &Glue::write,
    .xTruncate = &Glue::truncate,
    .xSync = &Glue::sync,
    .xFileSize = &Glue::file_size,
    .xLock = &Glue::lock,
    .xUnlock = &Glue::unlock,
    .xCheckReservedLock = &Glue::check_reserved,
    .xFileControl = &Glue::file_control,
    .xSectorSize = &Glue::sector_size,
    .xDeviceCharacteristics = &Glue::characteristics,
    .xShmMap = &Glue::map,
    .xShmLock = &Glue::lock_memory,
    .xShmBarrier = &Glue::barrier,
    .xShmUnmap = &Glue::unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

struct Process::Registration {
  explicit Registration(Process& process) {
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(Glue::SqliteFile);
    vfs.mxPathname = 1024;
    vfs.zName = process.name_.c_str();
    vfs.pAppData = &process;
    vfs.xOpen = &Glue::open;
    vfs.xDelete = &Glue::remove;
    vfs.xAccess = &Glue::access;
    vfs.xFullPathname = &Glue::full_path;
    vfs.xRandomness = &Glue::randomness;
    vfs.xSleep = &Glue::pause;
    vfs.xGetLastError = &Glue::last_error;
    vfs.xCurrentTimeInt64 = &Glue::current_time;
    sqlite3_vfs_register(&vfs, 0);
  }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { sqlite3_vfs_unregister(&vfs); }

  sqlite3_vfs vfs{};
};

namespace {

std::string next_name() {
  static std::atomic<std::uint64_t> given{0};
  return "memory-disk-" + std::to_string(++given);
}

} // namespace

Process::Process(Disk& disk) : disk_(disk), name_(next_name()), is_alive_(disk.has_power()) {
  disk_.processes_.insert(this);
  registration_ = std::make_unique<Registration>(*this);
}

Process::~Process() { disk_.processes_.erase(this); }

} // namespace memsync::vfs
