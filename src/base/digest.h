#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace memsync::base {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(std::string_view bytes);

/// The first 128 bits of a SHA-256: the identity of an operation and the guard of a stored row.
class Hash128 {
 public:
  Hash128() = default;
  static Hash128 of(std::string_view bytes);
  /// 32 lower-case hexadecimal digits, or nothing.
  static std::optional<Hash128> parse(std::string_view hex);
  /// Exactly 16 bytes as stored in a BLOB, or nothing.
  static std::optional<Hash128> from_bytes(std::string_view bytes);

  std::string hex() const;
  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  auto operator<=>(const Hash128&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

std::string to_hex(std::span<const std::uint8_t> bytes);

} // namespace memsync::base
