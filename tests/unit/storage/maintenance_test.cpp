#include <atomic>
#include <doctest/doctest.h>
#include <thread>

#include "tests/unit/storage/fixture.h"

using namespace memsync::storage;
using memsync::base::Error;
using memsync::base::ErrorCode;
using memsync::base::Result;

namespace {

struct Maintained : NoteStore {
  std::uintmax_t wal_bytes() const { return std::filesystem::file_size(path + "-wal"); }
  void write_megabytes(int count) {
    const std::string text(1 << 20, 'x');
    for (int i = 0; i < count; ++i) REQUIRE(add_note(*database, text));
  }
};

} // namespace

TEST_CASE_FIXTURE(Maintained, "closing the last connection does not checkpoint") {
  REQUIRE(add_note(*database, "in the WAL"));
  const auto size = std::filesystem::file_size(path);
  const auto wal = wal_bytes();
  CHECK(wal > 0);
  database.reset();
  CHECK(std::filesystem::file_size(path) == size);
  CHECK(wal_bytes() == wal);
  CHECK(count_notes(*open_database(options_for(path))) == 1);
}

TEST_CASE_FIXTURE(Maintained, "a passive checkpoint waits for a large WAL and then lets it start again") {
  REQUIRE(add_note(*database, "small"));
  CHECK(*database->checkpoint(CheckpointMode::passive) == false);
  write_megabytes(5);
  const auto large = wal_bytes();
  CHECK(*database->checkpoint(CheckpointMode::passive) == true);
  CHECK(*database->checkpoint(CheckpointMode::passive) == false);
  write_megabytes(3);
  CHECK(wal_bytes() == large);
  CHECK(database->quick_check());
}

TEST_CASE_FIXTURE(Maintained, "a truncating checkpoint empties the WAL") {
  write_megabytes(1);
  CHECK(database->checkpoint(CheckpointMode::truncate));
  CHECK(wal_bytes() == 0);
  CHECK(count_notes(*database) == 1);
}

TEST_CASE_FIXTURE(Maintained, "a truncating checkpoint is busy while a reader needs the WAL") {
  const auto reader = open_database(options_for(path));
  write_megabytes(1);
  const auto result = reader->read([&](ReadTxn& txn) -> Result<> {
    Statement count = txn.prepare("SELECT count(*) FROM note");
    REQUIRE(count.step());
    write_megabytes(1);
    const auto blocked = database->checkpoint(CheckpointMode::truncate);
    REQUIRE(!blocked);
    CHECK(blocked.error().code == ErrorCode::busy);
    return {};
  });
  CHECK(result);
  CHECK(database->checkpoint(CheckpointMode::truncate));
}

TEST_CASE_FIXTURE(Maintained, "a passive checkpoint empties a WAL that a reader made overdue") {
  const auto reader = open_database(options_for(path));
  const auto result = reader->read([&](ReadTxn& txn) -> Result<> {
    Statement count = txn.prepare("SELECT count(*) FROM note");
    REQUIRE(count.step());
    REQUIRE(add_note(*database, std::string(70 << 20, 'x')));
    return {};
  });
  REQUIRE(result);
  REQUIRE(wal_bytes() > (std::uintmax_t{64} << 20));
  CHECK(*database->checkpoint(CheckpointMode::passive) == true);
  CHECK(wal_bytes() == 0);
}

TEST_CASE_FIXTURE(Maintained, "a reader that never ends cannot grow the WAL without bound") {
  const auto reader = open_database(options_for(path));
  const auto result = reader->read([&](ReadTxn& txn) -> Result<> {
    Statement count = txn.prepare("SELECT count(*) FROM note");
    REQUIRE(count.step());
    write_megabytes(1);
    const std::string text(50 << 20, 'x');
    int written = 0;
    Result<> outcome;
    while ((outcome = add_note(*database, text)) && written < 20) ++written;
    REQUIRE(!outcome);
    CHECK(outcome.error().code == ErrorCode::busy);
    CHECK(wal_bytes() < (std::uintmax_t{320} << 20));
    return {};
  });
  CHECK(result);
  CHECK(add_note(*database, "the reader is gone"));
  CHECK(wal_bytes() < (std::uintmax_t{1} << 20));
}

TEST_CASE_FIXTURE(Maintained, "a backup made while others write is whole and opens clean") {
  REQUIRE(add_note(*database, "first"));
  std::atomic<bool> is_stopped = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    const auto own = open_database(options_for(path));
    while (!is_stopped) {
      const auto result = own->write([](WriteTxn& txn) -> Result<> {
        txn.run("INSERT INTO note(text) VALUES('one of a pair')");
        txn.run("INSERT INTO note(text) VALUES('one of a pair')");
        return {};
      });
      if (result) ++written;
    }
  });
  while (written < 20) std::this_thread::yield();
  for (int i = 0; i < 5; ++i) {
    const std::string copy = folder.file(fmt::format("copy{}.db", i));
    CHECK(database->backup_to(copy));
    const auto opened = open_database(options_for(copy));
    CHECK(opened->quick_check());
    CHECK(count_notes(*opened) % 2 == 1);
    CHECK(count_notes(*opened) > 20);
  }
  is_stopped = true;
  writer.join();
}

TEST_CASE_FIXTURE(Maintained, "a backup never replaces a file, and replaces the rest of an interrupted one") {
  const std::string copy = folder.file("copy.db");
  { open_database(options_for(copy + ".partial")); }
  REQUIRE(database->backup_to(copy));
  CHECK(!std::filesystem::exists(copy + ".partial"));
  const auto again = database->backup_to(copy);
  REQUIRE(!again);
  CHECK(again.error().code == ErrorCode::validation);
  CHECK((std::filesystem::status(copy).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE_FIXTURE(Maintained, "quick_check reports a damaged page") {
  write_megabytes(1);
  REQUIRE(database->checkpoint(CheckpointMode::truncate));
  database.reset();
  {
    std::FILE* const file = std::fopen(path.c_str(), "r+b");
    REQUIRE(file);
    std::fseek(file, 4096, SEEK_SET);
    const std::string noise(4096, '\x5a');
    std::fwrite(noise.data(), 1, noise.size(), file);
    std::fclose(file);
  }
  auto opened = Database::open(options_for(path));
  REQUIRE(opened);
  const auto checked = (*opened)->quick_check();
  REQUIRE(!checked);
  CHECK(checked.error().code == ErrorCode::corrupt);
}
