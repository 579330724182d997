#pragma once

#include "cli/command.h"

namespace memsync::cli {

// Settling operations that the hub refused for good. `id` is as `memsync pending` shows it,
// "<replica>-<n>"; its beginning is enough where it is unambiguous.

/// Prints the operation with everything it carries.
Result<> export_rejected(const Context& context, Workbench& bench, std::string_view id);
/// Forgets the operation.
Result<> discard_rejected(const Context& context, Workbench& bench, std::string_view id);
/// Does the same again as a new operation on what is there now, then forgets the refused one.
Result<> retry_rejected(const Context& context, Workbench& bench, std::string_view id);

} // namespace memsync::cli
