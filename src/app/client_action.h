#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "app/client_commands.h"
#include "cli/wording.h"

namespace memsync::app {

/// The exit code of a command; its error goes where people, or programs, look for it.
template <class T>
int finish(const cli::Context& context, const base::Result<T>& result) {
  if (result) {
    if constexpr (std::is_same_v<T, bool>) return *result ? EXIT_SUCCESS : EXIT_FAILURE;
    return EXIT_SUCCESS;
  }
  const base::Error& error = result.error();
  if (error.message.empty()) return EXIT_FAILURE;
  if (context.json) {
    context.show(
        base::Json{{"error", {{"code", base::error_info(error.code).name}, {"message", error.message}}}}, "");
  } else {
    fmt::print(stderr, "memsync: {}\n", cli::for_people(error.message));
  }
  return EXIT_FAILURE;
}

/// A subcommand whose options are in `options` and whose work is `run(context, options)`.
template <class Options, class Run>
void on_parsed(CLI::App* command, Action& chosen, std::shared_ptr<Options> options, Run run) {
  command->callback([&chosen, options, run] {
    chosen = [options, run](cli::Context& context) { return finish(context, run(context, *options)); };
  });
}

template <class Run>
void on_parsed(CLI::App* command, Action& chosen, Run run) {
  command->callback(
      [&chosen, run] { chosen = [run](cli::Context& context) { return finish(context, run(context)); }; });
}

} // namespace memsync::app
