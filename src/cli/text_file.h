#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace memsync::cli {

enum class FilePrivacy {
  as_before,  // the mode of the file that is replaced; 0644 for a new one
  owner_only, // 0600
};

/// The whole file, at most 16 MiB; nothing when there is none. `internal` when it cannot be read.
base::Result<std::optional<std::string>> read_text_file(const std::string& path);

/// Writes `text` beside `path` and renames it there, so that nobody ever sees half of it; missing folders are
/// made. A symbolic link stays one: the file it points to is replaced. `storage_full` or `internal`.
base::Result<> replace_text_file(const std::string& path, const std::string& text, FilePrivacy privacy);

} // namespace memsync::cli
