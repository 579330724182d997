#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "hub/hub.h"

namespace CLI {
class App;
}

namespace memsync::app {

/// --limit NAME=BURST/PER_MINUTE, repeated: other rates than the hub's own.
void add_limit_option(CLI::App& command, std::vector<std::string>& limits);

/// Puts them into the options; `validation` naming the one that is none.
base::Result<> set_limits(const std::vector<std::string>& limits, hub::HubOptions& options);

} // namespace memsync::app
