#pragma once

#include "cli/command.h"

namespace memsync::cli {

struct TokenOptions {
  std::string name, expires, id;
  std::vector<std::string> scopes, workspaces; // empty: all that the token of this machine may
  bool is_read_only = false;
};

/// The commands of `memsync token`: the API tokens of whoever is signed in here.
Result<> run_token_list(const Context& context);
/// Never wider than the token of this machine. Shows the secret, once.
Result<> run_token_create(const Context& context, const TokenOptions& options);
Result<> run_token_revoke(const Context& context, const TokenOptions& options);

} // namespace memsync::cli
