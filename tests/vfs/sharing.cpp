#include "tests/vfs/sharing.h"

#include <algorithm>
#include <cstring>

namespace memsync::vfs {

int Disk::Sharing::lock(OpenFile& file, int level) {
  if (file.level >= level) return SQLITE_OK;
  if (level == SQLITE_LOCK_SHARED) {
    if (exclusive_) return SQLITE_BUSY;
    ++shared_;
  } else {
    if (reserved_ && reserved_ != &file) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE) {
      if (exclusive_ && exclusive_ != &file) return SQLITE_BUSY;
      exclusive_ = &file; // keeps new readers out while the old ones leave
      file.level = SQLITE_LOCK_PENDING;
      if (shared_ > 1) return SQLITE_BUSY;
    }
    reserved_ = &file;
  }
  file.level = level;
  return SQLITE_OK;
}

void Disk::Sharing::unlock(OpenFile& file, int level) {
  if (file.level <= level) return;
  if (reserved_ == &file) reserved_ = nullptr;
  if (exclusive_ == &file) exclusive_ = nullptr;
  if (level == SQLITE_LOCK_NONE) --shared_;
  file.level = level;
}

char* Disk::Sharing::map(OpenFile& file, std::size_t region, std::size_t bytes, bool extend) {
  // The first to come finds it empty: whatever an earlier crash left is not trusted.
  if (users_.empty()) regions_.clear();
  users_.insert(&file);
  file.has_memory = true;
  region_bytes_ = bytes;
  if (!has_region(region) && !extend) return nullptr;
  while (!has_region(region)) regions_.push_back(std::make_unique<char[]>(bytes));
  return regions_[region].get();
}

int Disk::Sharing::lock_slots(OpenFile& file, unsigned mask, bool is_exclusive) {
  for (unsigned slot = 0; slot < SQLITE_SHM_NLOCK; ++slot) {
    const unsigned bit = 1u << slot;
    if ((mask & bit) == 0) continue;
    if (exclusive_slots_[slot] && exclusive_slots_[slot] != &file) return SQLITE_BUSY;
    const int others = shared_slots_[slot] - ((file.shared_slots & bit) != 0 ? 1 : 0);
    if (is_exclusive && others > 0) return SQLITE_BUSY;
  }
  for (unsigned slot = 0; slot < SQLITE_SHM_NLOCK; ++slot) {
    const unsigned bit = 1u << slot;
    if ((mask & bit) == 0) continue;
    if (is_exclusive) {
      exclusive_slots_[slot] = &file;
      file.exclusive_slots |= bit;
    } else if ((file.shared_slots & bit) == 0) {
      ++shared_slots_[slot];
      file.shared_slots |= bit;
    }
  }
  return SQLITE_OK;
}

void Disk::Sharing::unlock_slots(OpenFile& file, unsigned mask) {
  for (unsigned slot = 0; slot < SQLITE_SHM_NLOCK; ++slot) {
    const unsigned bit = 1u << slot;
    if ((mask & bit) == 0) continue;
    if (exclusive_slots_[slot] == &file) exclusive_slots_[slot] = nullptr;
    if ((file.shared_slots & bit) != 0) --shared_slots_[slot];
    file.shared_slots &= ~bit;
    file.exclusive_slots &= ~bit;
  }
}

void Disk::Sharing::unmap(OpenFile& file) {
  if (!file.has_memory) return;
  file.has_memory = false;
  unlock_slots(file, ~0u);
  users_.erase(&file);
  if (at_death_.empty()) return;
  for (std::size_t i = 0; i < at_death_.size(); ++i)
    std::memcpy(regions_[i].get(), at_death_[i].data(), region_bytes_);
  const bool has_dead_users =
      std::any_of(users_.begin(), users_.end(), [](OpenFile* user) { return !user->process.is_alive(); });
  if (!has_dead_users) at_death_.clear();
}

void Disk::Sharing::abandon(OpenFile& file) {
  unlock(file, SQLITE_LOCK_NONE);
  unlock_slots(file, ~0u);
  if (file.has_memory && has_living_users()) at_death_ = copy_of_memory();
}

bool Disk::Sharing::has_living_users() const {
  return std::any_of(users_.begin(), users_.end(), [](OpenFile* user) { return user->process.is_alive(); });
}

std::vector<std::string> Disk::Sharing::copy_of_memory() const {
  std::vector<std::string> copy;
  for (const auto& region : regions_) copy.emplace_back(region.get(), region_bytes_);
  return copy;
}

} // namespace memsync::vfs
