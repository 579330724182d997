#include "tests/fuzz/fuzz_target.h"

#include <cstdlib>
#include <iostream>

namespace memsync::fuzz {

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "violated: " << what << std::endl;
  std::abort();
}

std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

PiecewiseInput::PiecewiseInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  piece_bytes = std::size_t{1} + data[0];
  bytes = text_of(data, size).substr(1);
}

} // namespace memsync::fuzz
