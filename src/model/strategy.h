#pragma once

#include "model/names.h"

namespace memsync::model {

/// What happens to two changes of one field with one base; fixed when the operation is written.
enum class Strategy {
  merge,       // sets, counters and text merge; other fields: the later clock wins, the loser is recorded
  client_wins, // the arriving change is set; what it replaced is recorded
  server_wins, // the hub's value stays; the arriving change is recorded
  manual,      // the hub's value stays and an open conflict shows both until somebody decides
};

template <>
struct EnumNames<Strategy> {
  static constexpr std::array<std::string_view, 4> names{"merge", "client_wins", "server_wins", "manual"};
};

} // namespace memsync::model
