#pragma once

#include <cstdint>
#include <span>

namespace memsync::base {

/// The source of randomness, so that a simulation can be replayed from its seed.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
};

/// The kernel's generator (getrandom); safe for tokens and ids; thread-safe.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

/// A reproducible generator for tests and simulation; never for tokens.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_;
};

} // namespace memsync::base
