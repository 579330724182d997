#include "app/client_leadership.h"

#include <csignal>
#include <doctest/doctest.h>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "tests/unit/temporary_folder.h"

using namespace memsync;
using app::Leadership;

namespace {

/// The machine's clock, moved by `ahead`: what a process sees after having waited that long.
class MovedClock final : public base::Clock {
 public:
  base::Timestamp now() override { return system_.now() + ahead; }
  base::Instant instant() override { return system_.instant() + ahead; }
  std::chrono::milliseconds ahead{0};

 private:
  base::SystemClock system_;
};

/// One process of a store.
struct Member {
  MovedClock clock;
  base::SystemRandom random;
  std::unique_ptr<replica::Replica> replica;
  std::unique_ptr<Leadership> leadership;

  explicit Member(const tests::TemporaryFolder& folder) {
    auto opened = replica::Replica::open({folder.path(), storage::Access::read_write, ""}, clock, random);
    if (!opened) throw std::runtime_error(opened.error().message);
    replica = *std::move(opened);
    auto election = Leadership::open(*replica);
    if (!election) throw std::runtime_error(election.error().message);
    leadership = *std::move(election);
  }
  bool update() {
    const auto leads = leadership->update();
    return leads && *leads;
  }
};

/// A member in a process of its own, that does what it is told: 'u' update, 'r' resign, 'q' leave at once.
/// Answers with the generation it leads with, 0 when it does not.
class OtherProcess {
 public:
  explicit OtherProcess(const tests::TemporaryFolder& folder) {
    REQUIRE(::pipe(orders_.data()) == 0);
    REQUIRE(::pipe(answers_.data()) == 0);
    process_ = ::fork();
    if (process_ == 0) serve(folder);
  }
  ~OtherProcess() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    for (const int file : {orders_[0], orders_[1], answers_[0], answers_[1]}) ::close(file);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  std::int64_t order(char what) {
    std::int64_t generation = -1;
    REQUIRE(::write(orders_[1], &what, 1) == 1);
    REQUIRE(::read(answers_[0], &generation, sizeof generation) == sizeof generation);
    return generation;
  }
  void kill_at_once() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  void stop() {
    ::kill(process_, SIGSTOP);
    ::waitpid(process_, nullptr, WUNTRACED);
  }
  void go_on() { ::kill(process_, SIGCONT); }

 private:
  [[noreturn]] void serve(const tests::TemporaryFolder& folder) {
    Member member(folder);
    char what = 0;
    while (::read(orders_[0], &what, 1) == 1) {
      if (what == 'u') member.update();
      if (what == 'r') member.leadership->resign();
      const std::int64_t generation = member.leadership->is_leading() ? member.leadership->generation() : 0;
      if (::write(answers_[1], &generation, sizeof generation) != sizeof generation) break;
    }
    ::_exit(0);
  }

  std::array<int, 2> orders_{}, answers_{};
  pid_t process_ = 0;
};

} // namespace

TEST_CASE("of several processes exactly one leads") {
  const tests::TemporaryFolder folder;
  OtherProcess first(folder), second(folder), third(folder);
  CHECK(first.order('u') == 1);
  CHECK(second.order('u') == 0);
  CHECK(third.order('u') == 0);
  CHECK(first.order('u') == 1);
}

TEST_CASE("the others notice at their next look that the leader was killed") {
  const tests::TemporaryFolder folder;
  OtherProcess first(folder), second(folder);
  CHECK(first.order('u') == 1);
  CHECK(second.order('u') == 0);
  first.kill_at_once();
  CHECK(second.order('u') == 2);
}

TEST_CASE("a leader that resigns can be followed at once") {
  const tests::TemporaryFolder folder;
  OtherProcess first(folder), second(folder);
  CHECK(first.order('u') == 1);
  CHECK(first.order('r') == 0);
  CHECK(second.order('u') == 2);
  CHECK(first.order('u') == 0);
}

