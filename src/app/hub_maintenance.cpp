#include <CLI/CLI.hpp>

#include "app/hub_program.h"
#include "hub/compaction.h"

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

struct CompactOptions {
  std::int64_t log_days = 30;
};

hub::Answer<Output> compact(HubProgram& program, const CompactOptions& options) {
  TRY_ASSIGN(const auto store, program.open_store());
  hub::CompactionRules rules;
  rules.log_kept = std::chrono::days(options.log_days);
  TRY_ASSIGN(const auto done, hub::compact_all(*store, program.clock(), rules));
  TRY(store->tidy());
  return Output{
      {{"entries", done.entries}, {"nodes", done.nodes}},
      fmt::format(
          "{} log entries dropped, {} deleted nodes purged. History stays; replicas that were away for "
          "longer fetch a snapshot.\n",
          done.entries, done.nodes)};
}

} // namespace

void add_maintenance_commands(HubProgram& program, CLI::App& app) {
  const auto file = std::make_shared<std::string>();
  CLI::App& command = program.add_command(app, "backup", "Copy the hub to a file while it serves",
                                          [&program, file] { return backup(program, *file); });
  command.add_option("--to", *file, "The file to make; it must not exist")->required()->type_name("FILE");
  const auto compaction = std::make_shared<CompactOptions>();
  CLI::App& compacting =
      program.add_command(app, "compact", "Drop what every replica has read (serve does, too)",
                          [&program, compaction] { return compact(program, *compaction); });
  compacting.add_option("--log-days", compaction->log_days, "Keep the log of so many days")
      ->check(CLI::Range(0, 36'500))
      ->capture_default_str();
  program.add_command(app, "check", "Read everything and verify it", [&program] { return check(program); });
}

} // namespace memsync::app
