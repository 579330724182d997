#pragma once

#include <chrono>

#include "base/random.h"

namespace memsync::base {

/// Exponential back-off with full jitter: the n-th delay is uniform in [0, min(cap, first * 2^n)], on top
/// of the floor a server asked for. Full jitter spreads a thousand clients of a restarted hub; the floor is
/// added and not a minimum, which would let all of them return at the same instant.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds cap) : first_(first), cap_(cap) {}

  std::chrono::milliseconds next(Random& random);
  void reset() { attempts_ = 0; }
  /// The server's `retry:` or Retry-After: no delay is shorter from now on.
  void set_floor(std::chrono::milliseconds floor) { floor_ = floor; }

 private:
  std::chrono::milliseconds first_, cap_;
  std::chrono::milliseconds floor_{0};
  int attempts_ = 0;
};

} // namespace memsync::base
