#include "model/ids.h"

#include "model/number.h"

namespace memsync::model {

std::optional<Cursor> Cursor::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto epoch = parse_u64(text.substr(0, dot));
  const auto sequence = parse_u64(text.substr(dot + 1));
  if (!epoch || !sequence) return std::nullopt;
  return Cursor{Epoch{*epoch}, Sequence{*sequence}};
}

} // namespace memsync::model
