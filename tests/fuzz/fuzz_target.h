#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What every target defines: feeds one input to the code under test; never returns when an oracle
/// does not hold. libFuzzer and replay_main.cpp call it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace memsync::fuzz {

/// Aborts with `what` when `holds` is false.
void require(bool holds, std::string_view what);

/// An input whose first byte says how the rest is cut: into pieces of that many bytes, at least one.
struct PiecewiseInput {
  std::string_view bytes;
  std::size_t piece_bytes = 1;

  PiecewiseInput(const std::uint8_t* data, std::size_t size);

  template <class F>
  void for_each_piece(F&& f) const {
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) f(bytes.substr(at, piece_bytes));
  }
};

/// The whole input as text.
std::string_view text_of(const std::uint8_t* data, std::size_t size);

} // namespace memsync::fuzz
