#pragma once

#include <string>
#include <string_view>

namespace memsync::tools {

/// The lines that differ, as "@@ line N" (of the text before, from 1), "- removed" and "+ added"; empty for
/// equal texts.
std::string diff_lines(std::string_view before, std::string_view after);

} // namespace memsync::tools
