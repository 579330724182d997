#include "cli/toml_edit.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/json.h"

namespace memsync::cli {

using base::Error;
using base::ErrorCode;
using base::Result;

namespace {

/// A JSON string is a TOML basic string.
std::string quote(const std::string& text) { return base::dump_json(text); }

std::string without_blanks(std::string_view line) {
  std::string out;
  for (const char c : line)
    if (c != ' ' && c != '\t' && c != '\r') out += c;
  return out;
}

std::vector<std::string_view> toml_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string args_line(const std::vector<std::string>& args) {
  std::vector<std::string> quoted;
  for (const std::string& arg : args) quoted.push_back(quote(arg));
  return fmt::format("args = [{}]", fmt::join(quoted, ", "));
}

/// Whether the lines after a section's heading have both settings.
bool has_settings(const std::vector<std::string_view>& lines, std::size_t after, const std::string& command,
                  const std::vector<std::string>& args) {
  bool has_command = false;
  bool has_args = false;
  for (std::size_t i = after; i < lines.size(); ++i) {
    const std::string line = without_blanks(lines[i]);
    if (line.starts_with('[')) break;
    has_command = has_command || line == without_blanks("command = " + quote(command));
    has_args = has_args || line == without_blanks(args_line(args));
  }
  return has_command && has_args;
}

} // namespace

std::string toml_server(std::string_view name, const std::string& command,
                        const std::vector<std::string>& args) {
  return fmt::format("[mcp_servers.{}]\ncommand = {}\n{}\n", name, quote(command), args_line(args));
}

Result<std::string> set_toml_server(const std::string& text, std::string_view name,
                                    const std::string& command, const std::vector<std::string>& args) {
  const std::vector<std::string_view> lines = toml_lines(text);
  const std::string heading = fmt::format("[mcp_servers.{}]", name);
  const std::string quoted_heading = fmt::format("[mcp_servers.\"{}\"]", name);
  bool is_in_servers = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line = without_blanks(lines[i]);
    if (line.starts_with('[')) is_in_servers = line.starts_with("[mcp_servers]");
    if (line.starts_with(heading) || line.starts_with(quoted_heading)) {
      if (has_settings(lines, i + 1, command, args)) return text;
      return Error{ErrorCode::validation, fmt::format("the section {} exists with other settings", heading)};
    }
    const bool is_inline = line.starts_with("mcp_servers=") ||
                           line.starts_with(fmt::format("mcp_servers.{}", name)) ||
                           (is_in_servers && line.starts_with(name));
    if (is_inline)
      return Error{ErrorCode::validation, fmt::format("line {} defines servers in another form", i + 1)};
  }
  std::string out = text;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  if (!out.empty()) out += '\n';
  return out + toml_server(name, command, args);
}

} // namespace memsync::cli
