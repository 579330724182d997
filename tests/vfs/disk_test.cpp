#include "tests/vfs/disk.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <optional>
#include <sqlite3.h>

#include "tests/unit/storage/fixture.h"

namespace memsync::vfs {

using base::ErrorCode;
using storage::Database;
using storage::TemporaryFolder;

namespace {

/// A disk, and databases of one file on it.
struct Machine {
  TemporaryFolder folder; // of the writer lock, which is a real file
  Disk disk;
  explicit Machine(std::uint64_t seed = 1) : disk(seed) {}

  std::unique_ptr<Database> open(const Process& process) { return *try_open(process); }
  base::Result<std::unique_ptr<Database>> try_open(const Process& process) {
    storage::OpenOptions options = storage::options_for(folder.file("notes.db"));
    options.vfs = process.vfs();
    return Database::open(options);
  }
  /// What a new process finds.
  std::int64_t count() {
    const Process process(disk);
    return storage::count_notes(*open(process));
  }
  void add(std::string_view text) {
    const Process process(disk);
    REQUIRE(storage::add_note(*open(process), text));
  }
};

ErrorCode code_of(const base::Result<>& result) {
  return result ? ErrorCode::cancelled : result.error().code;
}

} // namespace

TEST_CASE("a commit is seen by the other connections and processes of the disk") {
  Machine machine;
  const Process first(machine.disk), second(machine.disk);
  const auto writer = machine.open(first), neighbour = machine.open(first), other = machine.open(second);
  REQUIRE(storage::add_note(*writer, "one"));
  CHECK(storage::count_notes(*neighbour) == 1);
  REQUIRE(storage::add_note(*other, "two"));
  CHECK(storage::count_notes(*writer) == 2);
  CHECK(storage::query_number(*writer,
                              "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'") == 1);
}

TEST_CASE("a reader keeps its moment while another process commits and checkpoints") {
  Machine machine;
  const Process first(machine.disk), second(machine.disk);
  const auto reader = machine.open(first), writer = machine.open(second);
  const auto seen = reader->read([&](storage::ReadTxn& txn) -> base::Result<std::int64_t> {
    auto count = txn.prepare("SELECT count(*) FROM note");
    count.step();
    count.reset();
    REQUIRE(storage::add_note(*writer, "one"));
    const auto emptied = writer->checkpoint(storage::CheckpointMode::truncate);
    CHECK((!emptied && emptied.error().code == ErrorCode::busy));
    count.step();
    return count.column_int64(0);
  });
  CHECK(seen.value() == 0);
  CHECK(storage::count_notes(*reader) == 1);
}

TEST_CASE("a power cut takes no commit that was acknowledged") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine;
    std::optional<Process> process(machine.disk);
    auto database = machine.open(*process);
    for (int i = 0; i < 3; ++i) REQUIRE(storage::add_note(*database, "note"));
    machine.disk.cut_power();
    database.reset();
    process.reset();
    machine.disk.power_on(seed);
    CHECK_MESSAGE(machine.count() == 3, "seed ", seed);
  }
}

TEST_CASE("a power cut takes what was never synced, and a killed process nothing it wrote") {
  Machine machine;
  std::optional<Process> process(machine.disk);
  auto database = machine.open(*process);
  REQUIRE(sqlite3_vfs_find(process->vfs().c_str()) != nullptr);
  REQUIRE(database->write([&](storage::WriteTxn& txn) -> base::Result<> {
    txn.run("INSERT INTO note(text) VALUES('kept')");
    return {};
  }));
  process->kill();
  CHECK(code_of(storage::add_note(*database, "of the dead")) == ErrorCode::internal);
  database.reset();
  process.reset();
  CHECK(machine.count() == 1);
}

TEST_CASE("unsynced writes survive a power cut whole, torn or not at all, by the seed") {
  const auto survivors = [](std::uint64_t seed) {
    StoredFile file;
    file.write(0, std::string(4096, 'a'));
    file.sync();
    file.write(0, std::string(4096, 'b'));
    file.write(4096, std::string(4096, 'c'));
    Survival survival(seed);
    file.lose_power(survival);
    std::string content(file.size(), '\0');
    file.read(0, content);
    return content;
  };
  CHECK(survivors(0) == std::string(4096, 'a'));
  CHECK(survivors(1) == std::string(4096, 'b') + std::string(4096, 'c'));
  bool is_torn_once = false;
  for (std::uint64_t seed = 2; seed < 40; ++seed) {
    const std::string content = survivors(seed);
    CHECK(content == survivors(seed));
    is_torn_once = is_torn_once || content.substr(0, 4096).find_first_not_of('a') % 4096 < 4096;
  }
  CHECK(is_torn_once);
}

TEST_CASE("a file whose folder was not synced may be gone after a power cut") {
  Volume volume;
  volume.create("kept");
  volume.sync_names();
  volume.file(volume.create("new")).write(0, "text");
  volume.remove("kept");
  Volume copy = volume;
  Survival none(0), all(1);
  volume.lose_power(none);
  CHECK(volume.find("new") == 0);
  CHECK(volume.find("kept") != 0);
  copy.lose_power(all);
  CHECK(copy.find("new") != 0);
  CHECK(copy.find("kept") == 0);
}

