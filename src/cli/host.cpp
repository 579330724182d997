#include "cli/host.h"

#include <array>
#include <filesystem>

#include "cli/json_edit.h"
#include "cli/toml_edit.h"

namespace memsync::cli {

namespace fs = std::filesystem;
using base::Json;
using base::Result;

namespace {

constexpr std::array k_hosts = {
    Host{"claude-code", "Claude Code", HostFormat::json_servers, ".claude.json", ".claude.json"},
    Host{"cursor", "Cursor", HostFormat::json_servers, ".cursor/mcp.json", ".cursor/mcp.json"},
    Host{"vscode", "VS Code", HostFormat::json_vscode, ".config/Code/User/mcp.json",
         "Library/Application Support/Code/User/mcp.json"},
    Host{"codex", "Codex", HostFormat::toml_codex, ".codex/config.toml", ".codex/config.toml"},
    Host{"gemini", "Gemini CLI", HostFormat::json_servers, ".gemini/settings.json", ".gemini/settings.json"},
    Host{"claude-desktop", "Claude Desktop", HostFormat::json_servers,
         ".config/Claude/claude_desktop_config.json",
         "Library/Application Support/Claude/claude_desktop_config.json"},
};

#ifdef __APPLE__
constexpr bool k_is_mac = true;
#else
constexpr bool k_is_mac = false;
#endif

Json server_entry(const Host& host, const std::string& command) {
  Json entry = {{"command", command}, {"args", {"mcp"}}};
  const bool names_transport = host.format == HostFormat::json_vscode || host.name == "claude-code";
  if (names_transport) entry["type"] = "stdio";
  return entry;
}

std::string_view list_name(const Host& host) {
  return host.format == HostFormat::json_vscode ? "servers" : "mcpServers";
}

} // namespace

std::span<const Host> all_hosts() { return k_hosts; }

const Host* find_host(std::string_view name) {
  for (const Host& host : k_hosts)
    if (host.name == name) return &host;
  return nullptr;
}

std::string config_path(const Host& host, std::string_view home) {
  return (fs::path(home) / (k_is_mac ? host.mac_path : host.linux_path)).string();
}

bool is_installed(const Host& host, std::string_view home) {
  std::error_code failure;
  const fs::path path = config_path(host, home);
  if (fs::exists(path, failure)) return true;
  return path.parent_path() != fs::path(home) && fs::exists(path.parent_path(), failure);
}

Result<std::string> register_server(const Host& host, const std::string& text, const std::string& command) {
  if (host.format == HostFormat::toml_codex) return set_toml_server(text, "memsync", command, {"mcp"});
  return set_json_member(text, list_name(host), "memsync", server_entry(host, command));
}

std::string registration_snippet(const Host& host, const std::string& command) {
  if (host.format == HostFormat::toml_codex) return toml_server("memsync", command, {"mcp"});
  const Json snippet = {{std::string(list_name(host)), {{"memsync", server_entry(host, command)}}}};
  return snippet.dump(2) + "\n";
}

} // namespace memsync::cli
