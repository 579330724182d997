#include "app/client_sidecar_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/digest.h"

namespace memsync::app {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t k_hash_digits = 32;
constexpr std::size_t k_max_bytes = std::size_t{64} << 10;
constexpr int k_read_attempts = 5;

} // namespace

Result<int> open_beside_store(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
  if (descriptor >= 0) return descriptor;
  const auto code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal;
  return Error{code, fmt::format("cannot open {}: {}", path, std::strerror(errno))};
}

Result<SidecarFile> SidecarFile::open(const std::string& path) {
  TRY_ASSIGN(const int descriptor, open_beside_store(path));
  return SidecarFile(descriptor);
}

SidecarFile::~SidecarFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SidecarFile::write(std::string text) const {
  text.insert(0, base::Hash128::of(text).hex());
  if (text.size() > k_max_bytes) return;
  // A full disk loses the text, not the store.
  if (::pwrite(descriptor_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) return;
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(text.size()));
}

std::optional<std::string> SidecarFile::read() const {
  std::string text;
  for (int attempt = 0; attempt < k_read_attempts; ++attempt) {
    text.resize(k_max_bytes);
    const ssize_t size = ::pread(descriptor_, text.data(), text.size(), 0);
    if (size <= static_cast<ssize_t>(k_hash_digits)) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    const std::string body = text.substr(k_hash_digits);
    if (base::Hash128::of(body).hex() == std::string_view(text).substr(0, k_hash_digits)) return body;
  }
  return std::nullopt;
}

bool SidecarFile::try_lock() const { return ::flock(descriptor_, LOCK_EX | LOCK_NB) == 0; }

} // namespace memsync::app
