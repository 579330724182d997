#pragma once

#include <string>

namespace memsync::cli {

/// A tool's message in the words of the command line: where agents are sent to another tool, people are sent
/// to the command that does the same.
std::string for_people(std::string message);

} // namespace memsync::cli
