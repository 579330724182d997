#include "tests/vfs/disk.h"

#include "tests/vfs/sharing.h"

namespace memsync::vfs {

Disk::Disk(std::uint64_t seed) : random_(seed) {}
Disk::~Disk() = default;

void Disk::arm(const Fault& fault) {
  fault_ = fault;
  fault_at_ = points_ + fault.at;
  is_armed_ = true;
}

void Disk::heal() { is_armed_ = false; }

Disk::Verdict Disk::reach_point(Process& process) {
  ++points_;
  if (!is_armed_ || points_ < fault_at_) return Verdict::proceed;
  ++strikes_;
  if (!fault_.lasts) is_armed_ = false;
  switch (fault_.kind) {
    case Fault::Kind::io_error: return Verdict::io_error;
    case Fault::Kind::full: return Verdict::full;
    case Fault::Kind::kill: kill(process); return Verdict::dies;
    case Fault::Kind::power_cut: cut_power(); return Verdict::dies;
  }
  return Verdict::proceed;
}

void Disk::kill(Process& process) {
  if (!process.is_alive_) return;
  process.is_alive_ = false;
  for (auto& file : process.files_) file->sharing->abandon(*file);
  // Without anybody alive the next process starts with memory of its own; the dead still point into this.
  for (auto& file : process.files_)
    if (!file->sharing->has_living_users()) sharing_.erase(file->file);
}

void Disk::cut_power() {
  has_power_ = false;
  for (Process* process : processes_) kill(*process);
  is_armed_ = false;
}

void Disk::power_on(std::uint64_t seed) {
  Survival survival(seed);
  volume_.lose_power(survival);
  sharing_.clear();
  has_power_ = true;
}

void Disk::restore(const Image& image) {
  volume_ = image;
  sharing_.clear();
  has_power_ = true;
  is_armed_ = false;
}

std::shared_ptr<Disk::Sharing> Disk::sharing_of(Volume::FileId file) {
  std::weak_ptr<Sharing>& known = sharing_[file];
  std::shared_ptr<Sharing> sharing = known.lock();
  if (!sharing) known = sharing = std::make_shared<Sharing>();
  return sharing;
}

} // namespace memsync::vfs
