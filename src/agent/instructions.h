#pragma once

#include <string>

namespace memsync::agent {

/// What every client is told at start. Hosts show the first lines of it before any tool is loaded and cut
/// it at 2,048 bytes; nothing of a workspace's content ever becomes part of it.
std::string instructions();

/// What follows them where news are pushed into the session.
std::string channel_instructions();

} // namespace memsync::agent
