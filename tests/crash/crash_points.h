#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/crash/workload.h"

namespace memsync::crash {

/// What happens at one point of one step.
struct Trial {
  std::size_t step = 0;
  std::uint64_t point = 1; // the how-manieth write, truncation, sync, creation or removal of the step
  vfs::Fault::Kind kind = vfs::Fault::Kind::power_cut;
  bool lasts = false;         // every later point fails too, until the step has returned
  std::uint64_t survival = 0; // of what was unsynced when the power was cut (vfs::Survival)
};
std::string describe(const Workload& workload, const Trial& trial);

/// Lets one fault strike one step of a recorded workload and looks at what is left:
///
///  - after a power cut the store opens; beside a killed process its neighbour goes on; after an I/O error or
///    a full disk the same process goes on, and a full disk is reported as such
///  - the store's own check is clean
///  - what it holds is what it held before the step or after it, and after it if that was acknowledged
///  - the step done again gives the store that it gives without a fault; then a write like any other works
///  - a second power cut, of which nothing unsynced survives, takes nothing of that
class CrashPoints {
 public:
  explicit CrashPoints(Workload& workload) : workload_(workload) {}

  /// How many points a step has.
  std::uint64_t count_points(std::size_t step);
  /// The trials of a point, every one of them different.
  static std::vector<Trial> trials(std::size_t step, std::uint64_t point);
  /// What is wrong; nothing when all is well.
  std::optional<std::string> run(const Trial& trial);

 private:
  /// The process that a fault strikes, and what it has open.
  struct Machine;
  void strike(Machine& machine, const Trial& trial);
  void judge(Machine& machine, const Trial& trial);
  void judge_content(Machine& machine, const Trial& trial);
  void judge_later(Machine& machine, const Trial& trial);
  void open(Machine& machine, const char* when);
  void check(Machine& machine);
  base::Result<> run_step(Machine& machine, std::size_t step);

  Workload& workload_;
};

} // namespace memsync::crash
