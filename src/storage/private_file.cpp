#include "storage/private_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "storage/database_error.h"

namespace memsync::storage {

namespace {

/// Opens, syncs and closes a file or folder.
base::Result<> sync_path(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error("open", path, errno);
  const int result = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (result != 0) return system_error("write", path, error_number);
  return {};
}

} // namespace

base::Result<bool> create_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0 && errno == EEXIST) return false;
  if (descriptor < 0) return system_error("create", path, errno);
  ::close(descriptor);
  return true;
}

base::Result<> publish_file(const std::string& partial, const std::string& path) {
  TRY(sync_path(partial));
  if (std::rename(partial.c_str(), path.c_str()) != 0) return system_error("create", path, errno);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return sync_path(folder.empty() ? "." : folder);
}

} // namespace memsync::storage
