#include "base/bounded_queue.h"

#include <doctest/doctest.h>
#include <thread>

using memsync::base::BoundedQueue;

TEST_CASE("a bounded queue keeps order, refuses beyond its capacity and drains after closing") {
  BoundedQueue<int> queue(2);
  CHECK(queue.try_push(1));
  CHECK(queue.try_push(2));
  CHECK(!queue.try_push(3));
  CHECK(queue.pop() == 1);
  queue.close();
  CHECK(!queue.push(4));
  CHECK(queue.pop() == 2);
  CHECK(queue.pop() == std::nullopt);
  CHECK(queue.pop_until(std::chrono::steady_clock::now() + std::chrono::hours(1)) == std::nullopt);
}

TEST_CASE("pop_until gives up at its deadline") {
  BoundedQueue<int> queue(1);
  CHECK(queue.pop_until(std::chrono::steady_clock::now()) == std::nullopt);
}

TEST_CASE("every item of several producers arrives once") {
  BoundedQueue<int> queue(4);
  std::vector<std::thread> producers;
  for (int p = 0; p < 3; ++p)
    producers.emplace_back([&, p] {
      for (int i = 0; i < 1000; ++i) queue.push(p * 1000 + i);
    });
  std::vector<bool> seen(3000);
  for (int i = 0; i < 3000; ++i) seen[static_cast<std::size_t>(*queue.pop())] = true;
  for (std::thread& producer : producers) producer.join();
  CHECK(std::count(seen.begin(), seen.end(), true) == 3000);
}
