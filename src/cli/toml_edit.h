#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace memsync::cli {

/// The section [mcp_servers.NAME] with command and args.
std::string toml_server(std::string_view name, const std::string& command,
                        const std::vector<std::string>& args);

/// `text` with that section appended; the rest stays byte for byte. The same text when a section of that
/// name has this command and these arguments already. `validation` when the text defines the server
/// otherwise: TOML is not parsed here, so nothing in it is ever replaced.
base::Result<std::string> set_toml_server(const std::string& text, std::string_view name,
                                          const std::string& command, const std::vector<std::string>& args);

} // namespace memsync::cli
