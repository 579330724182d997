#include "tests/crash/crash_points.h"

#include <fmt/format.h>

#include "tests/crash/store_text.h"

namespace memsync::crash {

using base::Result;
using vfs::Fault;

namespace {

/// What a trial found; caught by run.
struct Finding {
  std::string what;
};
void require(bool holds, const std::string& what) {
  if (!holds) throw Finding{what};
}

std::string_view name_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::io_error: return "I/O error";
    case Fault::Kind::full: return "disk full";
    case Fault::Kind::kill: return "kill";
    case Fault::Kind::power_cut: return "power cut";
  }
  return "";
}

} // namespace

struct CrashPoints::Machine {
  vfs::Disk disk;
  std::unique_ptr<vfs::Process> process, neighbour;
  std::unique_ptr<Subject> subject, beside; // beside: of the neighbour
  bool was_acknowledged = false;
  std::string text;

  explicit Machine(std::uint64_t seed) : disk(seed) {}
  void stop() {
    subject.reset();
    beside.reset();
    process.reset();
    neighbour.reset();
  }
};

std::string describe(const Workload& workload, const Trial& trial) {
  return fmt::format("{}: {}{} at point {} of step {} ({}), survival {}", workload.name(),
                     name_of(trial.kind), trial.lasts ? " that lasts" : "", trial.point, trial.step,
                     workload.steps()[trial.step].name, trial.survival);
}

std::uint64_t CrashPoints::count_points(std::size_t step) {
  Machine machine(1);
  machine.disk.restore(workload_.steps()[step].before);
  workload_.restart_system();
  const bool opens = !workload_.steps()[step].run;
  if (!opens) open(machine, "before the step");
  const std::uint64_t before = machine.disk.points();
  if (opens) open(machine, "on an empty disk");
  if (!opens) must(run_step(machine, step));
  return machine.disk.points() - before;
}

std::vector<Trial> CrashPoints::trials(std::size_t step, std::uint64_t point) {
  using enum Fault::Kind;
  std::vector<Trial> all;
  // Nothing that was unsynced survives, all of it does, and subsets with torn writes.
  for (const std::uint64_t survival : {std::uint64_t{0}, std::uint64_t{1}, 2 + step * 1000 + point,
                                       1'000'002 + step * 1000 + point, 2'000'002 + step * 1000 + point})
    all.push_back({step, point, power_cut, false, survival});
  for (const bool lasts : {false, true}) {
    all.push_back({step, point, io_error, lasts});
    all.push_back({step, point, full, lasts});
  }
  all.push_back({step, point, kill});
  return all;
}

void CrashPoints::open(Machine& machine, const char* when) {
  if (!machine.process) machine.process = std::make_unique<vfs::Process>(machine.disk);
  auto opened = workload_.open(machine.process->vfs());
  require(opened.has_value(),
          opened ? "" : fmt::format("the store does not open {}: {}", when, opened.error().message));
  machine.subject = *std::move(opened);
}

Result<> CrashPoints::run_step(Machine& machine, std::size_t step) {
  workload_.go_back_to(step);
  if (const auto& run = workload_.steps()[step].run) return run(*machine.subject);
  auto opened = workload_.open(machine.process->vfs());
  if (!opened) return opened.error();
  machine.subject = *std::move(opened);
  return {};
}

std::optional<std::string> CrashPoints::run(const Trial& trial) {
  Machine machine(trial.step * 1000 + trial.point);
  machine.disk.restore(workload_.steps()[trial.step].before);
  workload_.restart_system();
  workload_.go_back_to(trial.step);
  try {
    strike(machine, trial);
    judge(machine, trial);
    return std::nullopt;
  } catch (const Finding& finding) {
    return finding.what;
  }
}

