#include "base/result.h"

#include <doctest/doctest.h>
#include <memory>

using namespace memsync::base;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::validation, "odd"};
  return n / 2;
}

Result<int> quarter(int n) {
  TRY_ASSIGN(const int once, half(n));
  TRY(half(once));
  TRY_ASSIGN(auto owned, Result<std::unique_ptr<int>>(std::make_unique<int>(*half(once))));
  return *owned;
}

Result<> check(int n) {
  TRY(half(n));
  return {};
}

} // namespace

TEST_CASE("TRY passes values on and returns errors at once") {
  CHECK(*quarter(8) == 2);
  CHECK(quarter(6).error().message == "odd");
  CHECK(quarter(7).error().code == ErrorCode::validation);
  CHECK(check(2));
  CHECK(!check(1));
  CHECK(half(3).value_or(9) == 9);
}

TEST_CASE("every error code has one name that leads back to it, an HTTP status and a title") {
  for (const ErrorInfo& row : error_table()) {
    CHECK(find_error_code(row.name) == row.code);
    CHECK(&error_info(row.code) == &row);
    CHECK(row.http_status >= 400);
    CHECK(!row.title.empty());
  }
  CHECK(!find_error_code("no such code"));
}
