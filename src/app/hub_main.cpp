#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "app/hub_program.h"
#include "app/usage_error.h"
#include "base/log.h"

namespace {

constexpr int k_usage_error = 2;

int run(int argc, char** argv) {
  using namespace memsync::app;
  HubProgram program;
  CLI::App app("memsync-hub: shared memory for a team's agents, on your own machine", "memsync-hub");
  app.set_version_flag("--version", "memsync-hub " MEMSYNC_VERSION);
  app.require_subcommand(1);
  add_init_commands(program, app);
  add_serve_command(program, app);
  add_user_commands(program, app);
  add_token_commands(program, app);
  add_workspace_commands(program, app);
  add_audit_command(program, app);
  add_maintenance_commands(program, app);
  add_restore_command(program, app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error, std::cout, std::cerr) == 0 ? 0 : k_usage_error;
  }
  return program.run();
}

} // namespace

int main(int argc, char** argv) {
  const char* const level = std::getenv("MEMSYNC_LOG");
  memsync::base::start_log(level ? level : "");
  try {
    return run(argc, argv);
  } catch (const std::exception& defect) {
    std::cerr << "memsync-hub: failed unexpectedly: " << defect.what() << '\n';
    return 1;
  }
}
