#include <doctest/doctest.h>
#include <fstream>
#include <iterator>

#include "tests/unit/storage/fixture.h"

using namespace memsync::storage;
using memsync::base::Error;
using memsync::base::ErrorCode;
using memsync::base::Result;

namespace {

std::string content_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace

TEST_CASE("opening runs each migration once, also when opened again") {
  const TemporaryFolder folder;
  const OpenOptions options = options_for(folder.file("a.db"));
  for (int i = 0; i < 3; ++i) {
    const auto database = open_database(options);
    CHECK(query_number(*database, "SELECT count(*) FROM step") == 2);
    CHECK(query_number(*database, "PRAGMA user_version") == 2);
  }
}

TEST_CASE("an older database is migrated to the newest version") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  options.migrations = std::span(k_migrations, 1);
  CHECK(query_number(*open_database(options), "SELECT max(version) FROM step") == 1);
  options.migrations = k_migrations;
  CHECK(query_number(*open_database(options), "SELECT max(version) FROM step") == 2);
}

TEST_CASE("a migration that fails leaves the version before it") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  const Migration broken[] = {k_migrations[0], {2, "CREATE TABLE half(x); INSERT INTO missing VALUES(1);"}};
  options.migrations = broken;
  CHECK(!Database::open(options));
  options.migrations = k_migrations;
  const auto database = open_database(options);
  CHECK(query_number(*database, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'") == 0);
  CHECK(query_number(*database, "SELECT count(*) FROM step") == 2);
}

TEST_CASE("eight processes that open a new database at once all succeed and migrate it once") {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const OpenOptions options = options_for(folder.file("a.db"));
    const int failures = run_processes(8, [&](int) {
      auto opened = Database::open(options);
      return opened && query_number(**opened, "SELECT count(*) FROM step") == 2 &&
             add_note(**opened, "hello");
    });
    CHECK(failures == 0);
    CHECK(count_notes(*open_database(options)) == 8);
  }
}

TEST_CASE("a database of a newer program is refused and left untouched") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  {
    const auto database = open_database(options);
    REQUIRE(add_note(*database, "kept"));
    REQUIRE(database->checkpoint(CheckpointMode::truncate));
  }
  const std::string before = content_of(options.path);
  options.migrations = std::span(k_migrations, 1);
  const auto refused = Database::open(options);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::internal);
  CHECK(refused.error().message.find("newer memsync") != std::string::npos);
  CHECK(content_of(options.path) == before);
}

TEST_CASE("who has a database open while a newer program upgrades it reads on and writes nothing any more") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  options.migrations = std::span(k_migrations, 1);
  const auto older = open_database(options);
  REQUIRE(add_note(*older, "before"));
  const auto newer = open_database(options_for(options.path));
  for (int i = 0; i < 2; ++i) {
    const auto refused = add_note(*older, "refused");
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::internal);
    CHECK(refused.error().message.find("upgraded by a newer memsync meanwhile") != std::string::npos);
    CHECK(refused.error().message.find("restart this agent") != std::string::npos);
  }
  CHECK(count_notes(*older) == 1);
  CHECK(add_note(*newer, "after")); // the older one holds no lock
  CHECK(count_notes(*older) == 2);
}

TEST_CASE("a database of another program is refused") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  options.application_id = 42;
  open_database(options);
  options.application_id = k_replica_file;
  const auto refused = Database::open(options);
  REQUIRE(!refused);
  CHECK(refused.error().message.find("another program") != std::string::npos);
}

TEST_CASE(
    "a hub's file opened as a replica's, and the other way round, is refused by its name and untouched") {
  const TemporaryFolder folder;
  for (const auto& [written, opened, name] :
       {std::tuple{k_hub_file, k_replica_file,
                   "is a memsync hub, the log of a whole team and not a memsync replica"},
        std::tuple{k_replica_file, k_hub_file,
                   "is a memsync replica, the memory of one machine and not a memsync hub"}}) {
    OpenOptions options = options_for(folder.file(std::to_string(written)));
    options.application_id = written;
    open_database(options);
    const std::string before = content_of(options.path);
    options.application_id = opened;
    const auto refused = Database::open(options);
    REQUIRE(!refused);
    CHECK(refused.error().message.find(name) != std::string::npos);
    CHECK(content_of(options.path) == before);
  }
}

TEST_CASE("a file that is no database is reported as corrupt") {
  const TemporaryFolder folder;
  const OpenOptions options = options_for(folder.file("a.db"));
  std::ofstream(options.path) << std::string(8192, 'x');
  const auto refused = Database::open(options);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::corrupt);
}

TEST_CASE("a missing folder is reported with its path") {
  const TemporaryFolder folder;
  const auto refused = Database::open(options_for(folder.file("none/a.db")));
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::internal);
  CHECK(refused.error().message.find("none/a.db") != std::string::npos);
}

TEST_CASE("a read-only database needs an existing file of the current version and cannot write") {
  const TemporaryFolder folder;
  OpenOptions options = options_for(folder.file("a.db"));
  OpenOptions reader = options;
  reader.access = Access::read_only;
  const auto missing = Database::open(reader);
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(!std::filesystem::exists(reader.path));

  options.migrations = std::span(k_migrations, 1);
  const auto writer = open_database(options);
  CHECK(!Database::open(reader));

  reader.migrations = options.migrations;
  const auto database = open_database(reader);
  REQUIRE(add_note(*writer, "seen"));
  CHECK(count_notes(*database) == 1);
  CHECK(!add_note(*database, "refused"));
  CHECK(count_notes(*writer) == 1);
}
