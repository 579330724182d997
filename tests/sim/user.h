#pragma once

#include <functional>

#include "replica/editor.h"
#include "tests/sim/world.h"

namespace memsync::sim {

/// Somebody who changes what they see on one machine.
class User {
 public:
  User(World& world, Machine& machine) : world_(world), machine_(machine) {}

  /// One random change of a random workspace. A refusal (nothing to change, a cycle) is no change. False when
  /// the store failed, which it may only when `has_fault()`: nobody knows then whether the change is there.
  bool act(const std::function<bool()>& has_fault);

 private:
  base::Result<> change(replica::Editor& editor);
  base::Result<> create(replica::Editor& editor);
  base::Result<> update(replica::Editor& editor, const model::NodeId& node);
  std::optional<model::NodeId> pick(replica::Editor& editor);
  void note(const replica::WriteReceipt& receipt, const std::string& session, bool is_acknowledged);

  World& world_;
  Machine& machine_;
};

} // namespace memsync::sim
