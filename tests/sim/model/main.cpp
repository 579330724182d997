// The model form of the simulator: model_simulator [--seeds N] [--first S] [--edits E] [--trace]
//
// Every run is decided by its seed alone. A run that breaks an invariant prints the command that replays it;
// the program then ends with 1.

#include <chrono>
#include <cstdio>
#include <fmt/format.h>

#include "tests/sim/model/world.h"

using namespace memsync::model_sim;

namespace {

struct Arguments {
  std::uint64_t seeds = 1'000, first = 1;
  bool stop = false; // at the first failure
  RunOptions run;
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto number = [&] { return i + 1 < count ? std::stoull(values[++i]) : 0; };
    if (name == "--seeds") arguments.seeds = number();
    if (name == "--first") arguments.first = number();
    if (name == "--edits") arguments.run.edits_per_machine = number();
    if (name == "--stop") arguments.stop = true;
    if (name == "--trace") arguments.run.trace = true;
  }
  return arguments;
}

} // namespace

int main(int count, char** values) {
  Arguments arguments = parse(count, values);
  std::uint64_t failed = 0, operations = 0, done = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = arguments.first; done < arguments.seeds; ++seed, ++done) {
    arguments.run.seed = seed;
    World world(arguments.run);
    try {
      world.run();
    } catch (const Violation& violation) {
      ++failed;
      fmt::print("seed {}: {}\n  replay: {} --first {} --seeds 1 --edits {} --trace\n", seed, violation.what,
                 values[0], seed, arguments.run.edits_per_machine);
      if (arguments.stop) break;
    }
    operations += world.operations();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{} seeds, {} operations, {} failed; {:.0f} seeds/s\n", done, operations, failed,
             static_cast<double>(done) / seconds);
  return failed == 0 ? 0 : 1;
}