void CrashPoints::strike(Machine& machine, const Trial& trial) {
  const bool opens = !workload_.steps()[trial.step].run;
  if (!opens) open(machine, "before the step");
  machine.process =
      machine.process ? std::move(machine.process) : std::make_unique<vfs::Process>(machine.disk);
  if (trial.kind == Fault::Kind::kill && !opens) {
    machine.neighbour = std::make_unique<vfs::Process>(machine.disk);
    auto opened = workload_.open(machine.neighbour->vfs());
    require(opened.has_value(), "a second process cannot open the store");
    machine.beside = *std::move(opened);
  }
  machine.disk.arm({trial.kind, trial.point, trial.lasts});
  const Result<> done = run_step(machine, trial.step);
  machine.was_acknowledged = done.has_value();
  require(machine.disk.strikes() > 0, "the step has fewer points than when they were counted");
  machine.disk.heal();
  const bool is_misnamed =
      trial.kind == Fault::Kind::full && !done && done.error().code != base::ErrorCode::storage_full;
  require(!is_misnamed, done ? "" : "a full disk is reported as: " + done.error().message);
}

void CrashPoints::judge(Machine& machine, const Trial& trial) {
  // Opening the store that is being made goes on with the step: it must make the same one.
  if (!workload_.steps()[trial.step].run) workload_.go_back_to(trial.step);
  switch (trial.kind) {
    case Fault::Kind::io_error:
    case Fault::Kind::full:
      if (!machine.subject) open(machine, "after it could not");
      break;
    case Fault::Kind::kill:
      machine.subject = std::move(machine.beside); // the dead one's connections close
      machine.process = std::move(machine.neighbour);
      if (!machine.subject) open(machine, "after a process was killed");
      break;
    case Fault::Kind::power_cut:
      machine.stop();
      machine.disk.power_on(trial.survival);
      workload_.restart_system();
      open(machine, "after a power cut");
      break;
  }
  judge_content(machine, trial);
  judge_later(machine, trial);
}

void CrashPoints::check(Machine& machine) {
  const auto findings = machine.subject->check();
  require(findings.has_value(), findings ? "" : "the store cannot be checked: " + findings.error().message);
  require(findings->empty(), findings->empty() ? "" : "the check finds: " + findings->front());
}

void CrashPoints::judge_content(Machine& machine, const Trial& trial) {
  const Step& step = workload_.steps()[trial.step];
  const bool is_alive = trial.kind == Fault::Kind::io_error || trial.kind == Fault::Kind::full;
  const std::string text = store_text(machine.process->vfs(), workload_.path());
  const bool is_done = text == step.text_after;
  if (!step.starts_damaged || is_done) check(machine);
  if (machine.was_acknowledged)
    require(is_done, "what was acknowledged is not there: " + first_difference(step.text_after, text));
  if (step.extent == Step::Extent::one_transaction) {
    require(is_done || text == step.text_before,
            "the step is applied in part: " + first_difference(step.text_before, text));
    // Of what had not returned when the process died nobody knows; what was refused must not be there.
    require(machine.was_acknowledged || !is_alive || text == step.text_before,
            "what was refused is there: " + first_difference(step.text_before, text));
  }
  if (is_done) return;
  const Result<> again = run_step(machine, trial.step);
  require(again.has_value(), again ? "" : "the step cannot be done again: " + again.error().message);
  const std::string text_again = store_text(machine.process->vfs(), workload_.path());
  require(text_again == step.text_after,
          "done again it gives another store: " + first_difference(step.text_after, text_again));
  check(machine);
}

/// Whatever is acknowledged after a fault is as durable as before it.
void CrashPoints::judge_later(Machine& machine, const Trial&) {
  const Result<> written = workload_.write_one(*machine.subject);
  require(written.has_value(), written ? "" : "a later write fails: " + written.error().message);
  const std::string text = store_text(machine.process->vfs(), workload_.path());
  machine.disk.cut_power();
  machine.stop();
  machine.disk.power_on(0);
  workload_.restart_system();
  open(machine, "after the second power cut");
  const std::string kept = store_text(machine.process->vfs(), workload_.path());
  require(kept == text, "a second power cut took what was acknowledged: " + first_difference(text, kept));
}

} // namespace memsync::crash
