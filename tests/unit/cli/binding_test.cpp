#include "cli/binding.h"

#include <doctest/doctest.h>

#include "tests/unit/temporary_folder.h"

using namespace memsync;
using namespace memsync::cli;

namespace {

const model::UserId k_ada = *model::UserId::parse("0000000000000000000a");
const model::UserId k_bo = *model::UserId::parse("0000000000000000000b");

struct Store {
  tests::TemporaryFolder folder;
  base::SystemClock clock;
  base::SystemRandom random;
  std::unique_ptr<replica::Replica> replica =
      *replica::Replica::open({folder.path(), storage::Access::read_write, ""}, clock, random);

  void belong_to(const model::UserId& user) {
    REQUIRE(replica->database().write([&](storage::WriteTxn& txn) -> base::Result<> {
      txn.run("UPDATE store SET user = ?1, user_name = 'Ada'", user);
      return {};
    }));
  }
};

} // namespace

TEST_CASE("an unbound store takes any hub, and then only that one") {
  Store store;
  CHECK(check_binding(*store.replica, "http://one", k_ada));
  CHECK(bind_store(*store.replica, "http://one"));
  CHECK(bind_store(*store.replica, "http://one"));
  const auto other = bind_store(*store.replica, "http://two");
  REQUIRE_FALSE(other);
  CHECK(other.error().code == base::ErrorCode::permission);
  CHECK(other.error().message.find("another MEMSYNC_HOME") != std::string::npos);
  CHECK_FALSE(check_binding(*store.replica, "http://two", {}));
}

TEST_CASE("a store of one person refuses another person of the same hub") {
  Store store;
  REQUIRE(bind_store(*store.replica, "http://one"));
  store.belong_to(k_ada);
  CHECK(check_binding(*store.replica, "http://one", k_ada));
  const auto other = check_binding(*store.replica, "http://one", k_bo);
  REQUIRE_FALSE(other);
  CHECK(other.error().message.find("Ada") != std::string::npos);
}
