#include <CLI/CLI.hpp>

#include "app/hub_program.h"

namespace memsync::app {

namespace {

hub::Answer<Output> backup(HubProgram& program, const std::string& file) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY(store->backup(file));
  return Output{{{"file", file}}, fmt::format("The hub is copied to {}, as it was at one moment.\n", file)};
}

hub::Answer<Output> check(HubProgram& program) {
  TRY_ASSIGN(const auto store, program.open_store());
  TRY_ASSIGN(const auto report, store->check());
  if (!report.problems.empty())
    return base::Error{
        base::ErrorCode::corrupt,
        fmt::format("the store is damaged: stop the hub, keep a copy of the folder and restore a "
                    "backup\n  {}",
                    fmt::join(report.problems, "\n  "))};
  return Output{
      {{"ok", true}, {"workspaces", report.workspaces}, {"entries", report.entries}, {"nodes", report.nodes}},
      fmt::format("The store is sound.\n\n{}",
                  render_pairs({{"workspaces", std::to_string(report.workspaces)},
                                {"log entries", std::to_string(report.entries)},
                                {"nodes", std::to_string(report.nodes)}}))};
}

} // namespace

void add_maintenance_commands(HubProgram& program, CLI::App& app) {
  const auto file = std::make_shared<std::string>();
  CLI::App& command = program.add_command(app, "backup", "Copy the hub to a file while it serves",
                                          [&program, file] { return backup(program, *file); });
  command.add_option("--to", *file, "The file to make; it must not exist")->required()->type_name("FILE");
  program.add_command(app, "check", "Read everything and verify it", [&program] { return check(program); });
}

} // namespace memsync::app
