#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct DigestOptions {
  std::string since;            // empty: since the last digest for this project; the first shows a day
  std::chrono::seconds wait{2}; // for the hub's newest changes
  bool keeps = false;           // the next digest tells the same again
};

/// `memsync digest`: what the team did since the last digest, open conflicts and whether everything is safe;
/// for people, and for a hook that starts an agent's session with it. A hub that cannot be reached only
/// makes it older.
Result<> run_digest(const Context& context, const DigestOptions& options);

} // namespace memsync::cli
