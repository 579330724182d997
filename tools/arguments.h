#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/names.h"
#include "model/strategy.h"
#include "tools/contract.h"

namespace memsync::tools {

/// The arguments of one call after the contract has accepted them, read by name. An argument that was
/// not given reads as absent; names and types are those of the input schema, anything else is a defect.
class Arguments {
 public:
  /// Translates aliases, takes null for absent where null means nothing, splits texts given for lists,
  /// and checks the whole against the input schema. Fails with `validation` or `too_large` saying what was
  /// expected; an unknown name lists the known ones; an alias beside the name it stands for is refused.
  static base::Result<Arguments> read(const Contract& contract, Json given, base::Timestamp now);

  std::optional<std::string> text(std::string_view name) const;
  /// Empty when absent.
  std::vector<std::string> texts(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  std::size_t number_or(std::string_view name, std::size_t fallback) const;
  std::optional<double> real(std::string_view name) const;
  /// The JSON text of an object.
  std::optional<std::string> object(std::string_view name) const;
  /// RFC 3339, a date or an age ("2h"). Fails with `validation` for other text.
  base::Result<std::optional<base::Timestamp>> time(std::string_view name) const;
  /// The same for the end of a range: a date means the end of that day.
  base::Result<std::optional<base::Timestamp>> upper_bound(std::string_view name) const;
  template <class Enum>
  std::optional<Enum> choice(std::string_view name) const {
    const auto value = text(name);
    return value ? model::find_by_name<Enum>(*value) : std::nullopt;
  }
  /// Null when absent.
  const Json* find(std::string_view name) const;
  base::Timestamp now() const { return now_; }

 private:
  using ParseTime = std::optional<base::Timestamp> (*)(std::string_view text, base::Timestamp now);
  base::Result<std::optional<base::Timestamp>> read_time(std::string_view name, ParseTime parse) const;
  Arguments(Json values, base::Timestamp now) : values_(std::move(values)), now_(now) {}

  Json values_; // an object
  base::Timestamp now_;
};

} // namespace memsync::tools
