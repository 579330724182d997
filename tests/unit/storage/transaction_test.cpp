#include <doctest/doctest.h>
#include <sqlite3.h>
#include <stdexcept>
#include <sys/stat.h>

#include "tests/unit/storage/fixture.h"

using namespace memsync::storage;
using memsync::base::Error;
using memsync::base::ErrorCode;
using memsync::base::Result;

TEST_CASE_FIXTURE(NoteStore,
                  "a write whose result is a value is committed and visible to other connections") {
  const auto id = database->write([](WriteTxn& txn) -> Result<std::int64_t> {
    txn.run("INSERT INTO note(text) VALUES(?1)", "first");
    CHECK(txn.changes() == 1);
    return txn.last_insert_rowid();
  });
  REQUIRE(id);
  CHECK(*id == 1);
  CHECK(count_notes(*open_database(options_for(path))) == 1);
}

TEST_CASE_FIXTURE(NoteStore, "a write that returns an error leaves nothing behind and passes the error on") {
  const auto result = database->write([](WriteTxn& txn) -> Result<int> {
    txn.run("INSERT INTO note(text) VALUES('lost')");
    return Error{ErrorCode::stale, "changed meanwhile"};
  });
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::stale);
  CHECK(result.error().message == "changed meanwhile");
  CHECK(count_notes(*database) == 0);
}

TEST_CASE_FIXTURE(NoteStore, "an exception inside a write is rolled back and becomes an error") {
  const auto foreign = database->write([](WriteTxn& txn) -> Result<> {
    txn.run("INSERT INTO note(text) VALUES('lost')");
    throw std::runtime_error("broken");
  });
  REQUIRE(!foreign);
  CHECK(foreign.error().code == ErrorCode::internal);
  CHECK(foreign.error().message.find("broken") != std::string::npos);

  const auto constraint = database->write([](WriteTxn& txn) -> Result<> {
    txn.run("INSERT INTO note(text) VALUES('lost')");
    txn.run("INSERT INTO note(text) VALUES(?1)", nullptr);
    return {};
  });
  REQUIRE(!constraint);
  CHECK(constraint.error().code == ErrorCode::internal);
  CHECK(count_notes(*database) == 0);
  CHECK(add_note(*database, "kept"));
  CHECK(count_notes(*database) == 1);
}

TEST_CASE_FIXTURE(NoteStore, "a commit that fails is an error and nothing of it is applied") {
  const auto result = database->write([](WriteTxn& txn) -> Result<> {
    txn.run("PRAGMA defer_foreign_keys = ON");
    txn.run("INSERT INTO note(text) VALUES('lost')");
    txn.run("INSERT INTO tag VALUES(99, 'no such note')");
    return {};
  });
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::internal);
  CHECK(count_notes(*database) == 0);
  CHECK(add_note(*database, "kept"));
}

TEST_CASE_FIXTURE(NoteStore, "a write statement prepared in a read transaction is refused") {
  const auto result = database->read([](ReadTxn& txn) -> Result<> {
    txn.prepare("INSERT INTO note(text) VALUES('x')").run();
    return {};
  });
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::internal);
  CHECK(count_notes(*database) == 0);
}

TEST_CASE_FIXTURE(NoteStore,
                  "a transaction begun inside a transaction is refused and the outer one goes on") {
  const auto result = database->write([&](WriteTxn& txn) -> Result<> {
    txn.run("INSERT INTO note(text) VALUES('outer')");
    CHECK(!database->read([](ReadTxn&) -> Result<> { return {}; }));
    txn.run("INSERT INTO note(text) VALUES('still in it')");
    return {};
  });
  CHECK(result);
  CHECK(count_notes(*database) == 2);
}

TEST_CASE_FIXTURE(NoteStore, "a read sees one moment although others commit meanwhile") {
  const auto other = open_database(options_for(path));
  REQUIRE(add_note(*database, "before"));
  const auto seen = database->read([&](ReadTxn& txn) -> Result<std::int64_t> {
    Statement count = txn.prepare("SELECT count(*) FROM note");
    count.step();
    REQUIRE(add_note(*other, "meanwhile"));
    count.reset();
    count.step();
    return count.column_int64(0);
  });
  REQUIRE(seen);
  CHECK(*seen == 1);
  CHECK(count_notes(*database) == 2);
}

TEST_CASE_FIXTURE(NoteStore, "every kind of value comes back as it was bound") {
  using memsync::base::Hash128;
  using NoteId = memsync::base::Id<struct NoteTag>;
  memsync::base::SeededRandom random(7);
  const NoteId id = NoteId::random(random);
  const Hash128 hash = Hash128::of("x");
  const memsync::base::Timestamp time{std::chrono::milliseconds(1'763'678'236'123)};
  const std::uint64_t large = 0xfedcba9876543210u;
  const std::string bytes("a\0b", 3);
  const auto result = database->write([&](WriteTxn& txn) -> Result<> {
    Statement echo =
        txn.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, typeof(?3), typeof(?4)");
    echo.bind_all(-5, 2.5, std::string("text"), Blob{bytes}, nullptr, std::optional<int>(), true, id,
                  NoteId(), hash, time);
    REQUIRE(echo.step());
    CHECK(echo.column_int64(0) == -5);
    CHECK(echo.column_double(1) == 2.5);
    CHECK(echo.column_text(2) == "text");
    CHECK(echo.column_blob(3) == bytes);
    CHECK(echo.is_null(4));
    CHECK(echo.is_null(5));
    CHECK(echo.column_bool(6));
    CHECK(echo.column_id<NoteId>(7) == id);
    CHECK(echo.column_id<NoteId>(8).is_empty());
    CHECK(echo.column_hash(9) == hash);
    CHECK(echo.column_time(10) == time);
    CHECK(echo.column_text(11) == "text");
    CHECK(echo.column_text(12) == "blob");
    echo.reset();
    echo.bind_u64(1, large);
    echo.bind(2, std::string_view());
    echo.bind(4, Blob{});
    REQUIRE(echo.step());
    CHECK(echo.column_u64(0) == large);
    CHECK(!echo.is_null(1));
    CHECK(!echo.is_null(3));
    return {};
  });
  CHECK(result);
}

