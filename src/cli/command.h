#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/session.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "mcp/tool.h"

namespace memsync::cli {

using base::Json;
using base::Result;

/// An opened store as commands use it; all of it belongs to the main thread.
struct Workbench {
  agent::Session& session;
  replica::Replica& replica;
  const mcp::ToolRegistry& tools;
  /// Calls a tool by name and waits for its answer.
  std::function<mcp::ToolResult(const std::string& tool, Json arguments)> call;
  /// Lets the sync work until `is_done()` holds; it is asked after everything that happens.
  std::function<void(const std::function<bool()>& is_done)> run_until;
  /// The hub and token may have changed: they are read again.
  std::function<void()> settings_changed;
  /// From now on this process syncs if no other one does.
  std::function<void()> start_sync;
  /// From now on others see that somebody is at this process's command line.
  std::function<void()> be_seen;
};

/// What every command gets.
struct Context {
  Settings settings;
  Terminal terminal;
  bool json = false; // machine-readable output
  std::string program = "memsync";
  /// Opens or creates the store, once; touches no network.
  std::function<Result<Workbench*>()> open;
  /// Writes to stdout at once. What could not be written makes the program fail, whatever the command
  /// returns.
  std::function<void(std::string_view text)> write;
  /// Nobody gets what is written: writing has failed, or the reader of the pipe has gone.
  std::function<bool()> is_output_lost = [] { return false; };
  /// Shows how far something is in place of what it showed before; "" takes it away. Nothing is shown where
  /// nobody watches: unless stderr is a terminal, and under --json.
  std::function<void(std::string_view text)> show_progress = [](std::string_view) {};
  /// One line from stdin, nothing at its end.
  std::function<std::optional<std::string>()> read_line;
  /// The person pressed Ctrl-C.
  std::function<bool()> is_interrupted = [] { return false; };

  /// The structured result under --json, else the text for people.
  void show(const Json& structured, std::string_view text) const;
  std::string in(Style style, std::string_view text) const { return styled(terminal, style, text); }
};

/// Makes everything that came from the hub searchable: what arrives many at a time is indexed later, and a
/// command that ends at once has no later.
Result<> index_rest(const Context& context, Workbench& bench);

/// Commands fail with the error that is shown to the person; one without a message was shown already. Exit
/// code 1; wrong use of the command line ends in the option parser, with 2.

} // namespace memsync::cli
