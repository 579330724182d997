#pragma once

#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/names.h"
#include "model/number.h"

namespace memsync::wire {

/// Reads the members of one JSON object of the wire and remembers the first that is missing or of the
/// wrong type, so that a decoder reads all members and checks `result()` once at its end.
/// `what` names the object in messages. 64-bit numbers are decimal strings.
class ObjectReader {
 public:
  ObjectReader(const base::Json& json, std::string_view what) : json_(json), what_(what) {
    if (!json.is_object()) fail("", "must be an object");
  }

  /// The member, or nullptr when absent or null.
  const base::Json* find(std::string_view name) const {
    if (!json_.is_object()) return nullptr;
    const auto at = json_.find(name);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }

  std::string text(std::string_view name) { return required<std::string>(name, optional_text(name)); }
  std::optional<std::string> optional_text(std::string_view name) {
    const base::Json* at = find(name);
    if (!at) return std::nullopt;
    if (!at->is_string()) return fail(name, "must be a string"), std::nullopt;
    return at->get<std::string>();
  }

  std::uint64_t u64(std::string_view name) { return required<std::uint64_t>(name, optional_u64(name)); }
  std::optional<std::uint64_t> optional_u64(std::string_view name) {
    const base::Json* at = find(name);
    if (!at) return std::nullopt;
    const auto number = at->is_string() ? model::parse_u64(at->get_ref<const std::string&>()) : std::nullopt;
    if (!number) fail(name, "must be a decimal number in a string");
    return number;
  }

  std::optional<std::int64_t> optional_int(std::string_view name) {
    const base::Json* at = find(name);
    if (!at) return std::nullopt;
    if (!at->is_number_integer()) return fail(name, "must be an integer"), std::nullopt;
    return at->get<std::int64_t>();
  }

  base::Hash128 hash(std::string_view name) {
    const auto hash = base::Hash128::parse(text(name));
    if (!hash) fail(name, "must be 32 hexadecimal digits");
    return hash.value_or(base::Hash128{});
  }

  bool flag(std::string_view name) {
    const base::Json* at = find(name);
    if (at && !at->is_boolean()) fail(name, "must be true or false");
    return at && at->is_boolean() && at->get<bool>();
  }

  template <class Id>
  Id id(std::string_view name) {
    return required<Id>(name, optional_id<Id>(name));
  }
  template <class Id>
  std::optional<Id> optional_id(std::string_view name) {
    const base::Json* at = find(name);
    if (!at) return std::nullopt;
    const auto id = at->is_string() ? Id::parse(at->get_ref<const std::string&>()) : std::nullopt;
    if (!id) fail(name, fmt::format("must be an id of {} characters", Id::k_length));
    return id;
  }

  template <class Enum>
  Enum name(std::string_view member) {
    return required<Enum>(member, optional_name<Enum>(member));
  }
  template <class Enum>
  std::optional<Enum> optional_name(std::string_view member) {
    const base::Json* at = find(member);
    if (!at) return std::nullopt;
    const auto value =
        at->is_string() ? model::find_by_name<Enum>(at->get_ref<const std::string&>()) : std::nullopt;
    if (!value) fail(member, "is not a known name");
    return value;
  }

  /// Calls `read(item)` for each element of an optional array; `read` returns a Result<>.
  template <class Read>
  void each(std::string_view name, Read&& read) {
    const base::Json* at = find(name);
    if (!at) return;
    if (!at->is_array()) return fail(name, "must be an array");
    for (const base::Json& item : *at)
      if (auto done = read(item); !done && !error_) error_ = std::move(done).error();
  }

  /// Appends the decoded elements of an optional array.
  template <class T>
  void list(std::string_view name, std::vector<T>& items, base::Result<T> (*decode)(const base::Json&)) {
    each(name, [&](const base::Json& item) -> base::Result<> {
      TRY_ASSIGN(auto decoded, decode(item));
      items.push_back(std::move(decoded));
      return {};
    });
  }

  void fail(std::string_view name, std::string_view problem) {
    if (error_) return;
    error_ = base::Error{base::ErrorCode::validation,
                         fmt::format("{}{}{} {}", what_, name.empty() ? "" : ".", name, problem)};
  }

  base::Result<> result() const { return error_ ? base::Result<>(*error_) : base::Result<>(); }

 private:
  template <class T>
  T required(std::string_view name, std::optional<T> value) {
    if (!value) fail(name, "is missing");
    return value ? *std::move(value) : T{};
  }

  const base::Json& json_;
  std::string_view what_;
  std::optional<base::Error> error_;
};

/// 64-bit numbers travel as decimal strings: JavaScript readers lose integers above 2^53.
inline std::string number_text(std::uint64_t value) { return std::to_string(value); }

} // namespace memsync::wire