TEST_CASE("a stopped leader keeps its lock and is superseded once its bulletin is old") {
  const tests::TemporaryFolder folder;
  OtherProcess first(folder);
  Member self(folder);
  CHECK(first.order('u') == 1);
  first.stop();
  CHECK_FALSE(self.update());
  self.clock.ahead = Leadership::k_stale + std::chrono::milliseconds(500);
  CHECK(self.update());
  CHECK(self.leadership->generation() == 2);

  SUBCASE("when it goes on it steps down, and the lock passes to the one who leads") {
    first.go_on();
    CHECK(first.order('u') == 0);
    CHECK(self.update());
    CHECK(self.leadership->generation() == 2);
    CHECK(self.leadership->bulletin()->holds_lock);
  }
  SUBCASE("when it is killed, nobody who gets the free lock leads beside the living leader") {
    CHECK_FALSE(self.leadership->bulletin()->holds_lock);
    first.kill_at_once();
    Member third(folder);
    third.clock.ahead = self.clock.ahead;
    CHECK_FALSE(third.update());
    CHECK(self.update());
    CHECK(self.leadership->bulletin()->holds_lock);
    CHECK_FALSE(third.update());
  }
  SUBCASE("a leader without the lock that resigns can be followed") {
    self.leadership->resign();
    Member third(folder);
    third.clock.ahead = self.clock.ahead;
    CHECK(third.update());
    CHECK(third.leadership->generation() == 3);
  }
}

TEST_CASE("a superseded leader's transactions are refused even before it knows") {
  const tests::TemporaryFolder folder;
  Member first(folder), second(folder);
  REQUIRE(first.update());
  second.clock.ahead = Leadership::k_stale + std::chrono::milliseconds(500);
  REQUIRE(second.update());
  CHECK(first.leadership->is_leading());
  const auto stored = first.replica->database().read([](storage::ReadTxn& txn) -> base::Result<std::int64_t> {
    storage::Statement row = txn.prepare("SELECT generation FROM store");
    row.step();
    return row.column_int64(0);
  });
  REQUIRE(stored);
  CHECK(*stored != first.leadership->generation());
  CHECK_FALSE(first.update());
}

TEST_CASE("a bulletin of an earlier boot, from a clock ahead of ours, holds nobody up") {
  const tests::TemporaryFolder folder;
  {
    Member before(folder);
    before.clock.ahead = std::chrono::hours(48);
    REQUIRE(before.update());
    before.leadership->post({});
    const auto left_behind = before.leadership->bulletin();
    before.leadership->resign();
    const auto board = app::BulletinBoard::open(folder.file("leader"));
    REQUIRE(board);
    app::Bulletin dead = *left_behind;
    dead.holds_lock = false;
    board->post(dead);
  }
  Member self(folder);
  CHECK(self.update());
}

TEST_CASE("a bulletin is read as it was posted, and one that is half overwritten not at all") {
  const tests::TemporaryFolder folder;
  const auto board = app::BulletinBoard::open(folder.file("leader"));
  REQUIRE(board);
  CHECK_FALSE(board->read());
  app::Bulletin bulletin;
  bulletin.generation = 7;
  bulletin.beat = std::chrono::milliseconds(1234);
  bulletin.answered = 3;
  bulletin.connection = replica::Offline{base::Timestamp(std::chrono::seconds(9)),
                                         {base::ErrorCode::unauthenticated, "unknown \"token\""}};
  bulletin.counters.pulled = 5;
  bulletin.settled.insert(*model::WorkspaceId::parse("00000000000000000001"));
  board->post(bulletin);
  const auto read = board->read();
  REQUIRE(read);
  CHECK(read->generation == 7);
  CHECK(read->beat == bulletin.beat);
  CHECK(read->answered == 3);
  CHECK(read->counters.pulled == 5);
  CHECK(read->settled == bulletin.settled);
  REQUIRE(std::holds_alternative<replica::Offline>(read->connection));
  CHECK(std::get<replica::Offline>(read->connection).reason.code == base::ErrorCode::unauthenticated);
  std::filesystem::resize_file(folder.file("leader"), 60);
  CHECK_FALSE(board->read());
}

TEST_CASE("requests for a sync are counted among all processes") {
  const tests::TemporaryFolder folder;
  const auto first = app::SyncRequests::open(folder.file("sync.requests"));
  const auto second = app::SyncRequests::open(folder.file("sync.requests"));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->add() == 1);
  CHECK(second->add() == 2);
  CHECK(first->count() == 2);
}

TEST_CASE("a bulletin says who is here as far as its file has room, and can be read whatever the crowd") {
  app::Bulletin bulletin;
  base::SeededRandom random{1};
  model::PresentMember member{model::UserId::random(random), std::string(200, 'n'), {}, {}};
  member.presence.session = std::string(64, 's');
  member.presence.workspace = model::WorkspaceId::random(random);
  member.presence.client = std::string(200, 'c');
  bulletin.present.assign(1'000, member);
  const std::string text = app::encode(bulletin);
  CHECK(text.size() < std::size_t{60} << 10);
  const auto read = app::decode_bulletin(text);
  REQUIRE(read);
  CHECK(read->present.size() > 20);
  CHECK(read->present.front() == member);
}
