#pragma once

#include <cassert>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"

namespace memsync::base {

/// The error side of an Expected, so that `return Unexpected(error)` converts.
template <class E>
struct Unexpected {
  E error;
  explicit Unexpected(E e) : error(std::move(e)) {}
};

/// A value or the reason why there is none. The names are those of std::expected (C++23), which
/// g++ 12 lacks in C++20. Absence is not an error: it is an optional inside the Expected.
template <class T, class E>
class [[nodiscard]] Expected {
 public:
  using value_type = T;

  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(E error) : state_(std::in_place_index<1>, std::move(error)) {}
  Expected(Unexpected<E> unexpected) : state_(std::in_place_index<1>, std::move(unexpected.error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return assert(has_value()), std::get<0>(state_); }
  const T& value() const& { return assert(has_value()), std::get<0>(state_); }
  T&& value() && { return assert(has_value()), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  E& error() & { return assert(!has_value()), std::get<1>(state_); }
  const E& error() const& { return assert(!has_value()), std::get<1>(state_); }
  E&& error() && { return assert(!has_value()), std::get<1>(std::move(state_)); }

  template <class U>
  T value_or(U&& fallback) const& {
    return has_value() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Expected<void, E> {
 public:
  using value_type = void;

  Expected() = default;
  Expected(E error) : error_(std::move(error)) {}
  Expected(Unexpected<E> unexpected) : error_(std::move(unexpected.error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }
  E& error() & { return assert(error_), *error_; }
  const E& error() const& { return assert(error_), *error_; }
  E&& error() && { return assert(error_), *std::move(error_); }

 private:
  std::optional<E> error_;
};

template <class T = void>
using Result = Expected<T, Error>;

} // namespace memsync::base

#define MEMSYNC_CONCAT_(a, b) a##b
#define MEMSYNC_CONCAT(a, b) MEMSYNC_CONCAT_(a, b)
// Every use has a name of its own, so that one may stand in a lambda inside another.
#define MEMSYNC_TRY_(name, ...)                                           \
  do {                                                                    \
    if (auto name = (__VA_ARGS__); !name) return std::move(name).error(); \
  } while (false)
#define MEMSYNC_TRY_ASSIGN_(name, declaration, ...) \
  auto name = (__VA_ARGS__);                        \
  if (!name) return std::move(name).error();        \
  declaration = *std::move(name)

/// TRY(expression): returns the error of a Result<...> from the enclosing function, if it is one.
#define TRY(...) MEMSYNC_TRY_(MEMSYNC_CONCAT(try_result_, __COUNTER__), __VA_ARGS__)

/// TRY_ASSIGN(auto name, expression): the same, else initialises `auto name` with the value.
#define TRY_ASSIGN(declaration, ...) \
  MEMSYNC_TRY_ASSIGN_(MEMSYNC_CONCAT(try_result_, __COUNTER__), declaration, __VA_ARGS__)
