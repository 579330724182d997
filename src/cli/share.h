#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct ShareOptions {
  std::string document; // id, prefix or exact title
  std::string to;       // workspace: id, prefix or name; empty: the only team
};

/// `memsync share DOCUMENT --to WORKSPACE`: copies a document with its nodes, relationships and comments into
/// another workspace. The copy has ids of its own; every node keeps in its context where it came from and
/// who wrote it when. The original stays.
Result<> run_share(const Context& context, const ShareOptions& options);

} // namespace memsync::cli
