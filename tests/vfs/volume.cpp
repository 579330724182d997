#include "tests/vfs/volume.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace memsync::vfs {

namespace {

constexpr std::size_t k_sector_bytes = 512;

void put(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

} // namespace

void Survival::write(std::string& content, std::uint64_t offset, std::string_view bytes) {
  if (seed_ == 0) return;
  if (seed_ == 1) return put(content, offset, bytes);
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2: return put(content, offset, bytes);
    case 3:
    case 4: return;
    default: return write_torn(content, offset, bytes);
  }
}

void Survival::write_torn(std::string& content, std::uint64_t offset, std::string_view bytes) {
  switch (random_.below(3)) {
    case 0: return put(content, offset, bytes.substr(0, random_.below(bytes.size() + 1)));
    case 1: // the length of the file is written apart from its content
      if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
      return;
    default: break;
  }
  for (std::size_t at = 0; at < bytes.size(); at += k_sector_bytes)
    if (random_.below(2) == 0) put(content, offset + at, bytes.substr(at, k_sector_bytes));
}

std::size_t StoredFile::read(std::uint64_t offset, std::span<char> bytes) const {
  if (offset >= current_.size()) return 0;
  const std::size_t count = std::min(bytes.size(), current_.size() - offset);
  std::memcpy(bytes.data(), current_.data() + offset, count);
  return count;
}

void StoredFile::write(std::uint64_t offset, std::string_view bytes) {
  put(current_, offset, bytes);
  unsynced_.push_back({false, offset, std::string(bytes)});
}

void StoredFile::truncate(std::uint64_t size) {
  current_.resize(size);
  unsynced_.push_back({true, size, {}});
}

void StoredFile::sync() {
  for (const Change& change : unsynced_) {
    if (change.is_truncation) {
      durable_.resize(change.offset);
    } else {
      put(durable_, change.offset, change.bytes);
    }
  }
  unsynced_.clear();
}

void StoredFile::lose_power(Survival& survival) {
  for (const Change& change : unsynced_) {
    if (!change.is_truncation) {
      survival.write(durable_, change.offset, change.bytes);
    } else if (survival.keeps_truncation()) {
      durable_.resize(change.offset);
    }
  }
  unsynced_.clear();
  current_ = durable_;
}

Volume::FileId Volume::find(const std::string& name) const {
  const auto at = names_.find(name);
  return at == names_.end() ? 0 : at->second;
}

void Volume::apply(std::map<std::string, FileId>& names, const NameChange& change) {
  if (change.file == 0) {
    names.erase(change.name);
  } else {
    names[change.name] = change.file;
  }
}

Volume::FileId Volume::create(const std::string& name) {
  files_[++last_id_];
  unsynced_.push_back({name, last_id_});
  apply(names_, unsynced_.back());
  return last_id_;
}

void Volume::remove(const std::string& name) {
  unsynced_.push_back({name, 0});
  apply(names_, unsynced_.back());
}

void Volume::sync_names() {
  durable_names_ = names_;
  unsynced_.clear();
}

void Volume::lose_power(Survival& survival) {
  for (const NameChange& change : unsynced_)
    if (survival.keeps_name()) apply(durable_names_, change);
  unsynced_.clear();
  names_ = durable_names_;
  std::set<FileId> named;
  for (const auto& [name, file] : names_) named.insert(file);
  std::erase_if(files_, [&](const auto& each) { return !named.contains(each.first); });
  for (auto& [id, file] : files_) file.lose_power(survival);
}

} // namespace memsync::vfs
