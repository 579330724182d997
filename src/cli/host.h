#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace memsync::cli {

/// How a host's file lists its servers.
enum class HostFormat {
  json_servers, // {"mcpServers": {"memsync": {...}}}; comments and trailing commas are allowed and kept
  json_vscode,  // {"servers": {"memsync": {"type": "stdio", ...}}}
  toml_codex,   // [mcp_servers.memsync]
};

/// A program that runs agents and starts MCP servers for them.
struct Host {
  std::string_view name;  // as given to --client
  std::string_view title; // as people call it
  HostFormat format;
  std::string_view linux_path, mac_path; // below the home folder
};

std::span<const Host> all_hosts();
const Host* find_host(std::string_view name);

/// The host's configuration file below `home`, whether or not it exists.
std::string config_path(const Host& host, std::string_view home);
/// True when the host has been used by this person: the folder of its configuration exists.
bool is_installed(const Host& host, std::string_view home);

/// The text of the file with memsync registered as `command mcp`; the same text when it is already.
/// `validation` with what to do when the text cannot be understood or lists another memsync in a form that
/// this does not change.
base::Result<std::string> register_server(const Host& host, const std::string& text,
                                          const std::string& command);

/// What to paste into the file by hand.
std::string registration_snippet(const Host& host, const std::string& command);

} // namespace memsync::cli
