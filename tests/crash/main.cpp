// crash_points --workload replica|hub [--stride N] [--step S --point P] [--stop]
//
// Every write, truncation, sync, creation and removal of a file that the recorded workload makes is a point;
// at each the power is cut (with five sets of survivors), an I/O error or a full disk strikes (once, and
// until the step has returned), or the process is killed beside another. With --stride only every N-th of
// these faults.

#include <fmt/format.h>

#include "tests/crash/crash_points.h"
#include "tests/crash/hub_workload.h"
#include "tests/crash/replica_workload.h"

using namespace memsync::crash;

namespace {

struct Arguments {
  std::string workload = "replica";
  std::uint64_t stride = 1;
  std::size_t step = SIZE_MAX; // all
  std::uint64_t point = 0;     // all
  bool stop = false;           // at the first failure
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string name = values[i];
    const auto number = [&] { return i + 1 < count ? std::stoull(values[++i]) : 0; };
    if (name == "--workload" && i + 1 < count) arguments.workload = values[++i];
    if (name == "--stride") arguments.stride = std::max<std::uint64_t>(number(), 1);
    if (name == "--step") arguments.step = number();
    if (name == "--point") arguments.point = number();
    if (name == "--stop") arguments.stop = true;
  }
  return arguments;
}

/// Counts, and prints what is wrong with the command that replays it.
class Run {
 public:
  Run(Workload& workload, const Arguments& arguments, const char* program)
      : workload_(workload), crash_points_(workload), arguments_(arguments), program_(program) {}

  void all() {
    for (std::size_t step = 0; step < workload_.steps().size() && !is_over(); ++step) {
      const std::uint64_t count = crash_points_.count_points(step);
      points_ += count;
      for (std::uint64_t point = 1; point <= count && !is_over(); ++point)
        for (const Trial& trial : CrashPoints::trials(step, point)) one(trial);
    }
    fmt::print("{}: {} steps, {} points, {} faults; {} were tried, {} left a store that is not right\n",
               workload_.name(), workload_.steps().size(), points_, faults_, tried_, failed_);
  }
  bool has_failed() const { return failed_ > 0; }

 private:
  bool is_over() const { return arguments_.stop && failed_ > 0; }

  void one(const Trial& trial) {
    const std::uint64_t order = faults_++;
    if (arguments_.step != SIZE_MAX && trial.step != arguments_.step) return;
    if (arguments_.point != 0 && trial.point != arguments_.point) return;
    if (order % arguments_.stride != 0) return;
    ++tried_;
    const auto finding = crash_points_.run(trial);
    if (!finding) return;
    ++failed_;
    fmt::print("{}: {}\n  replay: {} --workload {} --step {} --point {}\n", describe(workload_, trial),
               *finding, program_, workload_.name(), trial.step, trial.point);
  }

  Workload& workload_;
  CrashPoints crash_points_;
  const Arguments arguments_;
  const std::string program_;
  std::uint64_t points_ = 0, faults_ = 0, tried_ = 0, failed_ = 0;
};

std::unique_ptr<Workload> find_workload(const std::string& name) {
  if (name == "replica") return std::make_unique<ReplicaWorkload>();
  if (name == "hub") return std::make_unique<HubWorkload>();
  return nullptr;
}

} // namespace

int main(int count, char** values) {
  const Arguments arguments = parse(count, values);
  const auto workload = find_workload(arguments.workload);
  if (!workload) return fmt::print("--workload is replica or hub\n"), 2;
  Run run(*workload, arguments, values[0]);
  run.all();
  return run.has_failed() ? 1 : 0;
}
