#pragma once

#include <memory>

#include "agent/session.h"
#include "app/client_sync.h"
#include "cli/settings.h"
#include "mcp/tool.h"

namespace memsync::app {

/// One process at work on a store: the store, the session on it, its tools and its sync. `memsync mcp` runs
/// its loop on a core thread, a command on the main thread.
class ClientProcess {
 public:
  enum class Reading {
    own_connections, // any number of threads read beside the core thread
    core_only,
  };
  struct Options {
    cli::Settings settings;
    Reading reading = Reading::core_only;
    std::string client; // what this process calls itself until a client introduces itself
    std::optional<model::PresenceKind> seen_as; // see be_seen_as
    std::function<void()> on_change = [] {};
  };

  /// Opens or creates the store. Touches no network.
  static base::Result<std::unique_ptr<ClientProcess>> open(Options options);
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  agent::Session& session() { return *session_; }
  replica::Replica& replica() { return *replica_; }
  const mcp::ToolRegistry& tools() const { return tools_; }
  ClientLoop& loop() { return loop_; }
  ClientSync& sync() { return *sync_; }
  base::Clock& clock() { return clock_; }
  base::Random& random() { return random_; }

  /// What others see this process as while it or another one syncs; before that they do not see it.
  void be_seen_as(model::PresenceKind kind) { seen_as_ = kind; }
  /// Runs the loop on this thread until `is_done()`; for commands.
  void run_until(const std::function<bool()>& is_done);
  /// Calls a tool by name and runs the loop until it has answered; for commands. An unknown tool and a
  /// protocol error are results with `is_error`.
  mcp::ToolResult call(const std::string& tool, base::Json arguments);

 private:
  ClientProcess() = default;
  base::Result<> set_up(Options options);
  std::optional<ClientSync::Options::Doing> find_doing();

  std::optional<model::PresenceKind> seen_as_;
  base::SystemClock clock_;
  base::SystemRandom random_;
  ClientLoop loop_;
  std::unique_ptr<replica::Replica> replica_;
  std::unique_ptr<ClientSync> sync_;
  std::unique_ptr<agent::Session> session_;
  mcp::ToolRegistry tools_;
};

} // namespace memsync::app