TEST_CASE_FIXTURE(NoteStore, "a stored id or hash that cannot be one is reported as corrupt") {
  using NoteId = memsync::base::Id<struct NoteTag>;
  const auto id = database->read([](ReadTxn& txn) -> Result<NoteId> {
    Statement row = txn.prepare("SELECT 'not an id'");
    row.step();
    return row.column_id<NoteId>(0);
  });
  REQUIRE(!id);
  CHECK(id.error().code == ErrorCode::corrupt);
  const auto hash = database->read([](ReadTxn& txn) -> Result<memsync::base::Hash128> {
    Statement row = txn.prepare("SELECT x'0011'");
    row.step();
    return row.column_hash(0);
  });
  REQUIRE(!hash);
  CHECK(hash.error().code == ErrorCode::corrupt);
}

TEST_CASE_FIXTURE(NoteStore,
                  "a statement is reused without its former bindings, and twice at once when nested") {
  const auto result = database->write([](WriteTxn& txn) -> Result<> {
    const std::string_view sql = "SELECT ?1 UNION ALL SELECT 'end'";
    {
      Statement first = txn.prepare(sql);
      first.bind(1, "outer");
      REQUIRE(first.step());
      Statement second = txn.prepare(sql);
      REQUIRE(second.step());
      CHECK(second.is_null(0));
      CHECK(first.column_text(0) == "outer");
    }
    Statement again = txn.prepare(sql);
    REQUIRE(again.step());
    CHECK(again.is_null(0));
    for (int i = 0; i < 1000; ++i) txn.prepare(fmt::format("SELECT {}", i)).run(); // beyond the cache
    again.reset();
    CHECK(again.step());
    return {};
  });
  CHECK(result);
}

TEST_CASE_FIXTURE(NoteStore, "data_version changes when another connection commits and only then") {
  const auto other = open_database(options_for(path));
  const auto before = database->data_version();
  REQUIRE(before);
  REQUIRE(add_note(*database, "own"));
  CHECK(*database->data_version() == *before);
  REQUIRE(add_note(*other, "foreign"));
  CHECK(*database->data_version() != *before);
}

TEST_CASE_FIXTURE(NoteStore, "a full disk is storage_full, reads go on, and writes work once there is room") {
  REQUIRE(add_note(*database, "kept"));
  const auto set_limit = [&](std::int64_t pages) {
    CHECK(query_number(*database, fmt::format("PRAGMA max_page_count = {}", pages)) > 0);
  };
  set_limit(query_number(*database, "PRAGMA page_count") + 2);
  const std::string large(100'000, 'x');
  const auto refused = add_note(*database, large);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::storage_full);
  CHECK(count_notes(*database) == 1);
  CHECK(add_note(*database, "small"));
  set_limit(1'000'000);
  CHECK(add_note(*database, large));
  CHECK(count_notes(*database) == 3);
}

TEST_CASE_FIXTURE(NoteStore, "an interrupted statement ends with cancelled and the connection stays usable") {
  // The progress of the query itself interrupts it: no timing involved.
  const auto result = database->read([&](ReadTxn& txn) -> Result<> {
    Statement endless =
        txn.prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
    for (int i = 0; i < 10; ++i) REQUIRE(endless.step());
    database->interrupt();
    endless.run();
    return {};
  });
  REQUIRE(!result);
  CHECK(result.error().code == ErrorCode::cancelled);
  CHECK(add_note(*database, "kept"));
}

TEST_CASE_FIXTURE(NoteStore, "a writer gives up with busy when the lock is held beyond its limit") {
  OpenOptions impatient = options_for(path);
  impatient.busy_limit = std::chrono::milliseconds(20);
  const auto other = open_database(impatient);
  const auto result = database->write([&](WriteTxn&) -> Result<> {
    const auto refused = add_note(*other, "too late");
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::busy);
    CHECK(count_notes(*other) == 0); // readers do not wait
    return {};
  });
  CHECK(result);
  CHECK(add_note(*other, "now"));
}

TEST_CASE_FIXTURE(NoteStore, "foreign keys are enforced") {
  const auto result = database->write([](WriteTxn& txn) -> Result<> {
    txn.run("INSERT INTO tag VALUES(1, 'x')");
    return {};
  });
  CHECK(!result);
}

TEST_CASE_FIXTURE(NoteStore, "the files can be read only by their owner") {
  REQUIRE(add_note(*database, "private"));
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    struct stat file {};
    REQUIRE(stat((path + suffix).c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
  }
}
