#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/embedded.h"
#include "mcp/tool.h"

namespace memsync::tools {

using base::Json;

/// schemas/tools/*.json, compiled in.
std::span<const base::EmbeddedFile> embedded_files();

/// The tools in the order of tools/list.
std::span<const std::string_view> tool_names();

/// What schemas/tools/NAME.json and NAME.aliases.json say.
struct Contract {
  mcp::Tool tool; // without its handler
  Json input_schema;
  std::map<std::string, std::string, std::less<>> aliases; // other names of arguments that callers try
  std::set<std::string, std::less<>> lists; // lists that may be given as one text, split at commas
};

/// `not_found` for a name that is no tool; `internal` for files that do not have that form.
base::Result<Contract> load_contract(std::string_view name);

} // namespace memsync::tools
