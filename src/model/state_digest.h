#pragma once

#include <string>
#include <string_view>

#include "model/operation.h"

namespace memsync::model {

/// What two copies of a workspace compare: the ids of its items and the sequence of every register. Added up,
/// so that the order of items does not matter. Only what is visible counts (nodes that are neither deleted
/// nor below a deleted one, and what hangs on them): the hub purges old tombstones, replicas need not.
class StateDigest {
 public:
  void add(const Node& node);
  void add(const Relationship& relationship);
  void add(const Comment& comment);
  void add(const Conflict& conflict); // an open one

  std::uint64_t items() const { return items_; }
  /// 32 lower-case hexadecimal digits.
  std::string hex() const;

 private:
  void add_line(std::string_view line);

  std::uint64_t first_ = 0, second_ = 0, items_ = 0;
};

} // namespace memsync::model
