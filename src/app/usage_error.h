#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace memsync::app {

/// The innermost subcommand that was named: `memsync team`.
inline std::string command_named(const CLI::App& app) {
  std::string name = app.get_name();
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().back();
    name += " " + at->get_name();
  }
  return name;
}

/// Tells what is wrong with the command line; the exit code. The parser says "A subcommand is required" of a
/// word that it does not know, too: then this names the word.
inline int explain(const CLI::App& app, const CLI::ParseError& error, std::ostream& out, std::ostream& err) {
  const auto unknown = app.remaining(true);
  const bool lacks_command =
      std::string_view(error.what()).find("subcommand is required") != std::string_view::npos;
  if (!lacks_command || unknown.empty()) return app.exit(error, out, err);
  const bool is_option = unknown.front().starts_with('-');
  err << app.get_name() << ": there is no " << (is_option ? "option " : "command ") << unknown.front()
      << ": `" << command_named(app) << " --help` lists them\n";
  return static_cast<int>(CLI::ExitCodes::ExtrasError);
}

} // namespace memsync::app
