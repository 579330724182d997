#pragma once

#include <span>
#include <string_view>

namespace memsync::base {

/// A file of schemas/ compiled into the program (cmake/EmbedFiles.cmake).
struct EmbeddedFile {
  std::string_view path; // relative to schemas/, e.g. "tools/remember.json"
  std::string_view content;
};

} // namespace memsync::base
