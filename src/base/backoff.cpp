#include "base/backoff.h"

#include <algorithm>

namespace memsync::base {

std::chrono::milliseconds Backoff::next(Random& random) {
  std::chrono::milliseconds limit = first_;
  for (int i = 0; i < attempts_ && limit < cap_; ++i) limit *= 2;
  if (limit < cap_) ++attempts_;
  limit = std::min(limit, cap_);
  const auto jitter = random.below(static_cast<std::uint64_t>(limit.count()) + 1);
  return floor_ + std::chrono::milliseconds(static_cast<std::int64_t>(jitter));
}

} // namespace memsync::base
