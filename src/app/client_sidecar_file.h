#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace memsync::app {

/// Opens or creates (0600) a file beside the store, for reading and writing; `flags` are more of open(2).
base::Result<int> open_beside_store(const std::string& path, int flags = 0);

/// A small file beside the store that one process rewrites in place and others read. Not in the database: a
/// heartbeat must cost no commit. A hash in front tells a text that is half overwritten.
class SidecarFile {
 public:
  /// Opens or creates (0600) the file at `path`.
  static base::Result<SidecarFile> open(const std::string& path);
  SidecarFile(SidecarFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  SidecarFile& operator=(SidecarFile&&) = delete;
  ~SidecarFile();

  void write(std::string text) const;
  /// Nothing for an empty file, and for a text that cannot be read.
  std::optional<std::string> read() const;

  /// Locks the file until this object, or the process, ends; false when another one holds it.
  bool try_lock() const;

 private:
  explicit SidecarFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

} // namespace memsync::app
