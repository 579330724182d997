#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct RevertOptions {
  std::string change;                 // one change, as `memsync log` names it
  std::string author, session, since; // what somebody wrote since then
  std::string node, document, to;     // back to that change or time
};
/// `memsync revert`: takes changes back by new ones. Prints what went back and what was left alone, and why.
Result<> run_revert(const Context& context, const RevertOptions& options);

} // namespace memsync::cli
