#include "storage/row_hash.h"

#include <doctest/doctest.h>

using memsync::storage::row_hash;

TEST_CASE("a row hash depends on every field, its place and where one ends") {
  CHECK(row_hash({"ab", "c"}) == row_hash({"ab", "c"}));
  CHECK(row_hash({"ab", "c"}) != row_hash({"a", "bc"}));
  CHECK(row_hash({"ab", "c"}) != row_hash({"c", "ab"}));
  CHECK(row_hash({"ab"}) != row_hash({"ab", ""}));
}

TEST_CASE("a row hash never changes between releases, because it is stored") {
  CHECK(row_hash({"title", "content"}).hex() == "188170b80fd7656bc3de0e48953b205c");
}
