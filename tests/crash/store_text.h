#pragma once

#include <string>

namespace memsync::crash {

/// Everything that is in a database, one line per row: read with SQLite alone, so that a defect of our own
/// reading hides nothing. A failure comes back as its text, which equals no store.
std::string store_text(const std::string& vfs, const std::string& path);

/// Changes a database behind the program's back. Ends the program when it fails.
void execute(const std::string& vfs, const std::string& path, const std::string& sql);

/// The first line that differs, of both.
std::string first_difference(const std::string& one, const std::string& other);

} // namespace memsync::crash
