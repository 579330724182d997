#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "tests/unit/temporary_folder.h"
#include "tests/vfs/disk.h"

namespace memsync::crash {

/// A store as one process has it open.
class Subject {
 public:
  virtual ~Subject() = default;
  /// What the store's own check finds; empty when it is sound.
  virtual base::Result<std::vector<std::string>> check() = 0;
};

/// Stands still until it is moved.
class ManualClock final : public base::Clock {
 public:
  base::Timestamp now() override { return now_; }
  base::Instant instant() override { return base::Instant(now_.time_since_epoch()); }
  void set(base::Timestamp time) { now_ = time; }
  void advance(std::chrono::milliseconds time) { now_ += time; }

 private:
  base::Timestamp now_{std::chrono::milliseconds(1'790'000'000'000)};
};

using Action = std::function<base::Result<>(Subject&)>;

/// One call of the workload and the disk it starts from. Doing it again from there gives the same store,
/// since clock and randomness are put back to what they were, and what the other side answered is part of it.
struct Step {
  enum class Extent {
    one_transaction,   // all or nothing
    many_transactions, // each is; done again it goes on where it stopped
  };
  std::string name;
  Extent extent = Extent::one_transaction;
  Action run;                  // none: opening the store is the step
  bool starts_damaged = false; // what it is to repair
  base::Timestamp time;
  vfs::Disk::Image before;
  std::string text_before, text_after; // store_text
};

/// A workload recorded step by step on a disk in memory. Made whole by its constructor.
class Workload {
 public:
  virtual ~Workload() = default;

  virtual std::string name() const = 0;
  /// Of the database file on the disk. The lock beside it is a real file.
  virtual std::string path() const = 0;
  virtual base::Result<std::unique_ptr<Subject>> open(const std::string& vfs) = 0;
  /// A write like any other, on any state of the store.
  virtual base::Result<> write_one(Subject& subject) = 0;

  const std::vector<Step>& steps() const { return steps_; }
  /// Time and randomness as they were when the step was recorded.
  void go_back_to(std::size_t step);
  /// Notes about failures are kept in the lock file until the system restarts.
  void restart_system() const;

 protected:
  /// Opens the store on an empty disk: the first step.
  void record_opening();
  /// Runs the step once, and keeps it.
  void record(std::string name, Action run, Step::Extent extent = Step::Extent::one_transaction);
  /// The next step starts from a store that this damaged.
  void damage(const std::string& sql);
  Subject& live() { return *live_; }

  ManualClock clock_;
  base::SeededRandom random_{1};
  const tests::TemporaryFolder folder_;

 private:
  void begin_step(std::string name, Step::Extent extent, Action run);
  void end_step(const base::Result<>& done);

  vfs::Disk disk_;
  std::unique_ptr<vfs::Process> process_;
  std::unique_ptr<Subject> live_;
  std::vector<Step> steps_;
  bool is_damaged_ = false;
};

/// Ends the program with a sentence: the workload itself does not work.
[[noreturn]] void give_up(const std::string& what);

template <class T>
T must(base::Result<T> result) {
  if (!result) give_up(result.error().message);
  return *std::move(result);
}
inline void must(const base::Result<>& result) {
  if (!result) give_up(result.error().message);
}

} // namespace memsync::crash