TEST_CASE("a failed sync may lose what it was to make durable") {
  StoredFile file;
  file.write(0, "text");
  file.forget_unsynced();
  file.sync();
  CHECK(file.size() == 4);
  Survival all(1);
  file.lose_power(all);
  CHECK(file.size() == 0);
}

TEST_CASE("a process that is killed inside a commit leaves its neighbours at work") {
  Machine machine;
  machine.add("before");
  for (std::uint64_t at = 1;; ++at) {
    std::optional<Process> process(machine.disk);
    const Process neighbour(machine.disk);
    auto database = machine.open(*process), other = machine.open(neighbour);
    const std::int64_t before = storage::count_notes(*other);
    machine.disk.arm({Fault::Kind::kill, at});
    const bool was_acknowledged = storage::add_note(*database, "of the dying").has_value();
    const bool is_alive = process->is_alive();
    machine.disk.heal();
    database.reset();
    process.reset();
    CHECK(storage::count_notes(*other) == before + (was_acknowledged ? 1 : 0));
    REQUIRE(storage::add_note(*other, "of the neighbour"));
    CHECK(other->quick_check().has_value());
    if (is_alive) break;
  }
}

TEST_CASE("a write that fails or finds the disk full is refused with its code, and the next one works") {
  Machine machine;
  const Process process(machine.disk);
  const auto database = machine.open(process);
  machine.disk.arm({Fault::Kind::full, 1});
  CHECK(code_of(storage::add_note(*database, "one")) == ErrorCode::storage_full);
  machine.disk.arm({Fault::Kind::io_error, 2});
  CHECK(code_of(storage::add_note(*database, "two")) == ErrorCode::internal);
  machine.disk.heal();
  CHECK(storage::count_notes(*database) == 0);
  CHECK(storage::add_note(*database, "three").has_value());
}

TEST_CASE("a full disk is storage_full wherever it is met") {
  Machine machine;
  for (std::uint64_t at = 1;; ++at) {
    machine.disk.restore(Disk::Image());
    const Process process(machine.disk);
    machine.disk.arm({Fault::Kind::full, at});
    const auto opened = machine.try_open(process);
    if (!opened) CHECK_MESSAGE(opened.error().code == ErrorCode::storage_full, opened.error().message);
    if (machine.disk.is_armed()) break; // it has fewer points
  }
}

TEST_CASE("what is committed after a failed sync survives a power cut") {
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    Machine machine(seed);
    machine.add("before");
    {
      const Process process(machine.disk);
      const auto database = machine.open(process);
      machine.disk.arm({Fault::Kind::io_error, 1 + seed % 8, true});
      static_cast<void>(storage::add_note(*database, "refused, if it has so many writes"));
      machine.disk.heal();
    }
    machine.add("after");
    const std::int64_t count = machine.count();
    machine.disk.cut_power();
    machine.disk.power_on(0);
    CHECK_MESSAGE(machine.count() == count, "seed ", seed);
  }
}

TEST_CASE("after a commit found the disk full the store is opened and read, and written once there is room") {
  Machine machine;
  machine.add("before");
  const Process agent(machine.disk), later(machine.disk);
  const auto database = machine.open(agent);
  REQUIRE(storage::count_notes(*database) == 1);
  machine.disk.arm({Fault::Kind::full, 1, true});
  REQUIRE(code_of(storage::add_note(*database, "refused")) == ErrorCode::storage_full);
  const auto opened = machine.try_open(later);
  REQUIRE_MESSAGE(opened, opened.error().message);
  CHECK(storage::count_notes(**opened) == 1);
  CHECK(code_of(storage::add_note(**opened, "refused as well")) == ErrorCode::storage_full);
  CHECK(storage::count_notes(**opened) == 1);
  machine.disk.heal();
  CHECK(storage::add_note(**opened, "there is room again").has_value());
  CHECK(storage::count_notes(*database) == 2);
}

TEST_CASE("a commit that was refused is not there for whoever opens the store next, wherever it failed") {
  for (const auto kind : {Fault::Kind::io_error, Fault::Kind::full}) {
    for (std::uint64_t at = 1;; ++at) {
      Machine machine(at);
      machine.add("before");
      bool is_refused = false;
      {
        const Process process(machine.disk);
        const auto database = machine.open(process);
        machine.disk.arm({kind, at});
        is_refused = !storage::add_note(*database, "refused");
        machine.disk.heal();
      }
      CHECK_MESSAGE(machine.count() == (is_refused ? 1 : 2), "point ", at);
      if (!is_refused) break;
    }
  }
}

TEST_CASE("a fault that lasts ends when the disk is healed") {
  Machine machine;
  const Process process(machine.disk);
  const auto database = machine.open(process);
  machine.disk.arm({Fault::Kind::full, 1, true});
  for (int i = 0; i < 3; ++i) CHECK(code_of(storage::add_note(*database, "note")) == ErrorCode::storage_full);
  machine.disk.heal();
  CHECK(storage::add_note(*database, "note").has_value());
}

TEST_CASE("an image puts a disk back to an earlier moment") {
  Machine machine;
  machine.add("one");
  const Disk::Image image = machine.disk.image();
  machine.add("two");
  CHECK(machine.count() == 2);
  machine.disk.restore(image);
  CHECK(machine.count() == 1);
}

} // namespace memsync::vfs
