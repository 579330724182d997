// The deterministic simulator: sim [--seeds N] [--first S] [--edits E] [--minutes M] [--stop] [--trace]
//
// Every run is decided by its seed alone. A run that breaks an invariant prints the command that replays
// it; the program then ends with 1. With --minutes it goes on with further seeds until the time is up;
// without
// --first it then starts at a seed that no run had before.

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

#include "tests/sim/world.h"

using namespace memsync::sim;

namespace {

struct Arguments {
  std::uint64_t seeds = 20, first = 0; // 0: as above
  std::chrono::minutes time{0};
  bool stop = false; // at the first failure
  RunOptions run;
};

/// A million seeds for each second since 1970: no two runs share one.
std::uint64_t base_of_today() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count()) *
         1'000'000;
}

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto number = [&] { return i + 1 < count ? std::stoull(values[++i]) : 0; };
    if (name == "--seeds") arguments.seeds = number();
    if (name == "--first") arguments.first = number();
    if (name == "--edits") arguments.run.edits = number();
    if (name == "--minutes") arguments.time = std::chrono::minutes(number());
    if (name == "--stop") arguments.stop = true;
    if (name == "--trace") arguments.run.trace = true;
  }
  const bool is_timed = arguments.time.count() > 0;
  if (is_timed) arguments.seeds = UINT64_MAX / 2;
  if (arguments.first == 0) arguments.first = is_timed ? base_of_today() : 1;
  return arguments;
}

std::filesystem::path scratch() {
  const std::filesystem::path memory = "/dev/shm";
  const auto root = std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  return root / fmt::format("memsync-sim-{}", getpid());
}

} // namespace

int main(int count, char** values) {
  Arguments arguments = parse(count, values);
  std::uint64_t ran = 0, failed = 0, operations = 0;
  const auto start = std::chrono::steady_clock::now();
  const auto is_over = [&] {
    const bool is_late =
        arguments.time.count() > 0 && std::chrono::steady_clock::now() >= start + arguments.time;
    return ran == arguments.seeds || is_late || (arguments.stop && failed > 0);
  };
  for (; !is_over(); ++ran) {
    arguments.run.seed = arguments.first + ran;
    World world(arguments.run, scratch());
    try {
      world.run();
    } catch (const Violation& violation) {
      ++failed;
      fmt::print("seed {}: {}\n  replay: {} --first {} --seeds 1 --edits {} --trace\n", arguments.run.seed,
                 violation.what, values[0], arguments.run.seed, arguments.run.edits);
      std::fflush(stdout);
    }
    operations += world.ledger().size();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} seeds from {}, {} operations, {} failed; {:.1f} seeds/s\n", ran, arguments.first, operations,
             failed, static_cast<double>(ran) / seconds);
  return failed == 0 ? 0 : 1;
}
