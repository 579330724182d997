#include "messages.h"

using namespace memsync;
using namespace memsync::wire;
using namespace memsync::wire::tests;
using base::ErrorCode;

TEST_CASE("every error reads back from problem details with its code, whatever the status") {
  for (const base::ErrorInfo& row : base::error_table()) {
    CAPTURE(row.name);
    Problem problem;
    problem.code = row.code;
    problem.detail = "what to do";
    const Problem read = decode_problem(200, encode(problem));
    CHECK(read.code == row.code);
    CHECK(to_error(read).message == "what to do");
    const base::Json json = parse(encode(problem));
    CHECK(json["status"] == row.http_status);
    CHECK(json["title"] == std::string(row.title));
  }
}

TEST_CASE("what sync needs to recover reads back") {
  for_many([](Messages& messages) {
    Problem problem;
    problem.code = ErrorCode::forked;
    problem.epoch = model::Epoch{messages.number()};
    problem.last_n = messages.number();
    problem.accepted = {{messages.number(), messages.hash()}, {messages.number(), messages.hash()}};
    problem.retry_after_s = 30;
    problem.workspace = messages.id<model::WorkspaceId>();
    problem.user = messages.id<model::UserId>();
    const Problem read = decode_problem(409, encode(problem));
    REQUIRE(read.epoch == problem.epoch);
    REQUIRE(read.last_n == problem.last_n);
    REQUIRE(read.accepted == problem.accepted);
    REQUIRE(read.retry_after_s == problem.retry_after_s);
    REQUIRE(read.workspace == problem.workspace);
    REQUIRE(read.user == problem.user);
  });
}

TEST_CASE("a copy of a store with 100,000 accepted operations learns of them all") {
  Problem problem;
  problem.code = ErrorCode::forked;
  for (std::uint64_t n = 1; n <= 100'000; ++n)
    problem.accepted.push_back({n, base::Hash128::of("an operation")});
  const Problem read = decode_problem(409, encode(problem));
  CHECK(read.code == ErrorCode::forked);
  CHECK(read.accepted == problem.accepted);
}

TEST_CASE("an unreadable body is judged by its status") {
  const std::pair<int, ErrorCode> rows[] = {
      {400, ErrorCode::validation},   {401, ErrorCode::unauthenticated}, {403, ErrorCode::offline},
      {404, ErrorCode::offline},      {412, ErrorCode::stale},           {413, ErrorCode::too_large},
      {429, ErrorCode::rate_limited}, {500, ErrorCode::offline},         {502, ErrorCode::offline},
      {503, ErrorCode::offline},      {504, ErrorCode::offline},         {507, ErrorCode::storage_full}};
  for (const auto& [status, code] : rows)
    for (const char* body : {"", "<html>Bad gateway</html>", "[]", "{", R"({"code":7})"}) {
      CAPTURE(status);
      CAPTURE(body);
      CHECK(decode_problem(status, body).code == code);
      CHECK_FALSE(decode_problem(status, body).detail.empty());
    }
}

TEST_CASE("a code of a newer hub is judged by its status") {
  const char* const body = R"({"code":"new"})";
  CHECK(decode_problem(403, body).code == ErrorCode::permission);
  CHECK(decode_problem(404, body).code == ErrorCode::not_found);
  CHECK(decode_problem(413, body).code == ErrorCode::too_large);
}

TEST_CASE("no status alone makes a replica drop, renumber or refetch anything") {
  for (int status = 300; status < 600; ++status) {
    const ErrorCode code = decode_problem(status, "<html></html>").code;
    for (const ErrorCode acting :
         {ErrorCode::epoch, ErrorCode::forked, ErrorCode::gap, ErrorCode::resync, ErrorCode::removed})
      CHECK(code != acting);
  }
}

TEST_CASE("damaged members of problem details are left out") {
  const Problem read = decode_problem(
      409, R"({"code":"forked","epoch":7,"last_n":"x","accepted":[{"n":"1","hash":"short"},7],"user":"me"})");
  CHECK(read.code == ErrorCode::forked);
  CHECK_FALSE(read.epoch);
  CHECK_FALSE(read.last_n);
  CHECK(read.accepted.empty());
  CHECK_FALSE(read.user);
}
