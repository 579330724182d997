#pragma once

#include "cli/command.h"

namespace memsync::cli {

// Changes that were set aside: unsent ones of a workspace this person was removed from, and damaged ones.
// Their ids are "aside-1", "aside-2" and so on; "aside" alone means all of them.

bool is_set_aside_id(std::string_view id);

/// One line for `memsync pending` and what to do; empty when there is nothing set aside.
Result<std::string> describe_set_aside(const Context& context, Workbench& bench);
/// As in the JSON of `memsync pending`: id, workspace, at, reason, and the operation or the text found.
Result<Json> list_set_aside(Workbench& bench);

/// Prints them as a JSON list.
Result<> export_set_aside(const Context& context, Workbench& bench, std::string_view id);
Result<> discard_set_aside(const Context& context, Workbench& bench, std::string_view id);

} // namespace memsync::cli
