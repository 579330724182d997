#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace memsync::vfs {

/// What becomes of writes that were never synced when the power fails.
class Survival {
 public:
  /// Seed 0: nothing unsynced survives. Seed 1: all of it. Any other seed: a subset, where each write may
  /// also be torn (some of its 512-byte sectors, or its first bytes) or leave only its length behind.
  explicit Survival(std::uint64_t seed) : seed_(seed), random_(seed) {}

  bool keeps_name() { return seed_ == 1 || (seed_ != 0 && random_.below(2) == 0); }
  bool keeps_truncation() { return keeps_name(); }
  /// Applies what survives of one write to the content.
  void write(std::string& content, std::uint64_t offset, std::string_view bytes);

 private:
  void write_torn(std::string& content, std::uint64_t offset, std::string_view bytes);

  std::uint64_t seed_;
  base::SeededRandom random_;
};

/// The content of one file: what can be read, what is durable, and the writes in between, in order.
class StoredFile {
 public:
  std::uint64_t size() const { return current_.size(); }
  /// How many bytes there were to read.
  std::size_t read(std::uint64_t offset, std::span<char> bytes) const;
  void write(std::uint64_t offset, std::string_view bytes);
  void truncate(std::uint64_t size);
  /// Everything written so far is durable.
  void sync();
  /// What a sync that failed may do: the unsynced writes can still be read, but no later sync makes them
  /// durable, since the system thinks they are clean.
  void forget_unsynced() { unsynced_.clear(); }
  bool has_unsynced() const { return !unsynced_.empty(); }
  void lose_power(Survival& survival);

 private:
  struct Change {
    bool is_truncation = false;
    std::uint64_t offset = 0; // the new size of a truncation
    std::string bytes;
  };
  std::string current_, durable_;
  std::vector<Change> unsynced_;
};

/// Files and their names. A name is durable once its folder was synced after it was made or removed; one
/// folder holds all names. Copying a Volume copies every file: a copy is an image of the disk.
class Volume {
 public:
  using FileId = std::uint64_t;

  /// 0 for a name that is not there.
  FileId find(const std::string& name) const;
  FileId create(const std::string& name);
  void remove(const std::string& name);
  void sync_names();
  StoredFile& file(FileId id) { return files_.at(id); }
  void lose_power(Survival& survival);

 private:
  struct NameChange {
    std::string name;
    FileId file = 0; // 0: removed
  };
  static void apply(std::map<std::string, FileId>& names, const NameChange& change);

  std::map<FileId, StoredFile> files_;
  std::map<std::string, FileId> names_, durable_names_;
  std::vector<NameChange> unsynced_;
  FileId last_id_ = 0;
};

} // namespace memsync::vfs
