#pragma once

#include "cli/command.h"

namespace memsync::cli {

/// `memsync status`: is everything safe?
Result<> run_status(const Context& context);

struct PendingOptions {
  std::string document;
  std::size_t limit = 50;
  std::string retry, discard, export_id; // ids of refused or set-aside operations; at most one is given
};
/// `memsync pending`: what the hub has not accepted; settles what it refused.
Result<> run_pending(const Context& context, const PendingOptions& options);

/// `memsync dirty [DOCUMENT]`
Result<> run_dirty(const Context& context, const std::string& document);

} // namespace memsync::cli
