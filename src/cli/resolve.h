#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct ResolveOptions {
  std::string conflict;  // id or its beginning; empty: the only open one of the workspace
  std::string workspace; // empty: the current one
  bool keep_local = false, keep_server = false, merge = false, edit = false; // at most one
  std::optional<std::string> value;                                          // "-": from stdin
};
/// `memsync resolve [ID]`: settles a conflict as the options say. Without a choice it shows both values
/// beside each other; on a terminal it asks then, elsewhere it fails, since nothing was settled. So it does,
/// listing them, when several are open and none is named.
Result<> run_resolve(const Context& context, const ResolveOptions& options);

} // namespace memsync::cli
