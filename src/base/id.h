#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/crockford.h"
#include "base/random.h"

namespace memsync::base {

/// An identifier of Length characters Crockford base32 in lower case (5 bits each), distinct per
/// Tag so that a node id cannot be passed where a workspace id is meant. Default-constructed ids
/// are empty and equal to no real id.
template <class Tag, std::size_t Length = 20>
class Id {
 public:
  static constexpr std::size_t k_length = Length;

  Id() = default;

  /// A new random id; Length * 5 bits.
  static Id random(Random& random) {
    std::array<std::uint8_t, Length> bytes{};
    random.fill(bytes);
    return from_bytes(bytes);
  }

  /// The id made of the low 5 bits of each byte; used to derive ids from a digest.
  static Id from_bytes(std::span<const std::uint8_t, Length> bytes) {
    Id id;
    for (std::size_t i = 0; i < Length; ++i) id.text_[i] = k_crockford_alphabet[bytes[i] & 31u];
    return id;
  }

  /// Exactly Length characters of the alphabet (upper case accepted), or nothing.
  static std::optional<Id> parse(std::string_view text) {
    if (text.size() != Length) return std::nullopt;
    Id id;
    for (std::size_t i = 0; i < Length; ++i) {
      const auto c = normalize_crockford(text[i]);
      if (!c) return std::nullopt;
      id.text_[i] = *c;
    }
    return id;
  }

  bool is_empty() const { return text_[0] == '\0'; }
  std::string_view view() const {
    return is_empty() ? std::string_view{} : std::string_view{text_.data(), Length};
  }
  std::string str() const { return std::string(view()); }

  auto operator<=>(const Id&) const = default;

 private:
  std::array<char, Length> text_{};
};

} // namespace memsync::base

template <class Tag, std::size_t Length>
struct std::hash<memsync::base::Id<Tag, Length>> {
  std::size_t operator()(const memsync::base::Id<Tag, Length>& id) const noexcept {
    return std::hash<std::string_view>{}(id.view());
  }
};
