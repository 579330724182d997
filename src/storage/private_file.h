#pragma once

#include <string>

#include "base/result.h"

namespace memsync::storage {

/// Creates an empty file only its owner may read; true when it is new, false when it existed. SQLite would
/// create its files readable for everybody. Creating opens the file beside SQLite, which is safe for a file
/// that did not exist: nobody can hold a lock on it yet.
base::Result<bool> create_private_file(const std::string& path);

/// Makes `partial` durable and gives it the name `path` in one step. No process may have it open.
base::Result<> publish_file(const std::string& partial, const std::string& path);

} // namespace memsync::storage
