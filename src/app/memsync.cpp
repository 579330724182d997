#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include "app/client_commands.h"
#include "app/usage_error.h"
#include "base/log.h"

namespace {

using namespace memsync;

constexpr int k_usage = 2;
constexpr std::chrono::milliseconds k_command_stop_limit{200};

/// Takes the value of --token out of the list of processes, where everybody on the machine can read it.
void hide_token(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    char* value = nullptr;
    if (std::strncmp(arguments[i], "--token=", 8) == 0) value = arguments[i] + 8;
    if (std::strcmp(arguments[i], "--token") == 0 && i + 1 < count) value = arguments[i + 1];
    if (value != nullptr) std::memset(value, '*', std::strlen(value));
  }
}

/// The store of one command, opened when the command wants it.
class Bench {
 public:
  Bench(const cli::Settings& settings, const mcp::WakeEvent& stop) : settings_(settings), stop_(stop) {}

  base::Result<cli::Workbench*> open() {
    if (bench_) return &*bench_;
    mcp::stop_on_signals(stop_);
    app::ClientProcess::Options options;
    options.settings = settings_;
    options.client = "memsync/" MEMSYNC_VERSION;
    TRY_ASSIGN(process_, app::ClientProcess::open(std::move(options)));
    app::ClientProcess& process = *process_;
    bench_.emplace(cli::Workbench{
        process.session(),
        process.replica(),
        process.tools(),
        [&process](const std::string& tool, base::Json arguments) {
          return process.call(tool, std::move(arguments));
        },
        [this, &process](const std::function<bool()>& is_done) {
          process.run_until([&] { return is_done() || is_stopped(); });
        },
        [&process] { process.sync().settings_changed(); },
        [&process] { process.sync().start_once(); },
        [&process] { process.be_seen_as(model::PresenceKind::command_line); },
    });
    meet_hub();
    return &*bench_;
  }

  /// False when a thread hangs and the process must be left as it is.
  bool close() { return !process_ || process_->sync().stop(k_command_stop_limit); }

  bool is_stopped() const {
    pollfd fd{stop_.fd(), POLLIN, 0};
    return ::poll(&fd, 1, 0) > 0;
  }

 private:
  /// Before the hub has told which teams there are, a command would act on the local workspace.
  void meet_hub() {
    agent::SyncControl& sync = process_->sync();
    if (sync.is_introduced()) return;
    const base::Instant latest = process_->clock().instant() + agent::k_introduction_limit;
    const auto is_over = std::make_shared<bool>(false);
    sync.when_introduced([latest] { return latest; }, [is_over] { *is_over = true; });
    bench_->run_until([&] { return *is_over; });
  }

  const cli::Settings& settings_;
  const mcp::WakeEvent& stop_;
  std::unique_ptr<app::ClientProcess> process_;
  std::optional<cli::Workbench> bench_;
};

/// What a command prints.
class Output {
 public:
  void write(std::string_view text) {
    if (failure_ != 0) return; // the rest alone would look whole
    const bool is_written =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!is_written) failure_ = errno;
  }

  /// Also when the pipe's reader has gone and nothing was written since.
  bool is_lost() const {
    pollfd fd{STDOUT_FILENO, 0, 0};
    return failure_ != 0 || (::poll(&fd, 1, 0) > 0 && (fd.revents & (POLLERR | POLLHUP)) != 0);
  }

  /// The exit code of a command that ended with `code`.
  int finish(int code) const {
    if (failure_ == 0) return code;
    // Who closes a pipe has seen enough: `memsync log | head`.
    if (failure_ != EPIPE)
      fmt::print(stderr, "memsync: the output could not be written: {}\n", std::strerror(failure_));
    return EXIT_FAILURE;
  }

 private:
  int failure_ = 0; // errno of the first
};

std::optional<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

int run(const app::Action& action, bool json) {
  auto settings = cli::load_settings();
  base::start_log(cli::read_environment("MEMSYNC_LOG").value_or(""));
  if (!settings) {
    fmt::print(stderr, "memsync: {}\n", settings.error().message);
    return EXIT_FAILURE;
  }
  static const mcp::WakeEvent stop;
  Bench bench(*settings, stop);
  cli::Context context;
  context.settings = *settings;
  context.json = json;
  if (!json) context.terminal = cli::detect_terminal();
  context.open = [&] { return bench.open(); };
  Output output;
  context.write = [&](std::string_view text) { output.write(text); };
  context.is_output_lost = [&] { return output.is_lost(); };
  if (!json && ::isatty(STDERR_FILENO) != 0)
    context.show_progress = [](std::string_view text) { fmt::print(stderr, "\r\x1b[K{}", text); };
  context.read_line = read_line;
  context.is_interrupted = [&] { return bench.is_stopped(); };
  const int code = output.finish(action(context));
  if (!bench.close()) std::_Exit(code);
  return code;
}

} // namespace

int main(int count, char** arguments) {
  // Two heaps for all threads: of its own, each keeps the most it ever needed. A client that sent 100,000
  // operations had 62 MiB resident, and 53 like this; with one heap 48, but threads wait for each other.
  ::mallopt(M_ARENA_MAX, 2);
  std::signal(SIGPIPE, SIG_IGN); // a broken TLS connection or pipe is an error like any other
  try {
    CLI::App app("memsync: one memory for people and their agents", "memsync");
    app.set_version_flag("--version", "memsync " MEMSYNC_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    bool json = false;
    app.add_flag("--json", json, "machine-readable output");
    app::Action action;
    app::add_commands(app, action);
    try {
      app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
      hide_token(count, arguments);
      if (app::explain(app, error, std::cout, std::cerr) != 0) return k_usage;
      return std::cout.flush() ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    hide_token(count, arguments);
    return run(action, json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "memsync: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
