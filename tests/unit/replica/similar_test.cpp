#include <doctest/doctest.h>

#include "tests/unit/replica/fixture.h"

using namespace memsync;
using namespace memsync::replica;
using model::NodeId;

namespace {

constexpr std::string_view k_title = "Redis connections time out under load";
constexpr std::string_view k_content =
    "The pool is exhausted when more than two hundred workers start at once. Raise maxclients to a "
    "thousand and recycle idle connections every minute.";

std::vector<SimilarNode> similar(Store& store, std::string_view title, std::string_view content) {
  return store.read([&](Reader& reader) { return reader.similar(local_of(reader), title, content); });
}

} // namespace

TEST_CASE("the same memory in other case and spacing is an exact duplicate") {
  Store store;
  const NodeId id = store.remember(k_title, k_content);
  const auto found = similar(store, "  redis CONNECTIONS time out\tunder load ", k_content);
  REQUIRE(found.size() == 1);
  CHECK(found.front().id == id);
  CHECK(found.front().is_exact);
  CHECK(found.front().score == 1.0);
  CHECK(found.front().title == k_title);
}

TEST_CASE("a reworded memory is similar, not exact") {
  Store store;
  const NodeId id = store.remember(k_title, k_content);
  const auto found = similar(store, "Under load the Redis connection times out",
                             "The pool is exhausted when more than two hundred workers start at once. Raise "
                             "maxclients to a thousand, and idle connections are recycled each minute.");
  REQUIRE(found.size() == 1);
  CHECK(found.front().id == id);
  CHECK(!found.front().is_exact);
  CHECK(found.front().score < 1.0);
}

TEST_CASE("another memory on the same topic is not similar") {
  Store store;
  store.remember(k_title, k_content);
  CHECK(similar(store, "Redis upgrade", "We moved to version seven because of the new eviction policy.")
            .empty());
  CHECK(similar(store, "Meeting", "").empty());
}

TEST_CASE("short memories are compared by their whole text") {
  Store store;
  store.remember("Meeting");
  CHECK(similar(store, "meeting", "").size() == 1);
  CHECK(similar(store, "Meetings", "on Friday we talked about colours").empty());
}

TEST_CASE("deleted memories and other workspaces have no duplicates") {
  TeamStore store;
  store.create(titled(k_title, k_content));
  CHECK(similar(store, k_title, k_content).empty());
  const NodeId id = store.remember(k_title, k_content);
  CHECK(similar(store, k_title, k_content).size() == 1);
  store.Store::edit(store.local().id, [&](Editor& editor) { return editor.remove(id); });
  CHECK(similar(store, k_title, k_content).empty());
}

TEST_CASE("at most three similar memories are named, the best first") {
  Store store;
  for (int i = 0; i < 5; ++i) store.remember(k_title, fmt::format("{} {}", k_content, i));
  store.remember(k_title, k_content);
  const auto found = similar(store, k_title, k_content);
  REQUIRE(found.size() == 3);
  CHECK(found.front().is_exact);
}
