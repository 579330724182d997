#pragma once

#include <string>

namespace memsync::sim {

/// Something that must never happen; the run stops and prints its seed.
struct Violation {
  std::string what;
};
inline void require(bool holds, const std::string& what) {
  if (!holds) throw Violation{what};
}

} // namespace memsync::sim
