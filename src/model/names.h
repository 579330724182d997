#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace memsync::model {

/// The wire names of an enumeration, in its order. Specialised by every enumeration that travels.
template <class Enum>
struct EnumNames;

template <class Enum>
constexpr std::string_view name_of(Enum value) {
  return EnumNames<Enum>::names[static_cast<std::size_t>(value)];
}

/// The enumerator of that wire name, or nothing.
template <class Enum>
constexpr std::optional<Enum> find_by_name(std::string_view name) {
  const auto& names = EnumNames<Enum>::names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

} // namespace memsync::model
