#include "cli/text_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace memsync::cli {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

constexpr std::size_t k_max_bytes = std::size_t{16} << 20;

Error file_error(std::string_view action, const std::string& path) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? ErrorCode::storage_full : ErrorCode::internal;
  return {code, fmt::format("cannot {} {}: {}", action, path, std::strerror(errno))};
}

/// An open descriptor; closed with its owner.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

} // namespace

Result<std::optional<std::string>> read_text_file(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return file_error("read", path);
  }
  std::string text;
  std::string piece(std::size_t{64} << 10, '\0');
  for (;;) {
    const ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return file_error("read", path);
    if (size == 0) return std::optional<std::string>(std::move(text));
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > k_max_bytes)
      return Error{ErrorCode::too_large, fmt::format("{} is larger than 16 MiB", path)};
  }
}

Result<> replace_text_file(const std::string& path, const std::string& text, FilePrivacy privacy) {
  std::error_code failure;
  const fs::path resolved = fs::weakly_canonical(path, failure);
  const std::string target = failure ? path : resolved.string();
  if (const fs::path folder = fs::path(target).parent_path(); !folder.empty())
    fs::create_directories(folder, failure);
  mode_t mode = privacy == FilePrivacy::owner_only ? 0600 : 0644;
  struct stat before {};
  if (privacy == FilePrivacy::as_before && ::stat(target.c_str(), &before) == 0)
    mode = before.st_mode & 07777;
  const std::string partial = fmt::format("{}.{}.partial", target, ::getpid());
  {
    const File file(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return file_error("write", partial);
    if (!write_all(file.get(), text) || ::fchmod(file.get(), mode) != 0) {
      const Error error = file_error("write", partial);
      ::unlink(partial.c_str());
      return error;
    }
  }
  if (::rename(partial.c_str(), target.c_str()) == 0) return {};
  const Error error = file_error("replace", target);
  ::unlink(partial.c_str());
  return error;
}

} // namespace memsync::cli
