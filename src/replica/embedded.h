#pragma once

#include <span>

#include "base/embedded.h"

namespace memsync::replica {

/// The replica's migrations: schemas/sql/replica/NNN_name.sql, in the order of their numbers.
std::span<const base::EmbeddedFile> embedded_files();

} // namespace memsync::replica
