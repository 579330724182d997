#include "tests/crash/workload.h"

#include <fmt/format.h>

#include "tests/crash/store_text.h"

namespace memsync::crash {

using base::Result;

void give_up(const std::string& what) {
  fmt::print(stderr, "the workload cannot be recorded: {}\n", what);
  std::exit(2);
}

void Workload::go_back_to(std::size_t step) {
  clock_.set(steps_[step].time);
  random_ = base::SeededRandom(1000 + step);
}

void Workload::restart_system() const { std::filesystem::remove(path() + ".lock"); }

void Workload::begin_step(std::string name, Step::Extent extent, Action run) {
  Step step;
  step.name = std::move(name);
  step.extent = extent;
  step.run = std::move(run);
  clock_.advance(std::chrono::milliseconds(10));
  step.time = clock_.now();
  step.before = disk_.image();
  step.starts_damaged = std::exchange(is_damaged_, false);
  if (live_) step.text_before = store_text(process_->vfs(), path());
  steps_.push_back(std::move(step));
  go_back_to(steps_.size() - 1);
}

void Workload::end_step(const Result<>& done) {
  if (!done) give_up(fmt::format("{}: {}", steps_.back().name, done.error().message));
  steps_.back().text_after = store_text(process_->vfs(), path());
  for (const std::string& finding : must(live_->check()))
    give_up(fmt::format("after {}: {}", steps_.back().name, finding));
}

void Workload::record_opening() {
  begin_step("make the store", Step::Extent::many_transactions, {});
  process_ = std::make_unique<vfs::Process>(disk_);
  live_ = must(open(process_->vfs()));
  end_step({});
}

void Workload::record(std::string name, Action run, Step::Extent extent) {
  begin_step(std::move(name), extent, run);
  end_step(run(*live_));
}

void Workload::damage(const std::string& sql) {
  execute(process_->vfs(), path(), sql);
  is_damaged_ = true;
}

} // namespace memsync::crash
